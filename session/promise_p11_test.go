package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// P11: size is an error, not a silent loss.

// Guard: edits.go, edits.put; the limit is met at the write, to the byte.
func TestP11SessionSize(t *testing.T) {
	t.Parallel()
	const most = 1000
	room := func(key session.Key[string], used int) string { return strings.Repeat("x", most-used-len(key)-2) }
	writes := map[string]func(s *session.Session, more string){
		"set":      func(s *session.Session, more string) { city.Set(s, room("city", 0)+more) },
		"set over": func(s *session.Session, more string) { city.Set(s, "x"); city.Set(s, room("city", 0)+more) },
		"update": func(s *session.Session, more string) {
			city.Update(s, func(string) string { return room("city", 0) + more })
		},
		"two": func(s *session.Session, more string) {
			session.Key[string]("a").Set(s, "b")
			city.Set(s, room("city", 4)+more)
		},
		"after clear": func(s *session.Session, more string) {
			city.Set(s, room("city", 0))
			s.Clear()
			city.Set(s, room("city", 0)+more)
		},
		"after delete": func(s *session.Session, more string) {
			session.Key[string]("a").Set(s, room("a", 0))
			session.Key[string]("a").Delete(s)
			city.Set(s, room("city", 0)+more)
		},
		"with old": func(s *session.Session, more string) { city.Set(s, room("city", len("old")+5)+more) },
		"new session": func(s *session.Session, more string) {
			s.SignOut()
			city.Set(s, room("city", 0)+more)
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) { c.MaxBytes = most })
			b := w.signedIn("ada")
			if name == "with old" {
				w.on("/old", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
					session.Key[string]("old").Set(s, "xxx")
				})
				b.get("/old")
			}
			var atOnce error
			w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
				write(s, r.FormValue("more"))
				atOnce = s.Err()
			})
			check(t, "one byte more", b.get("/?more=x").status, http.StatusRequestEntityTooLarge)
			if !errors.Is(atOnce, session.ErrTooLarge) {
				t.Errorf("error at the write: %v", atOnce)
			}
			check(t, "saved of it", b.get("/city").body, "")
			check(t, "to the byte", b.get("/").status, http.StatusOK)
			if b.get("/city").body == "" {
				t.Error("not saved")
			}
		})
	}
}

// A session that is too large already, because the limit was lowered, is not a trap: it can shrink,
// sign in, sign out. Guard: edits.go, edits.put, the condition that it grows.
func TestP11LoweredLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=" + strings.Repeat("x", 1000))
	low := newWorld(t, func(c *session.Config) { c.Home.Store, c.MaxBytes = w.memory, 500 })
	b.w = low
	low.on("/shrink", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, strings.Repeat("x", 600))
	})
	low.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	low.on("/grow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { session.Key[int]("n").Set(s, 1) })
	for _, visit := range []struct {
		path   string
		status int
	}{{"/grow", 413}, {"/in?as=ada", 200}, {"/renew", 200}, {"/shrink", 200}, {"/grow", 413}, {"/set?city=x", 200}, {"/grow", 200}} {
		check(t, visit.path, b.get(visit.path).status, visit.status)
	}
}

// An Update that meets a session which another request has filled meanwhile. Guard: edits.go,
// edits.rebase.
func TestP11UpdateGrowsOnRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.MaxBytes = 100 })
	b := w.signedIn("ada")
	w.on("/append", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Update(s, func(old string) string { return old + strings.Repeat("x", 60) })
		if r.FormValue("meanwhile") != "" {
			check(t, "the quicker one", b.copy().get("/append").status, http.StatusOK)
		}
	})
	check(t, "status", b.get("/append?meanwhile=1").status, http.StatusRequestEntityTooLarge)
	check(t, "length", len(b.get("/city").body), 60)
}

// Guard: cookie.go, Cookie.withDefaults: the longest cookie that could come of the settings.
func TestP11CookieSize(t *testing.T) {
	t.Parallel()
	for n := 3900; n < 4100; n++ {
		name := strings.Repeat("n", n)
		c := session.Config{Keys: ring(t, "one"), Home: session.Home{Store: memstore.New(memstore.Config{}), Cookie: session.Cookie{Name: name}}}
		_, err := session.New(c)
		if err != nil {
			if !errors.Is(err, session.ErrTooLarge) {
				t.Fatal(err)
			}
			if n < 3920 {
				t.Errorf("a name of %d bytes is refused already", n)
			}
			break
		}
		w := newWorld(t, func(wc *session.Config) { wc.Home.Cookie = c.Home.Cookie })
		a := w.browser().get("/in?as=ada&remember=1")
		if got := len(a.header.Get("Set-Cookie")); got == 0 || got > 4096 {
			t.Fatalf("a name of %d bytes makes a cookie of %d", n, got)
		}
	}
	_, err := session.New(session.Config{
		Keys: ring(t, "one"), Home: session.Home{Store: memstore.New(memstore.Config{}), Cookie: session.Cookie{Name: strings.Repeat("n", 4096)}},
	})
	if !errors.Is(err, session.ErrTooLarge) {
		t.Errorf("a name of 4096 bytes: %v", err)
	}
}

// What the client says of itself is kept short, and is text. Guard: session.go, clip.
func TestP11ClientTextIsClipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ClientAddr = func(r *http.Request) string { return strings.Repeat("1", 100) }
	})
	b := w.browser()
	b.header.Set("User-Agent", strings.Repeat("x", 255)+"é"+"\xff"+strings.Repeat("y", 10_000))
	b.get("/in?as=ada")
	list, _ := w.m.List(t.Context(), "ada")
	check(t, "browser", list[0].UserAgent, strings.Repeat("x", 255))
	check(t, "address", len(list[0].Addr), 64)
}

// Messages that nobody asks for do not fill the session. Guard: flash.go, maxFlashes.
func TestP11WaitingMessagesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/flash", func(_ http.ResponseWriter, r *http.Request, s *session.Session) { s.Flash("info", r.FormValue("n")) })
	w.on("/page", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		list := s.Flashes()
		_, _ = fmt.Fprint(rw, len(list), " ", list[0].Text, " ", list[len(list)-1].Text)
	})
	for n := range 200 {
		w.clock.add(1e6)
		check(t, "status", b.get(fmt.Sprint("/flash?n=", n)).status, http.StatusOK)
	}
	check(t, "messages", b.get("/page").body, "64 136 199")

	w.on("/burst", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		for n := range 200 {
			s.Flash("info", fmt.Sprint(n))
		}
	})
	b.get("/burst")
	check(t, "messages of one request", b.get("/page").body, "64 136 199")
}

// One request changes 1024 keys at most, deletions of absent ones among them: they cost time, if no
// room. Guard: edits.go, edits.put, maxChanges.
func TestP11ChangesOfOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/delete", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		for i := range n {
			session.Key[int](strconv.Itoa(i)).Delete(s)
		}
	})
	w.on("/sets", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		for i := range n {
			session.Key[int](strconv.Itoa(i)).Set(s, 1)
		}
	})
	for _, path := range []string{"/delete", "/sets"} {
		b := w.signedIn("ada")
		check(t, path+" as many as may be", b.get(path+"?n=1024").status, http.StatusOK)
		check(t, path+" one more", b.get(path+"?n=1025").status, http.StatusRequestEntityTooLarge)
		check(t, path+" many more", b.get(path+"?n=20000").status, http.StatusRequestEntityTooLarge)
		check(t, "subject", b.get("/who").body, "ada")
	}
}
