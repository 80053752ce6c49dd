//go:build go1.25

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// Keys that are changed while the program runs.

// twoNodes gives two managers of one home, which get their keys one after the other.
func twoNodes(t *testing.T, sealed bool) (a, b *world) {
	t.Helper()
	st, c := memory(), newClock()
	change := func(cfg *session.Config) {
		cfg.Home.Store, cfg.Now = st, c.Now
		if sealed {
			sealedHome(cfg)
		}
	}
	a, b = newWorld(t, change), newWorld(t, change)
	a.clock, b.clock = c, c
	return a, b
}

func setKeys(t *testing.T, w *world, names ...string) {
	t.Helper()
	if err := w.m.SetKeys(ring(t, names...)); err != nil {
		t.Fatal(err)
	}
}

func oldKeys(t *testing.T, w *world) int {
	t.Helper()
	n, err := w.m.OldKeys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// visits has a browser use one node, then the other.
func (b *browser) visits(t *testing.T, what, want string, nodes ...*world) {
	t.Helper()
	for i, w := range nodes {
		b.w = w
		if got := b.get("/who").body; got != want {
			t.Errorf("%s: node %d says %q, want %q", what, i, got, want)
		}
		if a := b.get("/set?city=" + url.QueryEscape(what)); a.status != http.StatusOK {
			t.Errorf("%s: node %d answers a write by %d", what, i, a.status)
		}
	}
}

// A change that rolls over the nodes logs nobody out at any of its steps: the new key comes to be
// known, then to sign, and then the old one goes.
//
// Guard: manager.go, Manager.SetKeys; internal/place/stored.go, stored.Open, Aging; stored.Write,
// Rekey.
func TestKeysRoll(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		t.Run(fmt.Sprint("sealed ", sealed), func(t *testing.T) {
			a, b := twoNodes(t, sealed)
			ada := a.signedIn("ada")
			for i, step := range []struct {
				node *world
				keys []string
			}{
				{a, []string{"one", "two"}},
				{b, []string{"one", "two"}},
				{a, []string{"two", "one"}},
				{b, []string{"two", "one"}},
				{a, []string{"two"}},
				{b, []string{"two"}},
			} {
				setKeys(t, step.node, step.keys...)
				a.clock.add(time.Minute)
				ada.visits(t, fmt.Sprint("step ", i), "ada", a, b, b, a)
			}
			fresh := b.signedIn("bob")
			fresh.visits(t, "afterwards", "bob", a, b)
		})
	}
}

// Guard: manager.go, Manager.OldKeys.
func TestOldKeysCountsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 10
	browsers := make([]*browser, n)
	for i := range browsers {
		browsers[i] = w.signedIn(fmt.Sprint("subject", i))
	}
	stranger := w.browser()
	stranger.get("/set?city=Oslo")
	check(t, "before", oldKeys(t, w), 0)
	setKeys(t, w, "two", "one")
	check(t, "after the change", oldKeys(t, w), n+1)
	for i, b := range browsers {
		w.clock.add(time.Second)
		if i%2 == 0 {
			b.get("/set?city=Oslo")
		} else {
			w.clock.add(time.Minute)
			b.get("/who")
		}
		check(t, "after a use", oldKeys(t, w), n-i)
	}
	browsers[0].get("/renew")
	check(t, "one is left", oldKeys(t, w), 1)
	setKeys(t, w, "two")
	stranger.get("/city")
	check(t, "who was not there meanwhile", stranger.get("/city").body, "")
	for i, b := range browsers {
		check(t, "who was", b.get("/who").body, fmt.Sprint("subject", i))
	}
	w.clock.add(2 * time.Hour)
	check(t, "once it expired", oldKeys(t, w), 0)
}

// Back to the old key, after the new one has signed: the record says which one did.
func TestKeysBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	setKeys(t, w, "two", "one")
	b.get("/set?city=Oslo")
	setKeys(t, w, "one", "two")
	check(t, "old keys", oldKeys(t, w), 1)
	b.get("/set?city=Rome")
	check(t, "old keys after a write", oldKeys(t, w), 0)
	setKeys(t, w, "one")
	check(t, "who", b.get("/who").body, "ada")
}

