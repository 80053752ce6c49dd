package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestNodes runs two nodes of the program on one MongoDB behind nginx, which sends requests to them
// in turn, whoever asks: what one has done holds on the other at its next request.
func TestNodes(t *testing.T) { // not beside others: FerretDB takes its time
	n := rig.StartNodes(t, newDatabase(t), 2)
	ada := n.Admin()

	t.Run("in turn", func(t *testing.T) {
		met := map[string]int{}
		for range 10 {
			met[ada.Get("/healthz").Header.Get("X-Node")]++
		}
		if len(met) != 2 {
			t.Fatalf("requests went to %v, want both nodes", met)
		}
	})
	t.Run("signed in on one, out on both", func(t *testing.T) { signedInAndOut(t, n) })
	t.Run("ended from elsewhere", func(t *testing.T) { endedElsewhere(t, n, ada) })
	t.Run("twenty browsers", func(t *testing.T) { twentyBrowsers(t, n) })
	t.Run("flash messages", func(t *testing.T) { flashesSurvive(t, n) })
}

// patiently asks again while a node is busy with the passwords of others, or waits for the database
// longer than it may.
func patiently(ask func() (rig.Answer, error)) (a rig.Answer, err error) {
	rig.Until(func() bool {
		if a, err = ask(); err != nil || a.Status != http.StatusServiceUnavailable {
			return true
		}
		time.Sleep(100 * time.Millisecond)
		return false
	})
	return a, err
}

// signOutPatiently sends the form of the front page.
func signOutPatiently(c *rig.Client) (rig.Answer, error) {
	page, err := patiently(func() (rig.Answer, error) { return c.Do(http.MethodGet, "/", "", nil) })
	if err != nil {
		return page, err
	}
	form := rig.Fields("csrf_token", rig.FormToken(page.Body)).Encode()
	return patiently(func() (rig.Answer, error) { return c.Do(http.MethodPost, "/auth/logout", form, rig.URLEncoded()) })
}

// on are the nodes by themselves, and then nginx.
func on(n *rig.Nodes) []rig.Place {
	return []rig.Place{n.All[0], n.All[1], n.Site}
}

// isIn fails unless the visitor is signed in at each of the places, by the page and in JSON.
func isIn(t *testing.T, c *rig.Client, places []rig.Place, name string) {
	t.Helper()
	for _, place := range places {
		at := c.At(place)
		if a := at.Get("/"); a.Status != 200 || !strings.Contains(a.Body, "Welcome "+name) {
			t.Errorf("%s at %s: %d, want to be signed in", name, at.Base, a.Status)
		}
		if a := at.Get("/logs"); a.Status != 200 {
			t.Errorf("%s at %s: /logs %d, want 200", name, at.Base, a.Status)
		}
	}
}

// isOut fails unless the visitor's cookie opens nothing at any of the places.
func isOut(t *testing.T, c *rig.Client, places []rig.Place, why string) {
	t.Helper()
	for _, place := range places {
		if a := c.At(place).Get("/logs"); a.Status != 401 {
			t.Errorf("%s: /logs at %s: %d, want 401", why, c.At(place).Base, a.Status)
		}
		if a := c.At(place).Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/login") {
			t.Errorf("%s: / at %s: %d to %q, want to sign in", why, c.At(place).Base, a.Status, a.Location())
		}
	}
}

func signedInAndOut(t *testing.T, n *rig.Nodes) {
	n.Member("Ina", "ina@example.org")
	for i, node := range n.All {
		c := n.Client().At(node)
		if a := c.SignIn("ina@example.org", rig.Password); a.Status != 303 {
			t.Fatalf("sign in on node %d: %d", i, a.Status)
		}
		isIn(t, c, on(n), "Ina")
		copied := c.Clone()
		if a := c.At(n.All[1-i]).SignOut(); a.Status != 303 {
			t.Errorf("sign out on the other node: %d", a.Status)
		}
		isOut(t, copied, on(n), "signed out on the other node")
	}
	// Through nginx the page and the form's action are answered by different nodes.
	c := n.Client()
	page := c.Get("/login")
	a := c.Send("POST", "/auth/login", rig.Fields("csrf_token", rig.FormToken(page.Body), "email", "ina@example.org", "password", rig.Password).Encode(), rig.URLEncoded())
	if a.Status != 303 || a.Header.Get("X-Node") == page.Header.Get("X-Node") {
		t.Errorf("a form of %s answered by %s: %d", page.Header.Get("X-Node"), a.Header.Get("X-Node"), a.Status)
	}
	isIn(t, c, on(n), "Ina")
}

