//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/store"
)

// Sealed cookies with companion records in a store: what holds with them, promise by promise. What
// is refused, and for how long, is in companion_end_test.go and companion_mark_test.go; failures
// are in companion_fault_test.go; cookies that come from elsewhere are in companion_enrol_test.go
// and companion_shared_test.go; moving is in companion_move_test.go and companion_move_end_test.go.

// What one browser does, one request after the other, is the same in every home.
func TestCompanionInOneBrowser(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.browser()
	do := func(f func(s *session.Session)) { t.Helper(); w.clock.add(time.Second); inRequestOf(b, f) }
	do(func(s *session.Session) { city.Set(s, "Oslo"); s.Flash("info", "one"); s.Flash("info", "two") })
	first := b.copy()
	do(func(s *session.Session) {
		_, ok := s.ID()
		check(t, "a stranger has an id", ok, false)
		s.SignIn("ada")
	})
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "ada")
		check(t, "what a stranger's session held", must(city.Get(s)), "Oslo")
		check(t, "count", count.Update(s, func(n int) int { return n + 7 }), 7)
	})
	check(t, "the cookie from before the sign-in", first.get("/who").body, "")
	var id session.ID
	do(func(s *session.Session) {
		id, _ = s.ID()
		check(t, "count", count.Update(s, func(n int) int { return n + 1 }), 8)
		s.Renew()
	})
	do(func(s *session.Session) {
		now, ok := s.ID()
		check(t, "id after a renewal", now, id)
		check(t, "has an id", ok, true)
		check(t, "messages", fmt.Sprint(s.Flashes()), "[{info one} {info two}]")
		s.Flash("info", "three")
	})
	do(func(s *session.Session) { check(t, "messages", fmt.Sprint(s.Flashes()), "[{info three}]") })
	do(func(s *session.Session) { check(t, "messages", len(s.Flashes()), 0) })
	do(func(s *session.Session) { check(t, "popped", must(city.Pop(s)), "Oslo") })
	do(func(s *session.Session) { check(t, "popped again", s.Has("city"), false); count.Delete(s) })
	do(func(s *session.Session) { check(t, "deleted", s.Has("count"), false); city.Set(s, "Rome") })
	do(func(s *session.Session) { city.SetFor(s, "Kyoto", time.Minute) })
	do(func(s *session.Session) {
		check(t, "for a minute", must(city.Get(s)), "Kyoto")
		w.clock.add(time.Minute)
	})
	do(func(s *session.Session) { check(t, "after a minute", s.Has("city"), false) })
	do(func(s *session.Session) { s.SignIn("bob") })
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "bob")
		check(t, "what another subject's held", s.Has("city"), false)
		city.Set(s, "Bergen")
		check(t, "Save", s.Save(), nil)
		city.Set(s, "Nowhere")
		s.Discard()
		check(t, "discarded", must(city.Get(s)), "Bergen")
	})
	do(func(s *session.Session) { check(t, "saved", must(city.Get(s)), "Bergen"); s.Clear() })
	do(func(s *session.Session) {
		check(t, "cleared", s.Has("city"), false)
		check(t, "subject", s.Subject(), "bob")
		s.SignOut()
		s.Flash("info", "bye")
	})
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "")
		check(t, "messages", fmt.Sprint(s.Flashes()), "[{info bye}]")
		s.SignOut()
	})
	check(t, "the cookie after signing out", b.cookie, "")
	check(t, "records of ada", w.live("ada"), 0)
	check(t, "records of bob", w.live("bob"), 0)
}

// Nothing of the values reaches the store, on any way there. Guard: internal/place/accompanied.go,
// accompanied.Write, bare; accompanied.patch.
func TestCompanionRecordsHoldNoValues(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
		w := newCompanions(t, change)
		b := w.browser()
		if name == "shared" {
			b = w.elsewhere("ada")
		}
		for _, path := range []string{"/set?city=canary", "/in?as=ada", "/set?city=canary", "/renew", "/flash?text=canary", "/flashes", "/add"} {
			b.get(path)
			w.clock.add(time.Hour)
		}
		list, err := w.memory.BySubject(t.Context(), "ada", w.clock.Now())
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %d records, %v", name, len(list), err)
		}
		r, err := w.memory.Load(t.Context(), list[0].ID, w.clock.Now())
		check(t, name+": error", err, nil)
		check(t, name+": values", len(r.Values), 0)
		for _, p := range w.store.patches {
			if p.ChangesValues() && strings.Contains(fmt.Sprintf("%q", p.Set), "canary") {
				t.Errorf("%s: a patch with values: %q", name, p.Set)
			}
		}
	}
}

