//go:build go1.25

package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session"
)

func flashWorld(t *testing.T) *world {
	w := newWorld(t)
	w.on("/flash", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		for _, text := range r.URL.Query()["text"] {
			s.Flash("info", text)
		}
	})
	w.on("/page", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		for _, f := range s.Flashes() {
			_, _ = fmt.Fprintf(rw, "[%s %s]", f.Category, f.Text)
		}
	})
	return w
}

// Guard: flash.go, Session.takeStored, IfVersion and the removal before anything is given.
func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	const n = 50
	w := flashWorld(t)
	b := w.signedIn("ada")
	for round := range 10 {
		b.get("/flash?text=a&text=b")
		all := barrier(n)
		w.on(fmt.Sprint("/all/", round), func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
			s.Has("anything")
			all()
			_, _ = fmt.Fprint(rw, s.Flashes())
		})
		var mu sync.Mutex
		shown := ""
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				a := b.copy().get(fmt.Sprint("/all/", round))
				mu.Lock()
				defer mu.Unlock()
				check(t, "status", a.status, http.StatusOK)
				shown += strings.Trim(a.body, "[]")
			})
		}
		wg.Wait()
		check(t, "shown", shown, "{info a} {info b}")
	}
}

// Fifty requests add a message each while fifty others take them: each message is shown once, now
// or on the last page. Guard: flash.go, Session.Flash, a key for each message; Session.takeStored,
// which names what it removes.
func TestFlashAddedMeanwhileIsNotSwallowed(t *testing.T) {
	t.Parallel()
	const n = 50
	w := flashWorld(t)
	b := w.signedIn("ada")
	all := barrier(2 * n)
	var mu sync.Mutex
	var shown strings.Builder
	w.on("/take", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Has("anything")
		all()
		for _, f := range s.Flashes() {
			mu.Lock()
			_, _ = fmt.Fprintf(&shown, "[%s %s]", f.Category, f.Text)
			mu.Unlock()
		}
	})
	w.on("/add", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		s.Has("anything")
		all()
		s.Flash("info", r.FormValue("n"))
	})
	b.get("/flash?text=first")
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { check(t, "status", b.copy().get("/take").status, http.StatusOK) })
		wg.Go(func() { check(t, "status", b.copy().get(fmt.Sprint("/add?n=", i)).status, http.StatusOK) })
	}
	wg.Wait()
	shown.WriteString(b.get("/page").body)
	check(t, "messages", strings.Count(shown.String(), "["), n+1)
	for i := range n {
		check(t, fmt.Sprint("message ", i), strings.Count(shown.String(), fmt.Sprintf("[info %d]", i)), 1)
	}
}

// Guard: flash.go, Session.Flashes, HEAD.
func TestFlashHead(t *testing.T) {
	t.Parallel()
	w := flashWorld(t)
	b := w.signedIn("ada")
	b.get("/flash?text=a")
	w.store.forget()
	b.do(http.MethodHead, "/page")
	check(t, "store calls of HEAD", strings.Join(w.store.called(), " "), "Load")
	check(t, "page", b.get("/page").body, "[info a]")
	check(t, "page again", b.get("/page").body, "")
}

// Guard: flash.go, speculative.
func TestFlashPrefetch(t *testing.T) {
	t.Parallel()
	w := flashWorld(t)
	b := w.signedIn("ada")
	b.get("/flash?text=a")
	for name, value := range map[string]string{
		"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch",
	} {
		early := b.copy()
		early.header.Set(name, value)
		check(t, name, early.get("/page").body, "")
	}
	check(t, "page", b.get("/page").body, "[info a]")
}

// Guard: flash.go, Session.Flash, the key that sorts; Session.Flashes, the sorting.
func TestFlashOrder(t *testing.T) {
	t.Parallel()
	w := flashWorld(t)
	w.on("/both", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		s.Flash("warning", "of this request")
		s.Flash("info", "second")
		_, _ = fmt.Fprint(rw, s.Flashes(), s.Flashes(), must(city.Get(s)))
	})
	b := w.browser() // a stranger may have messages, too
	b.get("/flash?text=1&text=2&text=3&text=4&text=5&text=6&text=7&text=8&text=9")
	w.clock.add(1e9)
	b.get("/flash?text=later")
	w.clock.add(1e9)
	want := "[{info 1} {info 2} {info 3} {info 4} {info 5} {info 6} {info 7} {info 8} {info 9} {info later} " +
		"{warning of this request} {info second}] []Oslo"
	check(t, "messages", b.get("/both").body, want)
	check(t, "page", b.get("/page").body, "")
	check(t, "city", b.get("/city").body, "Oslo")
}

// Messages are not values: nobody reads or lists them by key. Clear takes them along.
func TestFlashAndClear(t *testing.T) {
	t.Parallel()
	w := flashWorld(t)
	w.on("/clear", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Flash("info", "before")
		s.Clear()
		s.Flash("info", "after")
	})
	b := w.signedIn("ada")
	b.get("/flash?text=a")
	b.get("/clear")
	check(t, "page", b.get("/page").body, "[info after]")
}

// A message that does not fit is refused, and nothing of it is left.
func TestFlashTooLarge(t *testing.T) {
	t.Parallel()
	b := newWorld(t).signedIn("ada")
	a := inHandler(b, func(s *session.Session) { s.Flash("error", strings.Repeat("x", 70000)) })
	check(t, "status", a.status, http.StatusRequestEntityTooLarge)
	inRequestOf(b, func(s *session.Session) { check(t, "messages", len(s.Flashes()), 0) })
}

// Of two messages of one request with a Save between the first comes first.
func TestFlashOrderAcrossSave(t *testing.T) {
	t.Parallel()
	for range 50 {
		w := newWorld(t)
		b := w.browser()
		inHandler(b, func(s *session.Session) {
			s.Flash("", "first")
			_ = s.Save()
			s.Flash("", "second")
		})
		inHandler(b, func(s *session.Session) {
			if f := s.Flashes(); len(f) != 2 || f[0].Text != "first" {
				t.Fatalf("%v", f)
			}
		})
	}
}