// endedElsewhere: each session is used on the second node just before the first one, or the command
// line, ends it.
func endedElsewhere(t *testing.T, n *rig.Nodes, ada *rig.Client) {
	first, second := ada.At(n.All[0]), n.All[1]
	for _, tt := range []struct {
		why string
		end func(t *testing.T, me *rig.Client, id, email string)
	}{
		{"the password was changed", func(t *testing.T, me *rig.Client, id, _ string) {
			a := me.At(n.All[0]).JSON("PATCH", "/developers/"+id, map[string]any{"password": rig.Password + " anew", "current_password": rig.Password})
			if a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}},
		{"the account was disabled", func(t *testing.T, _ *rig.Client, id, _ string) {
			if a := first.JSON("PATCH", "/developers/"+id, map[string]any{"disabled": true}); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}},
		{"the account was deleted", func(t *testing.T, _ *rig.Client, id, _ string) {
			if a := first.JSON("DELETE", "/developers/"+id, nil); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}},
		{"the command line set a password", func(t *testing.T, _ *rig.Client, _, email string) {
			r := rig.Run(t, n.Env(), rig.Password+" anew\n", "user", "password", email, "--password-stdin")
			if r.Code != 0 {
				t.Errorf("%+v", r)
			}
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			name := strings.Fields(tt.why)[len(strings.Fields(tt.why))-1]
			email := name + "@example.org"
			me := n.Member(name, email)
			other := n.Client().At(second)
			other.SignIn(email, rig.Password)
			isIn(t, other, []rig.Place{second}, name)
			id := self(t, me).ID
			tt.end(t, me, id, email)
			isOut(t, other, []rig.Place{second, n.All[0], n.Site}, tt.why)
		})
	}
}

// twentyBrowsers work at once, each for its own person; half of them sign out.
func twentyBrowsers(t *testing.T, n *rig.Nodes) {
	const people, browsers = 4, 20
	for i := range people {
		n.Member(fmt.Sprintf("Many-%d", i), fmt.Sprintf("many-%d@example.org", i))
	}
	var all sync.WaitGroup
	clients := make([]*rig.Client, browsers)
	for i := range clients {
		c := n.Client().From(fmt.Sprintf("198.51.100.%d", i))
		clients[i] = c
		all.Go(func() {
			who := i % people
			email, name := fmt.Sprintf("many-%d@example.org", who), fmt.Sprintf("Welcome Many-%d<", who)
			a, err := patiently(func() (rig.Answer, error) {
				return c.Submit("/login", "/auth/login", rig.Fields("email", email, "password", rig.Password))
			})
			if err != nil || a.Status != 303 {
				t.Errorf("browser %d: sign in: %d %v", i, a.Status, err)
				return
			}
			for range 6 {
				a, err := patiently(func() (rig.Answer, error) { return c.Do(http.MethodGet, "/", "", nil) })
				if err != nil || a.Status != 200 || !strings.Contains(a.Body, name) {
					t.Errorf("browser %d: %d %v, want a page with %q", i, a.Status, err, name)
				}
			}
			if i%2 == 0 {
				if a, err := signOutPatiently(c); err != nil || a.Status != 303 {
					t.Errorf("browser %d: sign out: %d %v", i, a.Status, err)
				}
			}
		})
	}
	all.Wait()
	for i, c := range clients {
		want := 200
		if i%2 == 0 {
			want = 401
		}
		for _, place := range on(n) {
			if a := c.At(place).Get("/logs"); a.Status != want {
				t.Errorf("browser %d: %d afterwards, want %d", i, a.Status, want)
			}
		}
	}
}

// flashesSurvive: a message of one node is shown once, by whichever is asked first.
func flashesSurvive(t *testing.T, n *rig.Nodes) {
	for i := range n.All {
		c := n.Client().At(n.All[i]).From(fmt.Sprintf("203.0.113.%d", i))
		if a := c.Register("Flo", fmt.Sprintf("flo-%d@example.org", i), rig.Password); a.Status != 303 {
			t.Fatalf("register: %d", a.Status)
		}
		var (
			all   sync.WaitGroup
			shown atomic.Int64
		)
		for k := range 4 * len(n.All) {
			tab := c.Clone().At(n.All[k%len(n.All)])
			all.Go(func() { shown.Add(int64(strings.Count(tab.Get("/").Body, "Your account is made"))) })
		}
		all.Wait()
		if got := shown.Load(); got != 1 {
			t.Errorf("the message of node %d is shown %d times", i, got)
		}
	}
}
