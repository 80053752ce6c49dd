package session_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// A session that arrives over a dead record of its id, and gets a new key with that, is opened by
// it.
func TestArrivalOverADeadRecordKeepsItsNewKey(t *testing.T) {
	t.Parallel()
	c := newClock()
	st := memory()
	before := node(t, c.Now, session.Home{Format: sealed.New()}, session.Home{})
	moving := node(t, c.Now, session.Home{Store: st}, session.Home{Format: sealed.New()})
	for _, path := range []string{"/in?as=ada", "/renew"} {
		ada := newCaller(t)
		ada.get(before, "/in?as=ada")
		other := ada.copy()
		other.get(moving, "/set?city=Rome") // stored, and never used there again
		for range 5 {
			c.add(time.Hour)
			ada.expect(before, "/who", "ada")
		}
		ada.get(moving, path)
		ada.expect(moving, "/who", "ada")
	}
}

// A session that arrived by its messages and ended within one request does not go on from the
// cookie that it came in.
func TestEndedAfterItArrived(t *testing.T) {
	t.Parallel()
	c := newClock()
	st := memory()
	before := node(t, c.Now, session.Home{Format: sealed.New()}, session.Home{})
	m, err := session.New(session.Config{Keys: ring(t, "one"), Now: c.Now, Home: session.Home{Store: st}, Old: session.Home{Format: sealed.New()}})
	if err != nil {
		t.Fatal(err)
	}
	ada := newCaller(t)
	ada.get(before, "/in?as=ada")
	ada.get(before, "/flash?text=one")
	ada.get(m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		if len(s.Flashes()) != 1 {
			t.Error("no flash")
		}
		if n, err := m.EndAll(context.Background(), "ada"); n != 1 || err != nil {
			t.Error(n, err)
		}
		city.Set(s, "Rome")
	})), "/")
	ada.expect(m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, session.From(r.Context()).Subject())
	})), "/", "")
}

type hijackable struct{ *httptest.ResponseRecorder }

func (hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// An upgrade of a request that only reads needs no cookie.
func TestHijackOfOneThatArrives(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"sealed": false, "companions": true} {
		c := newClock()
		st := memory()
		was := session.Home{Format: sealed.New()}
		if old {
			was.Store = st
		}
		before := node(t, c.Now, was, session.Home{})
		m, err := session.New(session.Config{Keys: ring(t, "one"), Now: c.Now, Home: session.Home{Store: st}, Old: was})
		if err != nil {
			t.Fatal(err)
		}
		ada := newCaller(t)
		ada.get(before, "/in?as=ada")
		c.add(5 * time.Minute)
		r := httptest.NewRequest("GET", "/", nil)
		for k, v := range ada.jar {
			r.AddCookie(&http.Cookie{Name: k, Value: v})
		}
		m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			check(t, "subject", session.From(r.Context()).Subject(), "ada")
			if _, _, err := http.NewResponseController(w).Hijack(); err != nil {
				t.Errorf("%s: hijack: %v", name, err)
			}
		})).ServeHTTP(hijackable{newRecorder()}, r)
	}
}

// A sign-out with a key that was renewed ends the session, whatever was saved before.
func TestSignOutAfterSaveWithARenewedKey(t *testing.T) {
	t.Parallel()
	w := newCompanions(t, func(c *session.Config) { c.Home.Format = nil })
	b := w.signedIn("ada")
	late := b.copy()
	b.get("/renew")
	w.clock.add(10 * time.Second)
	inHandler(late, func(s *session.Session) {
		city.Set(s, "Rome")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		s.SignOut()
	})
	check(t, "sessions of ada", w.live("ada"), 0)
}

// No session lies where List and EndAll do not look.
func TestEndAllReachesWhatStays(t *testing.T) {
	t.Parallel()
	c := newClock()
	old := memory()
	before := node(t, c.Now, session.Home{Store: old}, session.Home{})
	m, err := session.New(session.Config{
		Keys: ring(t, "one"), Now: c.Now,
		Home: session.Home{Store: memory(), Format: sealed.New()}, Old: session.Home{Store: old},
	})
	if err != nil {
		return // refused is as good
	}
	ada := newCaller(t)
	ada.get(before, "/in?as=ada")
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, session.From(r.Context()).Subject())
	}))
	ada.expect(h, "/", "ada")
	n, err := m.EndAll(t.Context(), "ada")
	if err == nil && n == 0 {
		t.Error("EndAll ends none, and does not say so")
	}
	if err == nil {
		ada.expect(h, "/", "")
	}
}

// The session that Valid is given can be watched, or says why not.
func TestWatchInsideOfValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.Valid = func(ctx context.Context, s *session.Session) (bool, error) {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("panics: %v", p)
				}
			}()
			ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			_ = s.Watch(ctx)
			return true, nil
		}
	})
	w.signedIn("ada").get("/who")
}

