package session_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// two makes two Managers of one program, and a browser's request through both. The handler gets
// their sessions.
type two struct {
	staff, guests *world
	cookies       map[string]string
}

func newTwo(t testing.TB) *two {
	return &two{
		staff:   newWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-staff-session" }),
		guests:  newWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-guest-session" }),
		cookies: map[string]string{},
	}
}

// ask sends a request through both, the staff's outside or inside.
func (p *two) ask(t testing.TB, staffOutside bool, f func(w http.ResponseWriter, r *http.Request, staff, guest *session.Session)) *http.Response {
	t.Helper()
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f(w, r, p.staff.m.From(r.Context()), p.guests.m.From(r.Context()))
	})
	if staffOutside {
		h = p.staff.m.Handler(p.guests.m.Handler(h))
	} else {
		h = p.guests.m.Handler(p.staff.m.Handler(h))
	}
	r := p.staff.browser().request("GET", "/")
	var line []string
	for name, value := range p.cookies {
		line = append(line, name+"="+value)
	}
	if len(line) > 0 {
		r.Header.Set("Cookie", strings.Join(line, "; "))
	}
	rec := newRecorder()
	h.ServeHTTP(rec, r)
	res := rec.Result()
	for _, c := range res.Cookies() {
		if p.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		}
	}
	return res
}

// Two Managers inside of each other, in both orders: each keeps its own, under its own cookie, and
// Manager.From is not shadowed. Guard: middleware.go, request.Value; headers.go, addVary.
func TestManagersInsideOfEachOther(t *testing.T) {
	t.Parallel()
	for _, outside := range []bool{true, false} {
		t.Run(fmt.Sprint("staff outside ", outside), func(t *testing.T) {
			p := newTwo(t)
			res := p.ask(t, outside, func(w http.ResponseWriter, r *http.Request, staff, guest *session.Session) {
				inner, outer := guest, staff
				if !outside {
					inner, outer = staff, guest
				}
				if session.From(r.Context()) != inner || session.From(r.Context()) == outer {
					t.Error("From does not give the innermost Manager's")
				}
				staff.SignIn("ada")
				guest.SignIn("bob")
				city.Set(staff, "Oslo")
				city.Set(guest, "Rome")
				_, _ = io.WriteString(w, "page")
			})
			check(t, "cookies", len(res.Header["Set-Cookie"]), 2)
			check(t, "names", len(p.cookies), 2)
			check(t, "Vary", strings.Join(res.Header["Vary"], ", "), "Cookie")
			check(t, "Cache-Control", strings.Join(res.Header["Cache-Control"], ", "), "no-store")

			res = p.ask(t, outside, func(_ http.ResponseWriter, r *http.Request, staff, guest *session.Session) {
				check(t, "staff", staff.Subject()+" "+must(city.Get(staff)), "ada Oslo")
				check(t, "guest", guest.Subject()+" "+must(city.Get(guest)), "bob Rome")
				for _, w := range []*world{p.staff, p.guests} {
					list, _ := w.m.List(r.Context(), w.m.From(r.Context()).Subject())
					check(t, "current", len(list) == 1 && list[0].Current, true)
				}
			})
			check(t, "cookies of a read", len(res.Header["Set-Cookie"]), 0)
			check(t, "Vary of a read", strings.Join(res.Header["Vary"], ", "), "Cookie")

			res = p.ask(t, outside, func(_ http.ResponseWriter, _ *http.Request, staff, _ *session.Session) { staff.SignOut() })
			check(t, "cookies of a sign-out", len(res.Header["Set-Cookie"]), 1)
			check(t, "names", len(p.cookies), 1)
			p.ask(t, outside, func(_ http.ResponseWriter, _ *http.Request, staff, guest *session.Session) {
				check(t, "subjects after a sign-out", staff.Subject()+" "+guest.Subject(), " bob")
			})
		})
	}
}

// One cookie does not open what the other is for, even with the same keys and store. Guard:
// home.go, Manager.open and codec, the purpose.
func TestManagersKeysAreApart(t *testing.T) {
	t.Parallel()
	p := newTwo(t)
	p.ask(t, true, func(_ http.ResponseWriter, _ *http.Request, staff, guest *session.Session) { guest.SignIn("bob") })
	p.cookies["__Host-staff-session"] = p.cookies["__Host-guest-session"]
	p.staff.store.Store = p.guests.store.Store
	p.ask(t, true, func(_ http.ResponseWriter, _ *http.Request, staff, guest *session.Session) {
		check(t, "subjects", staff.Subject()+" "+guest.Subject(), " bob")
	})
}

