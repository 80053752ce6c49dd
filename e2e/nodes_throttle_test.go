package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestNodesThrottle: of wrong passwords exactly as many are checked on two nodes as on one, one
// after the other and all at once; and the browser that the owner signed in with before is known on
// both.
func TestNodesThrottle(t *testing.T) {
	t.Parallel()
	n := rig.StartNodes(t, newDatabase(t), 2)
	one := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	const guesses = 16
	guess := func(site *rig.Site, email string, i int) int {
		c := site.Client().From(fmt.Sprintf("198.51.100.%d", i))
		_, _ = c.Do(http.MethodGet, "/healthz", "", nil) // one request more than two, so that the next guess goes to the other node
		a, err := patiently(func() (rig.Answer, error) {
			return c.Submit("/login", "/auth/login", rig.Fields("email", email, "password", fmt.Sprintf("a guess, number %d", i)))
		})
		if err != nil {
			t.Error(err)
		}
		return a.Status
	}
	checked := func(site *rig.Site, email string, atOnce bool) int {
		count := map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range guesses {
			try := func() {
				status := guess(site, email, i)
				mu.Lock()
				defer mu.Unlock()
				count[status]++
			}
			if atOnce {
				all.Go(try)
			} else {
				try()
			}
		}
		all.Wait()
		if count[http.StatusUnprocessableEntity]+count[http.StatusTooManyRequests] != guesses {
			t.Errorf("answers %v, want only 422 and 429", count)
		}
		return count[http.StatusUnprocessableEntity]
	}

	owner := n.Member("Tea", "tea@example.org")
	owner.SignOut()
	for _, email := range []string{"tea@example.org", "nobody@example.org"} {
		if want, got := checked(&one.Site, email, false), checked(n.Site, email, false); got != want || got != 5 {
			t.Errorf("%s: %d guesses are checked on two nodes, %d on one, want 5", email, got, want)
		}
	}
	if got := checked(n.Site, "somebody@example.org", true); got != 5 {
		t.Errorf("%d of %d guesses at once are checked on two nodes, want 5", got, guesses)
	}
	for i, node := range n.All {
		stranger := n.Client().At(node).From("203.0.113.1")
		if a := stranger.SignIn("tea@example.org", rig.Password); a.Status != 429 {
			t.Errorf("node %d: the right password from a browser that was never here: %d, want 429", i, a.Status)
		}
		if a := owner.At(node).SignIn("tea@example.org", rig.Password); a.Status != 303 {
			t.Errorf("node %d: the owner in a browser that was here before: %d, want 303", i, a.Status)
		}
	}
}