// P3. Guard: lifecycle.go, Session.todo and touchEvery.
func TestCompanionReadsCostOneLoad(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	w.on("/unused", func(http.ResponseWriter, *http.Request, *session.Session) {})
	for i := range 59 {
		w.store.forget()
		w.clock.add(time.Second)
		a := b.get("/city")
		check(t, fmt.Sprint("store calls of a read after ", i+1, " s"), fmt.Sprint(w.store.called()), "[Load]")
		check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	}
	for i, test := range []struct{ path, calls string }{
		{"/unused", "[]"}, {"/city", "[Load Touch]"}, {"/city", "[Load]"}, {"/set?city=Rome", "[Load Patch]"}, {"/who", "[Load]"},
	} {
		if i < 2 {
			w.clock.add(30 * time.Minute)
		}
		w.store.forget()
		b.get(test.path)
		check(t, test.path, fmt.Sprint(w.store.called()), test.calls)
	}
	// A touch that fails spoils nothing, and the cookie is as it was.
	w.clock.add(time.Hour)
	w.store.stepIn(func(method string) error {
		if method != "Load" {
			return errors.New("read-only")
		}
		return nil
	})
	was := b.cookie
	b.expect("/city", "Rome")
	check(t, "cookie", b.cookie, was)
	check(t, "observed", w.seen(session.EventTouchFailed), 1)
	w.store.stepIn(nil)
	w.clock.add(59 * time.Minute)
	b.expect("/who", "ada")
}

// P6. Guard: internal/place/accompanied.go, accompanied.stranger, and Unkept in Write and Use.
func TestCompanionStrangersCostNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
		w := newCompanions(t, change)
		nothing := w.browser()
		inRequestOf(nothing, useAll)
		check(t, name+": cookie of who stores nothing", nothing.cookie, "")
		b := w.browser()
		if name == "shared" {
			b = w.elsewhere("")
		}
		for _, path := range []string{"/set?city=Oslo", "/city", "/add", "/flash?text=one", "/flashes", "/renew", "/who"} {
			b.get(path)
			w.clock.add(30 * time.Minute)
		}
		inRequestOf(b, func(s *session.Session) {
			s.Clear()
			city.Set(s, "Rome")
			check(t, "Save", s.Save(), nil)
			count.Update(s, func(n int) int { return n + 1 })
			check(t, "popped", must(city.Pop(s)), "Rome")
			if err := s.Watch(t.Context()); !errors.Is(err, session.ErrEnded) {
				t.Errorf("%s: a stranger watches: %v", name, err)
			}
		})
		b.expect("/add", "2")
		for _, value := range []string{"x", strings.Repeat("A", 80), b.cookie[len(sealedCookie)+2:], strings.Repeat("A", 5000)} {
			f := w.browser()
			f.cookie = sealedCookie + "=" + value
			f.get("/who")
		}
		check(t, name+": store calls", fmt.Sprint(w.store.called()), "[]")
		check(t, name+": has a cookie", b.cookie != "", true)
		b.get("/out")
		check(t, name+": cookie after signing out", b.cookie, "")
	}
}

// P12. Guard: manager.go, visit.
func TestCompanionImpatientClient(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	rec := newRecorder()
	w.h.ServeHTTP(rec, b.request("GET", "/set?city=Oslo").WithContext(gone))
	b.keep(rec.Result())
	check(t, "status of who hung up", rec.Code, http.StatusOK)
	b.expect("/city", "Oslo")

	w = newShared(t)
	b = w.elsewhere("ada")
	rec = newRecorder()
	w.h.ServeHTTP(rec, b.request("GET", "/who").WithContext(gone))
	check(t, "status of who hung up while enrolled", rec.Code, http.StatusOK)
	check(t, "listed", w.listed("ada"), 1)
}

// A store that never answers is given up after SaveTimeout. Guard: as above.
func TestCompanionHangingStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newCompanions(t, func(c *session.Config) { c.Home.Store, c.SaveTimeout = hanging{memory()}, 20*time.Millisecond })
		began := time.Now()
		check(t, "sign-in", w.browser().get("/in?as=ada").status, http.StatusServiceUnavailable)
		check(t, "given up after", time.Since(began), 20*time.Millisecond)
		w = newShared(t, func(c *session.Config) { c.Home.Store, c.SaveTimeout = hanging{memory()}, 20*time.Millisecond })
		check(t, "enrolment", w.elsewhere("ada").get("/who").status, http.StatusServiceUnavailable)
	})
}

