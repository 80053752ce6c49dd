// Package peers_test counts, for the session library and its peers, the updates that are lost when
// two requests of one session overlap, and the sessions that come back after a logout. Run it with
// -v to see the table.
package peers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

const rounds = 1000

// peer is one implementation of sessions, in memory.
type peer interface {
	// do sends one request, with a cookie ("name=value") or without (""), through the middleware to
	// a handler that does what. It gives the cookie that a browser would send from then on: the one
	// that the answer set, else the same one, and "" after one that the answer removed.
	do(cookie string, what func(access)) (next string)
	// pass lets two minutes go by, for peers that write a use down only now and then.
	pass()
}

// access is what a handler can do with the session of its request.
type access interface {
	get(key string) string
	set(key, value string)
	signIn()
	signOut()
}

func contestants(tb testing.TB) []struct {
	name string
	peer peer
} {
	return []struct {
		name string
		peer peer
	}{
		{"doorbook", newDoorbook(tb)},
		{"scs", newSCS()},
		{"fiber", newFiber()},
		{"gorilla, in the cookie", newGorilla()},
	}
}

// TestPromises asserts that the library loses no update and revives no session, and prints the
// peers' counts beside it.
func TestPromises(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| %d rounds each | updates lost | old cookie opens after a logout | … with a slow reader under way | … with a slow writer |\n|---|--:|--:|--:|--:|\n", rounds)
	for _, c := range contestants(t) {
		lost := count(func() int { return lostUpdates(t, c.peer) })
		plain := count(func() int { return signedOut(t, c.peer) })
		reader := count(func() int { return revived(t, c.peer, false) })
		writer := count(func() int { return revived(t, c.peer, true) })
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d |\n", c.name, lost, plain, reader, writer)
		if ours := c.name == "doorbook"; ours && lost+plain+reader+writer != 0 {
			t.Errorf("%s: %d updates lost; %d, %d and %d sessions revived", c.name, lost, plain, reader, writer)
		} else if !ours && (lost == 0 || writer == 0) {
			t.Errorf("%s: %d updates lost, %d sessions revived: do the requests still overlap?", c.name, lost, writer)
		}
	}
	t.Log("\n" + table.String())
}

func count(round func() int) (total int) {
	for range rounds {
		total += round()
	}
	return total
}

// signIn starts the session that a round is about.
func signIn(tb testing.TB, p peer) string {
	tb.Helper()
	cookie := p.do("", func(s access) {
		s.signIn()
		s.set("name", "Ada")
	})
	if cookie == "" {
		tb.Fatal("no cookie after a sign-in")
	}
	return cookie
}

func opens(p peer, cookie, key string) (found bool) {
	if cookie != "" {
		p.do(cookie, func(s access) { found = s.get(key) != "" })
	}
	return found
}

// lostUpdates sends two requests of one session at the same time that set one key each. Both have
// loaded the session before either saves it. It gives how many of the two keys are gone afterwards,
// for a browser that keeps the cookie that came last.
func lostUpdates(tb testing.TB, p peer) (lost int) {
	cookie := signIn(tb, p)
	var loaded, answered sync.WaitGroup
	var mu sync.Mutex
	kept := cookie
	loaded.Add(2)
	keys := []string{"cart", "theme"}
	for _, key := range keys {
		answered.Go(func() {
			next := p.do(cookie, func(s access) {
				s.get("name")
				loaded.Done()
				loaded.Wait()
				s.set(key, "new")
			})
			mu.Lock()
			defer mu.Unlock()
			if next != cookie {
				kept = next
			}
		})
	}
	answered.Wait()
	if !opens(p, kept, "name") {
		tb.Fatal("the session is gone")
	}
	for _, key := range keys {
		if !opens(p, kept, key) {
			lost++
		}
	}
	return lost
}

// signedOut signs out while nothing else is under way. It gives 1 if the cookie from before still
// opens the session.
func signedOut(tb testing.TB, p peer) int {
	cookie := signIn(tb, p)
	p.do(cookie, func(s access) { s.signOut() })
	if opens(p, cookie, "name") {
		return 1
	}
	return 0
}

// revived has a slow request under way that has loaded the session, while another request signs out
// of it. It gives 1 if afterwards the cookie from before, or one that the slow request's answer
// set, still opens the session.
func revived(tb testing.TB, p peer, writes bool) int {
	cookie := signIn(tb, p)
	p.pass() // the reader's use is to be written down
	inside, released, done := make(chan struct{}), make(chan struct{}), make(chan string)
	go func() {
		done <- p.do(cookie, func(s access) {
			s.get("name")
			close(inside)
			<-released
			if writes {
				s.set("draft", "late")
			}
		})
	}()
	<-inside
	p.do(cookie, func(s access) { s.signOut() })
	close(released)
	if next := <-done; opens(p, next, "name") || opens(p, cookie, "name") {
		return 1
	}
	return 0
}
