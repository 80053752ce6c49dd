package session_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// model is what one browser's session should be.
type model struct {
	subject string
	values  map[string]string
	flashes []string
}

func (m model) copy() model {
	return model{m.subject, maps.Clone(m.values), slices.Clone(m.flashes)}
}
func (m *model) empty() { *m = model{values: map[string]string{}} }

func (m model) String() string { return fmt.Sprintf("%q %v %v", m.subject, m.values, m.flashes) }

func seenBy(s *session.Session) model {
	got := model{subject: s.Subject(), values: map[string]string{}}
	for _, k := range []string{"a", "b"} {
		if v, ok := session.Key[string](k).Get(s); ok {
			got.values[k] = v
		}
	}
	return got
}

// Random orders of calls, request after request, against a model, in every home.
func TestOrderModel(t *testing.T) {
	t.Parallel()
	sealedToStore := func(w *world) *world {
		return newWorld(w.t, func(c *session.Config) {
			c.Old.Carrier = session.Sealed
			c.Now = w.clock.Now
			c.Cookie.Name = "__Host-session"
		})
	}
	for _, home := range []string{"store", "sealed", "sealed to store"} {
		t.Run(home, func(t *testing.T) {
			fails := 0
			for seed := range uint64(500) { // 20,000 found nothing more
				if fails > 3 {
					break
				}
				rnd := rand.New(rand.NewPCG(seed, 1))
				w := newWorld(t)
				if home != "store" {
					w = newWorld(t, sealedHome)
				}
				b := w.browser()
				var saved model
				saved.empty()
				var log []string
				bad := false
				for req := 0; req < 3 && !bad; req++ {
					if req == 1 && home == "sealed to store" {
						b.w = sealedToStore(w)
					}
					now := saved.copy()
					log = append(log, "REQUEST")
					if rnd.IntN(3) == 0 {
						w.clock.add(5 * time.Minute)
						log = append(log, "+5m")
					}
					identityChanged, hidden, rec := false, false, saved.subject
					a := inHandler(b, func(s *session.Session) {
						for range 1 + rnd.IntN(7) {
							op := rnd.IntN(12)
							k := []string{"a", "b"}[rnd.IntN(2)]
							key := session.Key[string](k)
							v := fmt.Sprint(rnd.IntN(100))
							switch op {
							case 0:
								log = append(log, "set "+k+v)
								key.Set(s, v)
								now.values[k] = v
							case 1:
								log = append(log, "delete "+k)
								key.Delete(s)
								delete(now.values, k)
							case 2:
								log = append(log, "pop "+k)
								got, _ := key.Pop(s)
								if got != now.values[k] {
									bad = true
									t.Errorf("%s seed %d: %v: pop %q want %q", home, seed, log, got, now.values[k])
								}
								delete(now.values, k)
							case 3:
								log = append(log, "update "+k)
								key.Update(s, func(o string) string { return o + "+" })
								now.values[k] += "+"
							case 4:
								log = append(log, "clear")
								s.Clear()
								clear(now.values)
								hidden = true
								now.flashes = nil
							case 5:
								log = append(log, "flash "+v)
								s.Flash("", v)
								now.flashes = append(now.flashes, v)
							case 6:
								log = append(log, "flashes")
								var got []string
								for _, f := range s.Flashes() {
									got = append(got, f.Text)
								}
								slices.Sort(got) // of one millisecond; see TestOrderFlashOrder
								slices.Sort(now.flashes)
								if !slices.Equal(got, now.flashes) {
									bad = true
									t.Errorf("%s seed %d: %v: flashes %q want %q", home, seed, log, got, now.flashes)
								}
								now.flashes = nil
								if !hidden {
									saved.flashes = nil
								}
							case 7:
								log = append(log, "save")
								if err := s.Save(); err != nil {
									bad = true
									t.Errorf("%s seed %d: %v: save %v", home, seed, log, err)
								}
								saved = now.copy()
								identityChanged, hidden, rec = true, false, now.subject
							case 8:
								if identityChanged { //
									continue
								}
								log = append(log, "discard")
								s.Discard()
								now = saved.copy()
								hidden, rec = false, saved.subject
							case 9:
								who := []string{"ada", "bob"}[rnd.IntN(2)]
								log = append(log, "in "+who)
								s.SignIn(who)
								if rec == "" && now.subject != "" && now.subject != who {
									bad = true //
									return
								}
								if rec != "" && rec != who {
									now.empty()
									rec, hidden = "", true
								}
								now.subject = who
							case 10:
								log = append(log, "out")
								s.SignOut()
								now.empty()
								hidden, rec = true, ""
								// flashes already taken etc. do not come back
							case 11:
								log = append(log, "renew")
								s.Renew()
							}
							if got := seenBy(s); got.subject != now.subject || !maps.Equal(got.values, now.values) {
								bad = true
								t.Errorf("%s seed %d: %v: sees %v want %v", home, seed, log, got, now)
							}
							if bad {
								return
							}
						}
					})
					if bad {
						break
					}
					if a.status != http.StatusOK {
						t.Errorf("%s seed %d: %v: status %d", home, seed, log, a.status)
						bad = true
						break
					}
					saved = now
					inRequestOf(b, func(s *session.Session) {
						if got := seenBy(s); got.subject != saved.subject || !maps.Equal(got.values, saved.values) {
							t.Errorf("%s seed %d: %v: next request sees %v want %v", home, seed, log, got, saved)
							bad = true
						}
					})
					if n := len(a.header.Values("Set-Cookie")); n > 1 {
						t.Errorf("%s seed %d: %v: %d cookies", home, seed, log, n)
						bad = true
					}
				}
				if bad && t.Failed() {
					fails++
				}
			}
		})
	}
}

