//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/sealed"
)

// Watching, issuing and listing a session that has only just come from its old home.

// movedWorld is a world on the way from old to the home that change says, and a browser that was
// signed in before.
func movedWorld(t *testing.T, old session.Home, change func(*session.Config)) (*world, *browser) {
	t.Helper()
	before := newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = old.Store, old.Format })
	w := newWorld(t, func(c *session.Config) { c.Home, c.Old = newOrder(c.Home, old); change(c) })
	b := before.signedIn("ada")
	b.w = w
	return w, b
}

// A session that lives in a cookie of the old home is alive: who watches it is not told that it
// ended.
//
// Guard: watch.go, Session.Watch, for what is not stored yet.
func TestMoveWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, old := range map[string]session.Home{"sealed": {Format: sealed.New()}, "store": {Store: memory()}} {
			_, b := movedWorld(t, old, func(*session.Config) {})
			inRequestOf(b, func(s *session.Session) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if err := s.Watch(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("from %s: Watch: %v, want %v", name, err, context.DeadlineExceeded)
				}
			})
		}
	})
}

// Guard: issue.go, Session.Issue, for what is not stored yet.
func TestMoveIssue(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]session.Home{"sealed": {Format: sealed.New()}, "store": {Store: memory()}} {
		w, b := movedWorld(t, old, func(c *session.Config) { c.Header = "X-Session-Key" })
		var key string
		inRequestOf(b, func(s *session.Session) {
			var err error
			if key, _, err = s.Issue(t.Context()); err != nil {
				t.Errorf("from %s: Issue: %v", name, err)
			}
		})
		child := w.browser()
		child.header.Set("X-Session-Key", key)
		check(t, "who by the issued key", child.get("/who").body, "ada")
		b.get("/out")
		check(t, "who by it after the parent signed out", child.get("/who").body, "")
	}
}

// A key that was issued dies with the session that issued it, whatever home that has moved to.
//
// Guard: home.go, Manager.newKeyed, for a Format that comes after a Store; carried.Write in
// internal/place/carried.go, ErrUnsupported: no record with a Parent moves into a cookie, which
// cannot say that it has ended.
func TestMoveIssuedKeyDiesWithItsParent(t *testing.T) {
	t.Parallel()
	old := memory()
	header := func(c *session.Config) { c.Header = "X-Session-Key" }
	before := newWorld(t, header, func(c *session.Config) { c.Home.Store = old })
	parent := before.signedIn("ada")
	var key string
	inRequestOf(parent, func(s *session.Session) {
		var err error
		if key, _, err = s.Issue(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	w := newWorld(t, header, func(c *session.Config) { c.Old.Store = old; sealedHome(c) })
	parent.w = w
	parent.get("/set?city=Oslo")
	child := w.browser()
	child.header.Set("X-Session-Key", key)
	if a := child.get("/set?city=Rome"); a.header.Get("X-Session-Key") != "" {
		child.header.Set("X-Session-Key", a.header.Get("X-Session-Key"))
	}
	parent.get("/out")
	check(t, "who by the issued key after the parent signed out", child.get("/who").body, "")
}

// Nodes get new keys one after the other while sessions move: requests with one sealed cookie still
// become one session.
//
// Guard: internal/place/key.go, derivedWith: the derived key is the same under every ring that
// opens the cookie.
func TestMoveWhileKeysRoll(t *testing.T) {
	t.Parallel()
	store := memory()
	before := newWorld(t, sealedHome)
	b := before.signedIn("ada")
	var nodes []*world
	for _, keys := range [][]string{{"one", "two"}, {"two", "one"}} {
		nodes = append(nodes, newWorld(t, func(c *session.Config) {
			c.Keys, c.Home.Store, c.Old.Format = ring(t, keys...), store, sealed.New()
		}))
	}
	for i, w := range nodes {
		tab := b.copy() // at the same time, as far as the browser is concerned
		tab.w = w
		check(t, fmt.Sprint("node ", i), tab.get("/set?city=Oslo").status, http.StatusOK)
		check(t, fmt.Sprint("node ", i), tab.get("/who").body, "ada")
	}
}

// The old home's store is away, or takes no writes: what only reads goes on.
//
// Guard: movestore: P3 holds for a move, too.
func TestMoveReadsWhileTheNewStoreTakesNoWrites(t *testing.T) {
	t.Parallel()
	old, next := &spy{Store: memory()}, &spy{Store: memory()}
	for name, failing := range map[string]*spy{"the new store": next, "the old store": old} {
		before := newWorld(t, func(c *session.Config) { c.Home.Store = old })
		b := before.signedIn("ada")
		b.w = newWorld(t, func(c *session.Config) { c.Home.Store = movestore.New(next, old) })
		failing.stepIn(func(method string) error {
			if method != "Load" {
				return errors.New("read-only")
			}
			return nil
		})
		if a := b.get("/who"); a.status != http.StatusOK || a.body != "ada" {
			t.Errorf("%s takes no writes: %d %q, want ada", name, a.status, a.body)
		}
		check(t, name+": status of a write", b.get("/set?city=Oslo").status, http.StatusServiceUnavailable)
		failing.stepIn(nil)
		check(t, name+": status of a write afterwards", b.get("/set?city=Oslo").status, http.StatusOK)
		check(t, name+": who afterwards", b.get("/who").body, "ada")
	}
}