// P13. Guard: ends.go, Manager.bySubject; internal/place/accompanied.go, accompanied.Records.
func TestCompanionList(t *testing.T) {
	t.Parallel()
	w := newCompanions(t, func(c *session.Config) { c.ClientAddr = func(*http.Request) string { return "192.0.2.7" } })
	b := w.browser()
	b.header.Set("User-Agent", "Browser/1")
	b.get("/set?city=Oslo")
	created := w.clock.Now()
	w.clock.add(time.Minute)
	b.get("/in?as=ada&remember=1")
	signedIn := w.clock.Now()
	w.clock.add(time.Hour)
	b.get("/who")
	w.signedIn("bob")
	other := w.signedIn("ada")
	w.browser().get("/set?city=Rome")

	var list []session.Info
	inRequestOf(b, func(s *session.Session) {
		id, ok := s.ID()
		check(t, "has an id", ok, true)
		var err error
		if list, err = w.m.List(context.WithValue(t.Context(), w.m, s), "ada"); err != nil || len(list) != 2 {
			t.Fatalf("%v, %v", list, err)
		}
		if list[0].ID != id {
			list[0], list[1] = list[1], list[0]
		}
		check(t, "id", list[0].ID, id)
	})
	want := session.Info{
		ID: list[0].ID, Subject: "ada", Created: created, SignedIn: signedIn, LastSeen: w.clock.Now(), Current: true,
		Expires: w.clock.Now().Add(7 * 24 * time.Hour), Addr: "192.0.2.7", UserAgent: "Browser/1",
	}
	if diff := compare.Diff(want, list[0]); diff != "" {
		t.Error(diff)
	}
	check(t, "the other is current", list[1].Current, false)
	n := 0
	err := w.m.Each(t.Context(), func(session.Info) error { n++; return nil })
	check(t, "error", err, nil)
	check(t, "all", n, 3)
	if err := w.m.End(t.Context(), "bob", list[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ending somebody else's: %v", err)
	}
	ended, err := w.m.EndAll(t.Context(), "ada", list[0].ID)
	check(t, "ended", ended, 1)
	check(t, "error", err, nil)
	b.expect("/who", "ada")
	other.expect("/who", "")
}

// P14. Guard: internal/place/accompanied.go, accompanied.Write, renewed and newKey.
func TestCompanionIdentityChangesTheKey(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.browser()
	b.get("/set?city=Oslo")
	planted := b.copy()
	var ids []string
	for _, path := range []string{"/in?as=ada", "/in?as=ada", "/renew", "/in?as=bob", "/in?as=ada"} {
		old := b.copy()
		b.get(path)
		list, _ := w.m.List(t.Context(), b.get("/who").body)
		check(t, path+": listed", len(list), 1)
		ids = append(ids, list[0].ID.String())
		for _, late := range []string{"/who", "/set?city=Rome", "/who", "/renew", "/who"} {
			if got := old.copy().get(late); path != "/in?as=ada" && got.status == http.StatusOK && got.body != "" {
				t.Errorf("%s: the cookie of before opens %q", path, got.body)
			}
		}
	}
	check(t, "who by what was planted", planted.get("/who").body, "")
	check(t, "ids kept by the same person", ids[0] == ids[1] && ids[1] == ids[2], true)
	check(t, "ids of others", ids[2] != ids[3] && ids[3] != ids[4] && ids[0] != ids[4], true)
	check(t, "sessions", w.live("ada")+w.live("bob"), 1)
}

// Guard: watch.go, Session.watched.
func TestCompanionWatch(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, b *browser){
		"sign-out":      func(_ *world, b *browser) { b.get("/out") },
		"End":           func(w *world, _ *browser) { w.end("ada") },
		"EndAll":        func(w *world, _ *browser) { w.endAll("ada") },
		"EndEverything": func(w *world, _ *browser) { w.endEverything() },
		"somebody else": func(_ *world, b *browser) { b.get("/in?as=bob") },
		"the limit":     func(*world, *browser) { time.Sleep(2 * time.Hour) },
	} {
		for kind, change := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
			t.Run(name+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newCompanions(t, change, realTime)
					b := w.signedIn("ada")
					if kind == "shared" {
						w.clock.now = time.Now()
						b = w.elsewhere("ada")
					}
					ended, _ := b.copy().watching()
					b.get("/renew") // no end
					time.Sleep(10 * time.Second)
					synctest.Wait()
					select {
					case err := <-ended:
						t.Fatalf("ended without a reason: %v", err)
					default:
					}
					end(w, b)
					began := time.Now()
					if err := <-ended; !errors.Is(err, session.ErrEnded) || time.Since(began) > 5*time.Second {
						t.Errorf("Watch: %v after %v", err, time.Since(began))
					}
				})
			})
		}
	}
}

