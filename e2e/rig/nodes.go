package rig

import (
	"slices"
	"strings"
	"testing"
)

// NodeKey is the secret key of all nodes, unless a test gives one another.
const NodeKey = "DOORBOOK_SECRET_KEY=a-key-of-the-tests-that-all-nodes-share"

// Nodes are several instances of the program on one database. Their own Site is that of nginx
// before them, which sends each request to the next one.
type Nodes struct {
	*Site
	All []*Server
	env []string
}

// StartNodes starts n nodes, one after the other, and nginx. The environment is that of all of
// them.
func StartNodes(t testing.TB, database string, n int, env ...string) *Nodes {
	t.Helper()
	address := FreeAddr(t)
	env = append([]string{
		NodeKey, "DOORBOOK_DATABASE=" + database, "DOORBOOK_PUBLIC_URL=http://" + address, "DOORBOOK_TRUSTED_PROXIES=127.0.0.1",
	}, env...)
	nodes := &Nodes{env: env}
	var addresses []string
	for range n {
		node := Start(t, Options{Addr: FreeAddr(t), Env: env})
		nodes.All = append(nodes.All, node)
		addresses = append(addresses, strings.TrimPrefix(node.URL, "http://"))
	}
	RoundRobin(t, address, addresses)
	// A link that an earlier start printed is void.
	nodes.Site = NewSite(t, "http://"+address, nodes.All[n-1].Token)
	return nodes
}

// Env is the environment of the nodes, for commands and for one node more.
func (n *Nodes) Env() []string { return slices.Clone(n.env) }

// Restart starts a node anew that has ended, at its address, with what else its environment shall
// have.
func (n *Nodes) Restart(t testing.TB, i int, env ...string) {
	t.Helper()
	old := n.All[i]
	n.All[i] = Start(t, Options{Dir: old.Dir, Addr: strings.TrimPrefix(old.URL, "http://"), Env: append(n.Env(), env...)})
}