// A cookie that another program shares does not come back after the session's end.
func TestSharedCookieAfterItsEnd(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.signedIn("ada")
	b.get("/flash?text=one")
	w.clock.add(2 * time.Minute)
	var got answer
	w.on("/read", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Flashes()
		w.end("ada")
	})
	got = b.get("/read")
	for _, line := range got.header["Set-Cookie"] {
		if !strings.Contains(line, "Max-Age=0") {
			t.Errorf("the answer after the end sets %.60s", line)
		}
	}
}

// What lies in the store is swept while it stays there.
func TestSweepWhatStays(t *testing.T) {
	t.Parallel()
	c := newClock()
	old := memory()
	before := node(t, c.Now, session.Home{Store: old}, session.Home{})
	m, err := session.New(session.Config{Keys: ring(t, "one"), Now: c.Now, Home: session.Home{Format: sealed.New()}, Old: session.Home{Store: old}})
	if err != nil {
		t.Fatal(err)
	}
	newCaller(t).get(before, "/in?as=ada")
	c.add(48 * time.Hour)
	n, err := m.Sweep(t.Context(), 100)
	check(t, "swept", n, 1)
	check(t, "err", err, nil)
}

// A new session begins at home, whatever the dead key that the browser brought.
func TestNewSessionsBeginAtHome(t *testing.T) {
	t.Parallel()
	c := newClock()
	old := memory()
	before := node(t, c.Now, session.Home{Store: old}, session.Home{})
	m := node(t, c.Now, session.Home{Format: sealed.New()}, session.Home{Store: old})
	ada := newCaller(t)
	ada.get(before, "/in?as=ada")
	c.add(48 * time.Hour)
	ada.get(m, "/in?as=ada")
	l, err := old.BySubject(t.Context(), "ada", c.Now())
	check(t, "err", err, nil)
	check(t, "new sessions in the old store", len(l), 0)
}

// The cookie of a stranger, planted before a sign-in, opens nothing of what came of that, also when
// it arrives from a cookie (fixation).
func TestPlantedCookieAfterTheMove(t *testing.T) {
	t.Parallel()
	c := newClock()
	st := memory()
	before := node(t, c.Now, session.Home{Format: sealed.New()}, session.Home{})
	moving := node(t, c.Now, session.Home{Store: st}, session.Home{Format: sealed.New()})
	thief := newCaller(t)
	thief.get(before, "/set?city=Oslo")
	bob := thief.copy() // planted
	c.add(time.Second)
	bob.get(before, "/in?as=bob")
	c.add(time.Second)
	bob.get(moving, "/set?city=Rome")
	bob.expect(moving, "/who", "bob")
	thief.get(moving, "/add")
	thief.expect(moving, "/who", "")
	bob.expect(moving, "/who", "bob")
}

// A sign-in does not fail because messages were asked for in its stranger's session.
func TestSignInAndFlashesOfOneThatEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/flash", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("i", "x") })
	b := w.browser()
	b.get("/flash")
	other := b.copy()
	w.on("/in2", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.SignIn("ada")
		other.get("/in?as=ada")
		s.Flashes()
	})
	check(t, "status", b.get("/in2").status, 200)
}

// Who signs in while the keys are replaced is signed in.
func TestSignInWhileKeysAreReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/in2", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		_ = s.Subject()
		if err := w.m.SetKeys(ring(t, "two")); err != nil {
			t.Error(err)
		}
		s.SignIn("ada")
	})
	b := w.browser()
	b.get("/in2")
	check(t, "who", b.get("/who").body, "ada")
}

// What begins was not renewed.
func TestABeginningIsNoRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/new", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew(); city.Set(s, "Oslo") })
	w.browser().get("/new")
	check(t, "renewed", w.seen(session.EventRenewed), 0)
}

// A use that could not be noted once does not keep the cookie from being signed anew.
func TestAgingCookieAfterAFailedUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	if err := w.m.SetKeys(ring(t, "two", "one")); err != nil {
		t.Fatal(err)
	}
	w.clock.add(5 * time.Minute)
	w.on("/save", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		_ = s.Subject()
		w.atCall("Patch", 1, func() error { return errors.New("away") })
		_ = s.Save()
		city.Set(s, "Rome")
	})
	b.get("/save")
	n, err := w.m.OldKeys(t.Context())
	check(t, "old keys", n, 0)
	check(t, "err", err, nil)
}

// A stranger's session keeps its id as it is written, so that copies of it arrive in one record.
func TestStrangerKeepsTheIDBesideAStore(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.browser()
	b.get("/set?city=Oslo")
	id := b.told().ID
	b.get("/set?city=Rome")
	check(t, "id after another write", b.told().ID, id)
	b.get("/in?as=ada")
	check(t, "the same after a sign-in", b.told().ID == id, false)
}

// What a store says of marks that it cannot read is an error: to go on as nobody would look like a
// sign-out.
func TestUnreadableMarkIsAnError(t *testing.T) {
	t.Parallel()
	for load := 1; load <= 4; load++ {
		w := newShared(t)
		b := w.elsewhere("ada")
		n := 0
		w.store.stepIn(func(method string) error {
			if method == "Load" {
				n++
			}
			if method == "Load" && n == load && load > 1 {
				return store.ErrUnreadable
			}
			return nil
		})
		a := b.get("/who")
		w.store.stepIn(nil)
		if n >= load && load > 1 && a.status != http.StatusServiceUnavailable {
			t.Errorf("load %d: %d %q", load, a.status, a.body)
		}
		b.expect("/who", "ada")
	}
}