// A guard asks its own Manager, wherever it stands. Guard: session.go, Manager.From.
func TestManagersGuards(t *testing.T) {
	t.Parallel()
	for _, outside := range []bool{true, false} {
		p := newTwo(t)
		guard := func(m *session.Manager) bool {
			passed := false
			p.ask(t, outside, func(w http.ResponseWriter, r *http.Request, _, _ *session.Session) {
				m.RequireSignedIn("/login")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed = true })).ServeHTTP(w, r)
			})
			return passed
		}
		p.ask(t, outside, func(_ http.ResponseWriter, _ *http.Request, _, guest *session.Session) { guest.SignIn("bob") })
		check(t, "guests' guard", guard(p.guests.m), true)
		check(t, "staff's guard", guard(p.staff.m), false)
	}
}

// The inner one's session cannot be saved: its error page is shown, with the outer one's cookie,
// and nothing of the handler. Guard: writer.go, begin, restoreHeader and the outer begin behind it.
func TestManagersInnerFails(t *testing.T) {
	t.Parallel()
	for _, outside := range []bool{true, false} {
		p := newTwo(t)
		inner, outer := p.guests, p.staff
		if !outside {
			inner, outer = p.staff, p.guests
		}
		inner.store.stepIn(func(string) error { return errors.New("away") })
		res := p.ask(t, outside, func(w http.ResponseWriter, _ *http.Request, staff, guest *session.Session) {
			staff.SignIn("ada")
			guest.SignIn("bob")
			w.Header().Set("X-Handler", "x")
			_, _ = io.WriteString(w, "page")
		})
		check(t, "status", res.StatusCode, http.StatusServiceUnavailable)
		check(t, "handler's header", res.Header.Get("X-Handler"), "")
		check(t, "cookies", len(res.Header["Set-Cookie"]), 1)
		check(t, "Vary", strings.Join(res.Header["Vary"], ", "), "Cookie")
		check(t, "records inside", inner.live("ada")+inner.live("bob"), 0)
		check(t, "records outside", outer.live("ada")+outer.live("bob"), 1)
	}
}

// The outer one's session cannot be saved: nothing of the handler is shown. Guard: writer.go,
// begin.
func TestManagersOuterFails(t *testing.T) {
	t.Parallel()
	p := newTwo(t)
	p.staff.store.stepIn(func(string) error { return errors.New("away") })
	res := p.ask(t, true, func(w http.ResponseWriter, _ *http.Request, staff, _ *session.Session) {
		staff.SignIn("ada")
		w.Header().Set("X-Handler", "x")
		_, _ = io.WriteString(w, "page")
	})
	body, _ := io.ReadAll(res.Body)
	check(t, "status", res.StatusCode, http.StatusServiceUnavailable)
	check(t, "handler's header", res.Header.Get("X-Handler"), "")
	check(t, "body", strings.Contains(string(body), "page"), false)
	check(t, "cookies", len(res.Header["Set-Cookie"]), 0)
}

// Two managers of one program keep apart, each under its own cookie.
func TestManagersKeepApart(t *testing.T) {
	t.Parallel()
	staff := newWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-staff-session" })
	guests := newWorld(t)
	a, b := staff.signedIn("ada"), guests.signedIn("bob")
	both := a.cookie + "; " + b.cookie
	a.cookie, b.cookie = both, both
	check(t, "staff", a.copy().get("/who").body, "ada")
	check(t, "guest", b.copy().get("/who").body, "bob")
	if strings.Contains(b.get("/out").header.Get("Set-Cookie"), "staff") {
		t.Error("signing out of one takes the other's cookie")
	}
}

// The same manager inside of itself: there is one session, and one cookie.
func TestManagersTheSameTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/x", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo") // say, a middleware that counts visits
		w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			session.From(r.Context()).SignIn("ada")
		})).ServeHTTP(rw, r)
	})
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, httptest.NewRequest("GET", "/x", nil))
	check(t, "session cookies in one answer", len(rec.Header()["Set-Cookie"]), 1)
	b := w.browser()
	b.keep(rec.Result())
	check(t, "signed in", b.get("/who").body, "ada")
}