// Guard: sealed/sealed.go, codec.Open, the loop over the keys.
func TestSealedOldKeyGone(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b, idle := w.signedIn("ada"), w.signedIn("eve")
	setKeys(t, w, "two", "one")
	b.get("/set?city=Oslo")
	setKeys(t, w, "two")
	check(t, "who came meanwhile", b.get("/who").body, "ada")
	check(t, "who did not", idle.get("/who").body, "")
}

// A ring that is refused leaves the keys as they were.
func TestSetKeysRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	for name, keys := range map[string]*session.KeyRing{"nil": nil, "zero": {}} {
		if err := w.m.SetKeys(keys); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	check(t, "who", b.get("/who").body, "ada")

	failing := failingForm{but: session.Derive(ring(t, "two"))("probe")[0]}
	w = newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = nil, failing })
	b = w.signedIn("ada")
	if err := w.m.SetKeys(ring(t, "two")); err == nil {
		t.Error("a ring that the format refuses is accepted")
	}
	check(t, "who", b.get("/who").body, "ada")
}

// Keys change under requests that are under way, in every home. Run it with -race.
func TestKeysChangeUnderWay(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		t.Run(fmt.Sprint("sealed ", sealed), func(t *testing.T) {
			w, _ := twoNodes(t, sealed)
			w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
			var group sync.WaitGroup
			done := make(chan struct{})
			for i := range 8 {
				b := w.signedIn(fmt.Sprint("subject", i))
				group.Go(func() {
					for n := range 100 {
						if got := b.get("/who").body; got != fmt.Sprint("subject", i) {
							t.Errorf("round %d: %q is signed in", n, got)
							return
						}
						if a := b.get([]string{"/set?city=Oslo", "/renew", "/in?as=" + fmt.Sprint("subject", i)}[n%3]); a.status != http.StatusOK {
							t.Errorf("round %d: answered by %d", n, a.status)
						}
					}
				})
			}
			go func() {
				defer close(done)
				group.Wait()
			}()
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				keys := [][]string{{"one", "two", "three"}, {"two", "three", "one"}, {"three", "one", "two"}}[i%3]
				setKeys(t, w, keys...)
				if !sealed {
					oldKeys(t, w)
				}
			}
		})
	}
}

// A request that began under one ring and ends under another keeps its session, also while it is
// moved.
func TestKeysChangeDuringRequest(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){
		"store": func(*session.Config) {}, "sealed": sealedHome,
		"sealed to store": func(c *session.Config) { c.Old.Format = sealed.New() },
		"store to sealed": func(c *session.Config) { c.Old.Store = c.Home.Store; sealedHome(c) },
	} {
		t.Run(name, func(t *testing.T) {
			var st store.Store = memory()
			before := newWorld(t, func(c *session.Config) {
				c.Home.Store = st
				if name == "sealed to store" || name == "sealed" {
					sealedHome(c)
				}
			})
			b := before.signedIn("ada")
			b.w = newWorld(t, func(c *session.Config) { c.Home.Store = st; change(c) })
			b.w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Subject()
				setKeys(t, b.w, "two", "one")
				city.Set(s, "Oslo")
			})
			check(t, "status", b.get("/slow").status, http.StatusOK)
			check(t, "who", b.get("/who").body, "ada")
			b.get("/set?city=Rome")
			setKeys(t, b.w, "two")
			check(t, "who without the old key", b.get("/who").body, "ada")
			check(t, "city", b.get("/city").body, "Rome")
		})
	}
}

// failingForm is that of sealed cookies, but for one key.
type failingForm struct{ but []byte }

func (f failingForm) Keyed(derive func(string) [][]byte, cookie string) (place.Codec, error) {
	if bytes.Equal(derive("probe")[0], f.but) {
		return nil, errors.New("no")
	}
	return sealed.New().Keyed(derive, cookie)
}

// A request that loaded before SetKeys and is saved after it leaves no record that OldKeys counts
// for ever.
func TestOldKeysAfterAChangeDuringRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	inHandler(b, func(s *session.Session) {
		city.Set(s, "Oslo")
		if err := w.m.SetKeys(ring(t, "two", "one")); err != nil {
			t.Error(err)
		}
	})
	for range 5 {
		w.clock.add(time.Hour)
		b.get("/set?city=Rome")
	}
	n, err := w.m.OldKeys(t.Context())
	check(t, "error", err, nil)
	check(t, "sessions under an old key", n, 0)
	if err := w.m.SetKeys(ring(t, "two")); err != nil {
		t.Error(err)
	}
	check(t, "who without the old key", b.get("/who").body, "ada")
}
