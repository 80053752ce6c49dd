package session_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P2 where the session travels in its cookie: no copy opens what has ended.

// companionEnds are the ways in which a session of ada ends. Each is given the browser whose
// session it is.
var companionEnds = map[string]func(w *world, b *browser){
	"sign-out":      func(_ *world, b *browser) { b.copy().get("/out") },
	"End":           func(w *world, _ *browser) { w.end("ada") },
	"EndAll":        func(w *world, _ *browser) { w.endAll("ada") },
	"EndEverything": func(w *world, _ *browser) { w.endEverything() },
	"bob signs in":  func(_ *world, b *browser) { b.copy().get("/in?as=bob") },
	"the cap": func(w *world, _ *browser) {
		for range 2 {
			w.clock.add(time.Second)
			w.signedIn("ada")
		}
	},
	"idle limit": func(w *world, _ *browser) { w.clock.add(2 * time.Hour) },
	"absolute limit": func(w *world, b *browser) {
		b = b.copy()
		for range 48 {
			w.clock.add(30 * time.Minute)
			b.get("/who")
		}
	},
}

// Whatever is tried with a copy, nobody is signed in, nothing of the session is seen, and nothing
// comes back. Guard: internal/place/accompanied.go, accompanied.find, each way out.
func TestCompanionCopyAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, end := range companionEnds {
		for _, from := range []string{"here", "elsewhere", "elsewhere, seen"} {
			t.Run(name+" "+from, func(t *testing.T) {
				w := newShared(t, capped(2))
				if from == "here" {
					w = newCompanions(t, capped(2))
				}
				b := w.signedIn("ada")
				if from != "here" {
					w.end("ada")
					b = w.elsewhere("ada")
				}
				copies := []*browser{b.copy()}
				if from != "elsewhere" {
					w.clock.add(time.Second)
					b.get("/set?city=Oslo")
					copies = append(copies, b.copy())
				}
				w.clock.add(time.Second)
				b.get("/who") // which enrols
				end(w, b)
				before := w.live("ada")
				for round := range 2 {
					for i, c := range append(copies, b.copy()) {
						for _, path := range []string{"/who", "/city", "/set?city=Rome", "/renew", "/add", "/flash?text=x"} {
							x := c.copy()
							if a := x.get(path); a.body != "" && path != "/add" || a.status != http.StatusOK {
								t.Errorf("copy %d, round %d, %s: %d %q", i, round, path, a.status, a.body)
							}
							if got := x.get("/who").body; got != "" {
								t.Errorf("copy %d, round %d, then: %q", i, round, got)
							}
							check(t, "what it holds", x.get("/city").body == "Oslo", false)
						}
					}
					check(t, "records", w.live("ada"), before)
					w.sweep()
				}
			})
		}
	}
}

// A cookie of an ended session is forgotten by who asks for a page, and by nobody else; what never
// was one, or is only out of date, stays. Guard: internal/place/accompanied.go, accompanied.find,
// Forget; lifecycle.go, Session.openIn, forget.
func TestCompanionEndedCookieIsForgotten(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	stale := b.copy()
	b.get("/renew")
	a := stale.page("/who")
	check(t, "cookies of who brings an old key", len(a.header["Set-Cookie"]), 0)
	live := b.copy()
	check(t, "cookies of who is signed in", len(live.page("/who").header["Set-Cookie"]), 0)
	w.end("ada")
	for _, test := range []struct {
		method, mode string
		forgets      bool
	}{
		{"GET", "navigate", true}, {"HEAD", "navigate", true}, {"POST", "navigate", false}, {"GET", "cors", false}, {"GET", "no-cors", false}, {"GET", "", false},
	} {
		c := b.copy()
		if test.mode != "" {
			c.header.Set("Sec-Fetch-Mode", test.mode)
		}
		a := c.do(test.method, "/who")
		check(t, test.method+" "+test.mode+": status", a.status, http.StatusOK)
		check(t, test.method+" "+test.mode+": forgotten", c.cookie == "", test.forgets)
		if test.forgets {
			check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
		}
	}
	// Who signs in by that very request has a cookie afterwards.
	c := b.copy()
	c.page("/in?as=ada")
	c.expect("/who", "ada")
	unused := b.copy()
	w.on("/unused", func(http.ResponseWriter, *http.Request, *session.Session) {})
	check(t, "cookies of a page that does not use it", len(unused.page("/unused").header["Set-Cookie"]), 0)
}

