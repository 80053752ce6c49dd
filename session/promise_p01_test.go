//go:build go1.25

package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// P1: no update is lost.

// Guard: edits.go, edits.patch, which names this request's own changes and nothing else.
func TestP01DifferentKeysSurvive(t *testing.T) {
	t.Parallel()
	const n = 100
	w := newWorld(t)
	all := barrier(n)
	w.on("/put", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		s.Has("anything") // loads
		all()             // so that every request has seen the same record
		session.Key[string]("key"+r.FormValue("n")).Set(s, r.FormValue("n"))
	})
	w.on("/all", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		for i := range n {
			if v, ok := session.Key[string](fmt.Sprint("key", i)).Get(s); ok && v == strconv.Itoa(i) {
				_, _ = rw.Write([]byte("."))
			}
		}
	})
	b := w.signedIn("ada")
	w.serve()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if a := b.copy().fetch(http.MethodPost, fmt.Sprint("/put?n=", i)); a.status != http.StatusOK {
				t.Errorf("request %d: %d", i, a.status)
			}
		})
	}
	wg.Wait()
	check(t, "keys that survived", len(b.get("/all").body), n)
}

// Guard: edits.go, edits.patch, the IfVersion of a based change; retry.go, Session.retry, rebase.
func TestP01UpdateCounts(t *testing.T) {
	t.Parallel()
	const n = 100
	w := newWorld(t)
	all := barrier(n)
	w.on("/add", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Has("anything")
		all()
		count.Update(s, func(old int) int { return old + 1 })
		count.Update(s, func(old int) int { return old + 1 }) // two steps in one request
	})
	w.on("/count", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		v, _ := count.Get(s)
		_, _ = fmt.Fprint(rw, v)
	})
	b := w.signedIn("ada")
	w.serve()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if a := b.copy().fetch(http.MethodPost, "/add"); a.status != http.StatusOK {
				t.Errorf("status %d", a.status)
			}
		})
	}
	wg.Wait()
	check(t, "counter", b.get("/count").body, strconv.Itoa(2*n))
	if w.seen(session.EventConflict) == 0 {
		t.Error("no conflict was met, so the test proves nothing")
	}
}

// A retry inside Flashes moves the request to a newer version of the record; an Update before it
// must move along. Guard: retry.go, Session.retry, the rebase.
func TestP01UpdateBeforeFlashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/flash", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("info", "hello") })
	w.on("/add", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Update(s, func(old int) int { return old + 1 })
	})
	b := w.signedIn("ada")
	w.on("/both", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Update(s, func(old int) int { return old + 1 })
		b.copy().get("/add") // another request is quicker
		_, _ = fmt.Fprint(rw, len(s.Flashes()))
	})
	w.on("/count", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		v, _ := count.Get(s)
		_, _ = fmt.Fprint(rw, v)
	})
	b.get("/flash")
	check(t, "messages", b.get("/both").body, "1")
	check(t, "counter", b.get("/count").body, "2")
}

// Guard: edits.go, edits.patch, the IfVersion of a popped value; edits.rebase, the comparison with
// before; edits.forget, which keeps what was popped; lifecycle.go, Session.take.
func TestP01PopIsForOne(t *testing.T) {
	t.Parallel()
	const n = 30
	for name, then := range map[string]func(*session.Session){
		"alone":          func(*session.Session) {},
		"then set":       func(s *session.Session) { city.Set(s, "Rome") },
		"then update":    func(s *session.Session) { city.Update(s, strings.ToUpper) },
		"then clear":     (*session.Session).Clear,
		"then sign out":  (*session.Session).SignOut,
		"then sign in":   func(s *session.Session) { s.SignIn("ada") },
		"then another's": func(s *session.Session) { s.SignIn("bob") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			all := barrier(n)
			w.on("/pop", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				v, ok := city.Pop(s)
				all()
				then(s)
				if ok {
					_, _ = rw.Write([]byte(v))
				}
			})
			b := w.signedIn("ada")
			b.get("/set?city=Oslo")
			var wg sync.WaitGroup
			var mu sync.Mutex
			got := 0
			for range n {
				wg.Go(func() {
					a := b.copy().do(http.MethodPost, "/pop")
					mu.Lock()
					defer mu.Unlock()
					switch {
					case a.status == http.StatusOK && a.body == "Oslo":
						got++
					case a.status != http.StatusConflict && a.status != http.StatusUnauthorized:
						t.Errorf("a loser got %d %q", a.status, a.body)
					}
				})
			}
			wg.Wait()
			check(t, "requests that got the value", got, 1)
		})
	}
}

// Guard: retry.go, maxTries. A change that never gets through is an error, not an endless loop.
func TestP01ConflictsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, conflictsEnd)
}

func conflictsEnd(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("ada")
	var got error
	w.on("/add", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Update(s, func(old int) int { return old + 1 })
		_, _ = rw.Write([]byte("fine"))
		got = s.Err()
	})
	w.store.stepIn(func(method string) error {
		if method == "Patch" {
			return store.ErrConflict
		}
		return nil
	})
	a := b.do(http.MethodPost, "/add")
	check(t, "status", a.status, http.StatusConflict)
	if !errors.Is(got, store.ErrConflict) {
		t.Errorf("Err is %v", got)
	}
}