// Many keys in one request are refused, whether they are set or deleted.
func TestOrderManyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	a := inHandler(b, func(s *session.Session) {
		for i := range 8000 {
			session.Key[int](fmt.Sprintf("%05d", i)).Set(s, 1)
		}
		if !errors.Is(s.Err(), session.ErrTooLarge) {
			t.Error(s.Err())
		}
	})
	check(t, "status of 8,000 keys in one request", a.status, http.StatusRequestEntityTooLarge)
	a = inHandler(b, func(s *session.Session) {
		for i := range 20000 {
			session.Key[int](fmt.Sprintf("missing %05d", i)).Delete(s)
		}
	})
	check(t, "status of 20,000 deletes of nothing", a.status, http.StatusRequestEntityTooLarge)
}

// A callback or store that panics leaves no lock behind.
func TestOrderPanicInCallbacks(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"Load", "Patch", "Delete", "observe", "addr", "valid"} {
		t.Run(where, func(t *testing.T) {
			armed := false
			boom := func(at string) {
				if armed && at == where {
					panic("boom in " + at)
				}
			}
			w := newWorld(t, func(c *session.Config) {
				c.ClientAddr = func(*http.Request) string { boom("addr"); return "x" }
			})
			b := w.signedIn("ada")
			w.store.stepIn(func(m string) error { boom(m); return nil })
			armed = true
			func() {
				defer func() { _ = recover() }()
				a := inHandler(b, func(s *session.Session) {
					func() {
						defer func() { t.Log("recovered", recover()) }()
						s.Subject()
					}()
					func() {
						defer func() { t.Log("recovered", recover()) }()
						s.SignIn("bob")
					}()
					armed = where == "Patch" || where == "Delete"
					s.SignOut()
				})
				t.Log("status", a.status, a.header)
			}()
			armed = false
			t.Log("who:", b.get("/who").body, "ada records", w.live("ada"), "bob", w.live("bob"))
		})
	}
}

// Both cookie names in a browser: a sign-out leaves the other one.
func TestOrderSignOutBothNames(t *testing.T) {
	t.Parallel()
	store := memory()
	old := session.Home{Cookie: session.Cookie{Name: "sid"}}
	before := node(t, time.Now, session.Home{Store: store, Cookie: session.Cookie{Name: "sid"}}, session.Home{})
	after := node(t, time.Now, session.Home{Store: store}, old)
	v := newCaller(t)
	v.get(before, "/in?as=ada")
	v.get(after, "/in?as=ada")
	t.Log(len(v.jar), slices.Sorted(maps.Keys(v.jar)))
	x := newCaller(t)
	x.get(before, "/in?as=ada")
	maps.Copy(v.jar, x.jar) // a node that was not changed yet, at the same time
	v.get(after, "/out")
	check(t, "who after the sign-out", v.get(after, "/who").body, "")
}

func TestOrderFlashText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	a := inHandler(b, func(s *session.Session) { s.Flash("error", strings.Repeat("x", 70000)) })
	t.Log(a.status)
}

// Of two messages of one request with a Save between the order is a matter of chance.
func TestOrderFlashOrder(t *testing.T) {
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

// Store, then sealed for longer than the idle limit, then back (a rollback): what is left dead in
// the store, not swept yet, keeps the living session from ever being written.
func TestOrderRollbackMeetsDeadRecord(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := memory()
	inStore := session.Home{Store: store}
	inCookie := session.Home{Carrier: session.Sealed}
	v := newCaller(t)
	v.get(node(t, c.Now, inStore, session.Home{}), "/in?as=ada")
	moved := node(t, c.Now, inCookie, inStore)
	for range 6 {
		c.add(30 * time.Minute)
		v.get(moved, "/set?city=Oslo")
	}
	back := node(t, c.Now, inStore, inCookie)
	v.expect(back, "/who", "ada")
	v.expect(back, "/add", "1")
	v.expect(back, "/add", "2")
	v.expect(back, "/who", "ada")
}