// A slow request is under way while the session ends or gets another key, at a random moment.
// Whoever is first, nothing is left of it, and no late cookie opens anything. Guard: retry.go,
// Session.retry; internal/place/accompanied.go, accompanied.Write, the digest of the patch.
func TestCompanionEndRace(t *testing.T) {
	t.Parallel()
	const rounds = 150
	for kind, change := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
		w := newCompanions(t, change)
		gates := map[string]chan struct{}{}
		var mu sync.Mutex
		w.on("/slow", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
			s.Has("anything")
			mu.Lock()
			gate := gates[r.FormValue("gate")]
			mu.Unlock()
			gate <- struct{}{} // loaded
			<-gate             // go on
			for _, f := range inFlight {
				if f.name == r.FormValue("do") {
					f.work(s)
				}
			}
			_, _ = rw.Write([]byte("done"))
		})
		for round := range rounds {
			what := inFlight[round%len(inFlight)]
			gate := make(chan struct{})
			mu.Lock()
			gates[fmt.Sprint(round)] = gate
			mu.Unlock()
			w.clock.add(time.Second)
			b := w.signedIn("ada")
			if kind == "shared" {
				w.end("ada")
				b = w.elsewhere("ada")
				if round%2 == 0 {
					b.get("/who") // enrolled before
				}
			}
			b.get("/flash?text=hello")
			w.clock.add(2 * time.Minute)
			thief, old := b.copy(), b.copy()
			slow := make(chan answer)
			go func() {
				slow <- old.do(http.MethodPost, "/slow?gate="+fmt.Sprint(round)+"&do="+url.QueryEscape(what.name))
			}()
			<-gate
			first := rand.IntN(3) // the slow request, the end, or nobody knows
			end := make(chan struct{})
			go func() {
				defer close(end)
				if first == 0 {
					dawdle(50)
				}
				switch round % 3 {
				case 0:
					b.copy().do(http.MethodPost, "/out")
				case 1:
					w.endAll("ada")
				case 2:
					list, _ := w.m.List(t.Context(), "ada")
					for _, i := range list {
						_ = w.m.End(t.Context(), "ada", i.ID)
					}
				}
			}()
			if first == 1 {
				<-end
			}
			gate <- struct{}{}
			a := <-slow
			<-end
			where := fmt.Sprintf("%s, round %d, %s", kind, round, what.name)
			// Messages that cannot be taken are left; everything else that writes is told.
			if first == 1 && what.writes {
				check(t, where+" after the end: status", a.status, http.StatusUnauthorized)
			}
			if a.status != http.StatusOK && a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s: a late answer carries %q", where, a.header["Set-Cookie"])
			}
			for name, cookie := range map[string]string{"old": thief.cookie, "the slow request's": old.cookie} {
				late := &browser{w: w, header: http.Header{}, cookie: cookie}
				if who := late.get("/who").body; who != "" {
					t.Errorf("%s: %s cookie still opens the session of %q", where, name, who)
				}
			}
			if n := w.live("ada"); n != 0 {
				t.Fatalf("%s: %d records came back", where, n)
			}
		}
	}
}

// A sign-out that is under way while another request renews the key ends the session all the same.
// An old cookie is good for nothing else. Guard: internal/place/accompanied.go, accompanied.Open,
// Superseded; session.go, Session.SignOut.
func TestCompanionSignOutDuringRenewal(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	old := b.copy()
	b.get("/renew")
	for _, path := range []string{"/who", "/city", "/in?as=bob"} {
		check(t, path+" by an old cookie: body", old.copy().get(path).body, "")
	}
	check(t, "status of a write by an old cookie", old.copy().get("/set?city=Oslo").status, http.StatusUnauthorized)
	b.expect("/who", "ada")
	old.get("/out")
	check(t, "the old cookie", old.cookie, "")
	check(t, "records", w.live("ada"), 0)
}

// A write that comes after a renewal by another request reaches nothing. Guard: as
// TestCompanionEndRace.
func TestCompanionRenewedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, what := range inFlight {
		for _, by := range []string{"/in?as=ada", "/renew"} {
			w := newCompanions(t)
			b := w.signedIn("ada")
			b.get("/set?city=Rome")
			b.get("/flash?text=hello")
			w.clock.add(2 * time.Minute)
			w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Has("anything")
				b.get(by)
				what.work(s)
			})
			old := b.copy()
			a := old.do(http.MethodPost, "/slow")
			if what.writes {
				check(t, what.name+": status", a.status, http.StatusUnauthorized)
			}
			check(t, what.name+": cookies", len(a.header["Set-Cookie"]), 0)
			b.expect("/city", "Rome")
			b.expect("/who", "ada")
			check(t, "records", w.live("ada"), 1)
		}
	}
}

// The sign-in beyond the cap ends the longest unused, and its cookie with it. Guard: ends.go,
// Session.trim.
func TestCompanionCap(t *testing.T) {
	t.Parallel()
	w := newCompanions(t, capped(3))
	var all []*browser
	for range 5 {
		w.clock.add(5 * time.Minute)
		all = append(all, w.signedIn("ada"))
	}
	for i, want := range []string{"", "", "ada", "ada", "ada"} {
		check(t, fmt.Sprint("session ", i), all[i].get("/who").body, want)
	}
	check(t, "records", w.live("ada"), 3)

	// A cookie that is seen for the first time counts as one.
	w = newShared(t, capped(2))
	all = nil
	for range 4 {
		w.clock.add(5 * time.Minute)
		b := w.elsewhere("ada")
		b.get("/who")
		all = append(all, b)
	}
	for i, want := range []string{"", "", "ada", "ada"} {
		check(t, fmt.Sprint("enrolled session ", i), all[i].get("/who").body, want)
	}
	check(t, "records", w.live("ada"), 2)
}
