package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestNodesKill ends one of two nodes with SIGKILL in the middle of a load. Each request that was
// answered, by whichever node, is in the book once, and the book reads in order; everybody stays
// signed in through the node that is left, and through the other one when it is back.
//
// It fails when the recorder lets an answer pass before its entry is committed
// (httpx.recorder.begin).
func TestNodesKill(t *testing.T) {
	t.Parallel()
	n := rig.StartNodes(t, newDatabase(t), 2)
	ada := n.Admin()
	var people []*rig.Client
	for i := range 4 {
		people = append(people, n.Member(fmt.Sprintf("Kay-%d", i), fmt.Sprintf("kay-%d@example.org", i)))
	}
	var l traffic
	stop := l.load(people)
	l.until(t, 80)
	l.until(t, 80+rand.N(20)) // in the middle of whatever it does
	n.All[0].Kill()
	for i, c := range people {
		if a := c.Get("/"); a.Status != 200 || !strings.Contains(a.Body, fmt.Sprintf("Welcome Kay-%d<", i)) {
			t.Errorf("Kay-%d, with one node left: %d", i, a.Status)
		}
	}
	l.until(t, 160)
	stop()
	n.Restart(t, 0)
	for i, c := range people {
		isIn(t, c, on(n), fmt.Sprintf("Kay-%d", i))
	}
	if len(l.begun) < 2 {
		t.Errorf("%d people signed in under load, which is too little", len(l.begun))
	}
	for _, c := range l.begun {
		isIn(t, c, []rig.Place{n.All[1]}, "Kay-0")
	}
	// Half of the reading is done by each node, in turn.
	l.check(t, readBook(t, func(page int) *rig.Client { return ada.At(n.All[page%2]) }, 40, 0))
}

// traffic is what clients were told.
type traffic struct {
	mu    sync.Mutex
	ids   map[string]string // by request id: the node
	order [][]string        // request ids of each client, which sends one request after the other
	nodes map[string]int
	begun []*rig.Client // browsers that were told that they are signed in, as the first of the people
	lost  int           // requests without an answer of the program
}

func (l *traffic) heard(client int, a rig.Answer, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := a.RequestID()
	if err != nil || id == "" { // nginx has an answer of its own when the node is gone
		l.lost++
		return
	}
	l.ids[id] = a.Header.Get("X-Node")
	l.nodes[a.Header.Get("X-Node")]++
	l.order[client] = append(l.order[client], id)
}

// until waits until so many requests have been answered.
func (l *traffic) until(t *testing.T, answers int) {
	t.Helper()
	if !rig.Until(func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.ids) >= answers }) {
		t.Errorf("fewer than %d answers", answers)
	}
}

// load lets each person open pages, and a stranger for each, until stop is called; and the first of
// them signs in again and again, in one browser after the other.
func (l *traffic) load(people []*rig.Client) (stop func()) {
	l.ids, l.nodes = map[string]string{}, map[string]int{}
	over := make(chan struct{})
	var clients sync.WaitGroup
	begin := func(once func(client, i int)) {
		l.mu.Lock()
		client := len(l.order)
		l.order = append(l.order, nil)
		l.mu.Unlock()
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
					once(client, i)
				}
			}
		})
	}
	work := func(c *rig.Client, paths ...string) {
		begin(func(client, i int) {
			a, err := c.Do(http.MethodGet, paths[i%len(paths)], "", nil)
			l.heard(client, a, err)
		})
	}
	for _, c := range people {
		work(c.Clone(), "/", "/logs?limit=5", "/developers", "/nothing")
		stranger := c.Clone()
		stranger.SetCookie(sessionCookie, "")
		work(stranger, "/login", "/", "/register")
	}
	begin(func(client, _ int) {
		c := people[0].Clone() // another browser: on the same one its earlier session would end
		c.SetCookie(sessionCookie, "")
		c.SetCookie(deviceCookie, "")
		a, err := c.Submit("/login", "/auth/login", rig.Fields("email", "kay-0@example.org", "password", rig.Password))
		l.heard(client, a, err)
		if err == nil && a.Status == http.StatusSeeOther {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.begun = append(l.begun, c)
		}
	})
	return func() { close(over); clients.Wait() }
}

// check holds what clients were told against the book.
func (l *traffic) check(t *testing.T, all []entry) {
	t.Helper()
	found, place := map[string]int{}, map[string]int{}
	for i, e := range all {
		if e.Type == "request" {
			found[e.RequestID]++
			place[e.RequestID] = i
		}
	}
	for id, node := range l.ids {
		if found[id] != 1 {
			t.Errorf("the request %s, answered by %s, has %d entries", id, node, found[id])
		}
	}
	for client, ids := range l.order {
		for i := range len(ids) - 1 {
			if place[ids[i+1]] > place[ids[i]] {
				t.Errorf("client %d: request %d, to %s, stands after request %d, to %s", client, i+1, l.ids[ids[i+1]], i, l.ids[ids[i]])
			}
		}
	}
	t.Logf("%d answers, by node: %v; %d requests were not answered; %d entries", len(l.ids), l.nodes, l.lost, len(all))
	if len(l.nodes) < 2 {
		t.Errorf("only %v has answered", l.nodes)
	}
}

// readBook reads the whole book page by page, each with the client that by gives, and fails unless
// it is in order, newest first but for the slack, without a gap or a double entry.
func readBook(t *testing.T, by func(page int) *rig.Client, limit int, slack time.Duration) (all []entry) {
	t.Helper()
	seen := map[string]bool{}
	path := fmt.Sprintf("/logs?limit=%d", limit)
	for page := 0; path != ""; page++ {
		a := by(page).Get(path)
		list := rig.Data[[]entry](t, a)
		for _, e := range list {
			if seen[e.ID] {
				t.Errorf("page %d: the entry %s was on an earlier page", page, e.ID)
			}
			seen[e.ID] = true
			if len(all) > 0 && e.CreatedAt.Sub(all[len(all)-1].CreatedAt) > slack {
				t.Errorf("page %d: an entry of %s comes after one of %s", page, e.CreatedAt, all[len(all)-1].CreatedAt)
			}
			all = append(all, e)
		}
		next := nextPage(a.Body)
		if next != "" && len(list) != limit {
			t.Errorf("page %d has %d entries, want %d", page, len(list), limit)
		}
		path = ""
		if next != "" {
			path = fmt.Sprintf("/logs?limit=%d&before=%s", limit, next)
		}
	}
	return all
}
