package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestNodesSetup: the setup link of the node that started last is good on every node, once; earlier
// ones are void.
func TestNodesSetup(t *testing.T) {
	t.Parallel()
	n := rig.StartNodes(t, newDatabase(t), 2)
	first := n.All[0].Token
	if first == "" || n.Token == "" || first == n.Token {
		t.Fatalf("setup links %q and %q", first, n.Token)
	}
	for i, node := range n.All {
		if a := n.Client().At(node).Get("/setup?token=" + first); a.Status != 404 {
			t.Errorf("node %d: an earlier link: %d, want 404", i, a.Status)
		}
		if a := n.Client().At(node).Get("/setup?token=" + n.Token); a.Status != 200 {
			t.Errorf("node %d: the link: %d, want 200", i, a.Status)
		}
	}
	// Everybody has the form open before anybody sends it.
	const people = 8
	var clients [people]*rig.Client
	var tokens [people]string
	for i := range people {
		clients[i] = n.Client()
		tokens[i] = rig.FormToken(clients[i].Get("/setup?token=" + n.Token).Body)
	}
	count := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			form := rig.Fields("csrf_token", tokens[i], "token", n.Token, "name", "Ada",
				"email", fmt.Sprintf("ada-%d@example.org", i), "password", rig.Password)
			a, err := patiently(func() (rig.Answer, error) { return c.Do("POST", "/setup", form.Encode(), rig.URLEncoded()) })
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			count[a.Status]++
		})
	}
	all.Wait()
	if count[303] != 1 || count[404] != people-1 {
		t.Errorf("answers %v, want 303 once and 404 for all others", count)
	}
	for _, place := range on(n) {
		if a := n.Client().At(place).Get("/setup?token=" + n.Token); a.Status != 404 {
			t.Errorf("the link afterwards: %d, want 404", a.Status)
		}
	}
	n.All[1].Stop()
	if n.Restart(t, 1); n.All[1].Token != "" {
		t.Error("with an administrator a start prints a setup link")
	}
}

// TestNodesKeys: a node with another secret key takes nobody's word, and breaks nobody's session
// either.
func TestNodesKeys(t *testing.T) {
	t.Parallel()
	n := rig.StartNodes(t, newDatabase(t), 1)
	ada := n.Admin()
	other := rig.Start(t, rig.Options{Addr: rig.FreeAddr(t), Env: append(n.Env(), "DOORBOOK_SECRET_KEY="+oldKey)})
	a := ada.At(other).Get("/logs")
	if a.Status != 401 || len(a.Header.Values("Set-Cookie")) != 0 {
		t.Errorf("a session under another key: %d, cookies %q; want 401 and none", a.Status, a.Header.Values("Set-Cookie"))
	}
	if a := ada.At(other).Get("/"); a.Status != 303 {
		t.Errorf("a session under another key: %d, want to sign in", a.Status)
	}
	isIn(t, ada, []rig.Place{n.Site}, "Ada")
	if !strings.Contains(other.Stderr(), "has another secret key") {
		t.Errorf("the node with another key does not say so: %s%s", other.Stdout(), other.Stderr())
	}
	if strings.Contains(n.All[0].Stderr(), "has another secret key") {
		t.Error("the first node complains")
	}
}