// The cookie of a stranger, planted before a sign-in, keeps nobody from going on whose session was
// made of it, also if it arrives first.
func TestPlantedCookieThatArrivesFirst(t *testing.T) {
	t.Parallel()
	c, st := newClock(), memory()
	before := node(t, c.Now, session.Home{Format: sealed.New()}, session.Home{})
	moving := node(t, c.Now, session.Home{Store: st}, session.Home{Format: sealed.New()})
	thief := newCaller(t)
	thief.get(before, "/set?city=Oslo")
	bob := thief.copy()
	bob.get(before, "/in?as=bob")
	thief.expect(moving, "/add", "1")
	bob.expect(moving, "/add", "1")
	bob.expect(moving, "/who", "bob")
	thief.expect(moving, "/who", "")
}

// A cookie that another program wrote under the same id as one that somebody has signed in with
// since opens nothing of what came of that.
func TestCookieOfBeforeTheSignInUnderOneID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Old = session.Home{Format: newPlain()} })
	w.on("/add", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Update(s, func(n int) int { return n + 1 })
	})
	now := w.clock.Now()
	under := func(p *plainText) {
		p.ID, p.Created, p.SignedIn = strings.Repeat("ab", 12), now.UnixMilli(), now.UnixMilli()
	}
	thief, bob := w.elsewhere("", under), w.elsewhere("bob", under)
	again := w.elsewhere("bob", under, func(p *plainText) { p.SignedIn-- })
	check(t, "status", bob.get("/add").status, http.StatusOK)
	for _, b := range []*browser{thief, again} {
		b.get("/add")
		if got := b.get("/who").body; got != "" && b == thief {
			t.Errorf("opens the session of %q", got)
		}
	}
	bob.expect("/who", "bob")
}

// Values are in the store once a session has arrived there: of two requests that pop one, and sign
// out, one is answered, by whatever way they found the session.
func TestPoppedOnceAfterTheArrival(t *testing.T) {
	t.Parallel()
	for name, companions := range map[string]bool{"from cookies": false, "from companions": true} {
		for how, late := range map[string]bool{"arrived before": false, "arrived meanwhile": true} {
			if !companions && !late {
				continue // its old cookie says nothing of that
			}
			t.Run(name+", "+how, func(t *testing.T) {
				c, s := newClock(), memory()
				inCookie := session.Home{Format: sealed.New()}
				if companions {
					inCookie.Store = s
				}
				before := node(t, c.Now, inCookie, session.Home{})
				moving := manager(t, c, session.Home{Store: s}, inCookie)
				ada := newCaller(t)
				for _, path := range []string{"/in?as=ada", "/set?city=Oslo", "/flash?text=one"} {
					ada.get(before, path)
				}
				c.add(time.Second)
				do := func(v *caller, f func(*session.Session)) answer {
					return v.get(moving.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(session.From(r.Context())) })), "/")
				}
				other := ada.copy()
				arrive := func() { do(other, func(s *session.Session) { count.Set(s, 1) }) }
				if !late {
					arrive()
				}
				a := do(ada, func(s *session.Session) {
					s.Subject()
					if late {
						arrive()
						s.Flashes() // meets it
					}
					city.Pop(s)
					do(other, func(s *session.Session) { city.Pop(s) })
					s.SignOut()
				})
				if a.status == http.StatusOK {
					t.Error("both are answered")
				}
			})
		}
	}
}

// Whose session goes on while the keys are replaced gets a cookie of the new ones.
func TestSignInOfALiveSessionWhileKeysAreReplaced(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*world{"store": newWorld(t), "sealed": newSealedWorld(t)} {
		w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			s.Subject()
			setKeys(t, w, "two")
			s.SignIn("ada")
		})
		b := w.browser()
		b.get("/set?city=Oslo")
		check(t, name+": status", b.get("/slow").status, http.StatusOK)
		check(t, name+": who", b.get("/who").body, "ada")
		check(t, name+": city", b.get("/city").body, "Oslo")
	}
}

// A sign-in that stands on its own begins at home, whatever store its stranger's session was in.
func TestStandsAloneAtHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.browser()
	stranger.get("/set?city=Oslo")
	moving := newWorld(t, sealedHome, func(c *session.Config) { c.Old.Store = w.memory })
	b, other := stranger.copy(), stranger.copy()
	b.w, other.w = moving, moving
	moving.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Subject()
		other.get("/in?as=ada")
		s.SignIn("bob")
	})
	check(t, "status", b.get("/slow").status, http.StatusOK)
	check(t, "who", b.get("/who").body, "bob")
	check(t, "records of bob in the store of before", w.live("bob"), 0)
}
