package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P11. A value that does not fit is refused before the companion record changes, so the cookie of
// before goes on. Guard: internal/place/accompanied.go, accompanied.Write, which seals before it
// stores.
func TestCompanionTooLarge(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 5000)
	for name, f := range map[string]func(s *session.Session){
		"set":           func(s *session.Session) { city.Set(s, huge) },
		"renew":         func(s *session.Session) { s.Renew(); city.Set(s, huge) },
		"sign in":       func(s *session.Session) { s.SignIn("ada"); city.Set(s, huge) },
		"remember":      func(s *session.Session) { s.SignInRemembered("ada"); city.Set(s, huge) },
		"another":       func(s *session.Session) { s.SignIn("bob"); city.Set(s, huge) },
		"out":           func(s *session.Session) { s.SignOut(); city.Set(s, huge) },
		"flash":         func(s *session.Session) { s.Flash("info", huge) },
		"Save":          func(s *session.Session) { s.Renew(); city.Set(s, huge); _ = s.Save() },
		"after Flashes": func(s *session.Session) { s.Flashes(); s.Renew(); city.Set(s, huge) },
	} {
		for _, remembered := range []string{"", "&remember=1"} {
			w := newCompanions(t)
			b := w.browser()
			b.get("/in?as=ada" + remembered)
			b.get("/set?city=Oslo")
			w.clock.add(time.Hour)
			w.store.forget()
			a := inHandler(b, f)
			check(t, name+": status", a.status, http.StatusRequestEntityTooLarge)
			if name != "after Flashes" {
				check(t, name+": store calls", fmt.Sprint(w.store.called()), "[Load]")
				check(t, name+": cookies", len(a.header["Set-Cookie"]), 0)
			}
			b.expect("/who", "ada")
			b.expect("/city", "Oslo")
			check(t, name+": records of bob", w.live("bob"), 0)
		}
	}
	w := newCompanions(t)
	b := w.browser()
	a := inHandler(b, func(s *session.Session) { s.SignIn("ada"); city.Set(s, huge) })
	check(t, "status of a first sign-in", a.status, http.StatusRequestEntityTooLarge)
	check(t, "store calls of it", fmt.Sprint(w.store.called()), "[]")
	check(t, "told of as signed in", w.seen(session.EventSignedIn)+w.seen(session.EventCreated), 0)
	b.get("/set?city=Oslo")
	was := b.cookie
	a = inHandler(b, func(s *session.Session) { s.SignIn("ada"); count.Set(s, 1); city.Set(s, huge) })
	check(t, "status of a stranger's sign-in", a.status, http.StatusRequestEntityTooLarge)
	check(t, "cookie", b.cookie, was)
	check(t, "records", w.live("ada"), 0)
	b.expect("/city", "Oslo")
}

// Whatever the size, a session that was saved can be saved and renewed again: there is no size at
// which the record changes and the cookie does not. Guard: as above.
func TestCompanionAtTheLimitOfSize(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	refused := 0
	for n := 2700; n < 3100; n += 3 {
		if inHandler(b, func(s *session.Session) { s.Renew(); city.Set(s, strings.Repeat("x", n)) }).status != http.StatusOK {
			refused++
		}
		b.expect("/who", "ada")
		w.clock.add(time.Minute)
		b.get("/renew")
		b.expect("/who", "ada")
	}
	check(t, "the limit was met", refused > 0 && refused < 100, true)
}

// Guard: lifecycle.go, Session.endDropped, which ends nothing before it is sure that what follows
// fits (P5).
func TestCompanionTooLargeEndsNobody(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/bob", "/leave"} {
		w := newCompanions(t)
		huge := strings.Repeat("x", 5000)
		w.on("/bob", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignIn("bob"); city.Set(s, huge) })
		w.on("/leave", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignOut(); city.Set(s, huge) })
		b := w.signedIn("ada")
		check(t, path+": status", b.get(path).status, http.StatusRequestEntityTooLarge)
		check(t, path+": who", b.get("/who").body, "ada")
		check(t, path+": records", w.live("ada"), 1)
	}
}