// Guard: issue.go, the condition on carriers.
func TestCompanionIssue(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) {
		if key, _, err := s.Issue(t.Context()); key != "" || !errors.Is(err, session.ErrUnsupported) {
			t.Errorf("Issue: %q, %v", key, err)
		}
		s.Discard()
	})
	b.expect("/who", "ada")
}

// Guard: valid.go, Session.valid; lifecycle.go, Session.openIn.
func TestCompanionValid(t *testing.T) {
	t.Parallel()
	for kind, change := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
		disabled, calls, fail := false, 0, error(nil)
		w := newCompanions(t, change, func(c *session.Config) {
			c.Valid = func(_ context.Context, s *session.Session) (bool, error) {
				calls++
				check(t, "whose", s.Subject(), "ada")
				check(t, "what", must(city.Get(s)), "Oslo")
				return !disabled, fail
			}
		})
		b := w.browser()
		b.get("/set?city=Oslo")
		b.get("/in?as=ada")
		if kind == "shared" {
			b = w.elsewhere("ada")
		}
		thief, calls0 := b.copy(), calls
		b.expect("/who", "ada")
		check(t, kind+": asked", calls-calls0, 1)
		fail = errors.New("away")
		check(t, kind+": status while nobody knows", b.get("/who").status, http.StatusServiceUnavailable)
		fail, disabled = nil, true
		b.expect("/who", "")
		disabled = false
		b.expect("/who", "")
		thief.expect("/who", "")
	}
}

// Guard: internal/place/accompanied.go, accompanied.Write and Use, Aging; manager.go, OldKeys.
func TestCompanionNewKeys(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	other := w.node(companions, func(c *session.Config) { c.Keys = ring(t, "one", "two") })
	a, b, c := w.signedIn("ada"), w.signedIn("bob"), w.signedIn("eve")
	setKeys(t, w, "two", "one")
	check(t, "old keys", oldKeys(t, w), 3)
	a.expect("/who", "ada")
	b.get("/set?city=Oslo")
	b.at(other).expect("/city", "Oslo")
	check(t, "old keys after a write", oldKeys(t, w), 2)
	w.clock.add(time.Hour)
	a.expect("/who", "ada")
	c.get("/renew")
	b.expect("/who", "bob")
	check(t, "old keys after a use that was written down", oldKeys(t, w), 0)
	setKeys(t, w, "two")
	a.expect("/who", "ada")
	b.expect("/city", "Oslo")
	c.expect("/who", "eve")

	// Cookies of strangers follow, too, without the store.
	s := w.browser()
	s.get("/set?city=Rome")
	setKeys(t, w, "three", "two")
	w.clock.add(time.Hour)
	w.store.forget()
	s.expect("/city", "Rome")
	check(t, "store calls", fmt.Sprint(w.store.called()), "[]")
	setKeys(t, w, "three")
	s.expect("/city", "Rome")
}

// Programs bring the sealed session in a header. Guard: lifecycle.go, Session.presented; answer.go,
// Session.sendDue.
func TestCompanionByHeader(t *testing.T) {
	t.Parallel()
	w := newCompanions(t, byHeader)
	p := w.program("ada")
	old := p.copy()
	a := p.get("/set?city=Oslo")
	p.header.Set(keyHeader, a.header.Get(keyHeader))
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	p.expect("/city", "Oslo")
	a = p.get("/renew")
	check(t, "who by the old key", old.get("/who").body, "")
	p.header.Set(keyHeader, "Bearer "+a.header.Get(keyHeader))
	p.expect("/who", "ada")
	w.end("ada")
	a = p.page("/who")
	check(t, "who after the end", a.body, "")
	check(t, "told to forget", fmt.Sprint(a.header[keyHeader], len(a.header["Set-Cookie"])), "[] 0")
}

// Guard: session.go, Session.drop: nothing of a stranger's is in the store (P6).
func TestCompanionStrangerSignsOut(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.browser()
	b.get("/set?city=Oslo")
	b.get("/out")
	check(t, "store calls", strings.Join(w.store.called(), " "), "")
}
