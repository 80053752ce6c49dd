package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// TestUnclaimed: while nobody looks after the place its sign-in page says how to, in place of
// offering an account that is no admin's; and nothing of it afterwards.
func TestUnclaimed(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	s.Developer("Ada", account.Member)
	v := s.Visitor()
	a := v.Get("/login")
	wantPage(t, a, 200, "Nobody looks after this Doorbook yet", "doorbook user add", "setup link")
	if strings.Contains(a.Body, `href="/register"`) {
		t.Error("the sign-in page offers a member's account")
	}
	faults.Only("accounts.HasAdmin", sitetest.Error)
	if a := v.Get("/login"); a.Status != 200 || strings.Contains(a.Body, "Nobody looks after") {
		t.Errorf("while nobody knows: %d\n%s", a.Status, a.Body)
	}
	faults.Only("", "")
	s.Developer("Root", account.Admin)
	for range 2 {
		if a := v.Get("/login"); strings.Contains(a.Body, "Nobody looks after") || !strings.Contains(a.Body, `href="/register"`) {
			t.Errorf("with an admin:\n%s", a.Body)
		}
	}
	faults.Only("accounts.HasAdmin", sitetest.Error) // is not asked any more
	wantPage(t, v.Get("/login"), 200, "No account yet?")
}

// TestSessionOver: who comes with the key of a session that has ended is told so, and nobody else.
func TestSessionOver(t *testing.T) {
	t.Parallel()
	const told = "Your session has ended"
	for name, end := range map[string]func(s *sitetest.Site, ada account.Developer){
		"not used": func(s *sitetest.Site, _ account.Developer) { s.Clock.Turn(3 * time.Hour) },
		"ended elsewhere": func(s *sitetest.Site, ada account.Developer) {
			if _, err := s.Sessions.EndAll(context.Background(), ada.ID); err != nil {
				t.Error(err)
			}
		},
	} {
		s := sitetest.New(t)
		ada := s.Developer("Ada", account.Member)
		v := s.SignedIn(ada)
		end(s, ada)
		if a := v.JSON("GET", "/logs", ""); a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, told) {
			t.Errorf("%s: for a program: %d %s", name, a.Status, a.Body)
		}
		wantRedirect(t, v.Get("/"), "/login")
		wantPage(t, v.Get("/login"), 200, told)
		for at, a := range map[string]*sitetest.Answer{
			"registering": v.Get("/register"), "forgotten": v.Get("/forgot-password"), "a link": v.Get("/link/nonsense"),
			"an error": v.Post("/auth/login", credentials(ada.Email, wrong)),
		} {
			if strings.Contains(a.Body, told) {
				t.Errorf("%s: told at %s, too", name, at)
			}
		}
		wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password)), "/")
		v.Post("/auth/logout", nil)
		for _, a := range []*sitetest.Answer{v.Get("/login"), s.Visitor().Get("/login"), s.Visitor().JSON("GET", "/logs", "")} {
			if strings.Contains(a.Body, told) {
				t.Errorf("%s: who signed out, or never was in, is told", name)
			}
		}
	}
}

// TestSessionForeign: who brings a session that is none of ours, as beside a second program on the
// same host, reads why they are not signed in.
func TestSessionForeign(t *testing.T) {
	t.Parallel()
	here, there := sitetest.New(t), sitetest.New(t, func(p *server.Parts) {
		var err error
		if p.Keys, err = session.NewKeyRing([]byte("the key of another program, 0123456789")); err != nil {
			t.Fatal(err)
		}
	})
	ada, root := here.Developer("Ada", account.Member), there.Developer("Root", account.Admin)
	v := here.SignedIn(ada)
	wantRedirect(t, v.At(there.Handler).Get("/"), "/login")
	wantPage(t, v.At(there.Handler).Get("/login"), 200, "is not one of this site", "DOORBOOK_COOKIE_PREFIX")
	w := v.At(there.Handler)
	w.Get("/login")
	wantRedirect(t, w.Post("/auth/login", credentials(root.Email, sitetest.Password)), "/")
	if a := w.Get("/"); strings.Contains(a.Body, "DOORBOOK_COOKIE_PREFIX") || a.Status != 200 {
		t.Errorf("signed in: %d", a.Status)
	}
	wantPage(t, w.At(here.Handler).Get("/login"), 200, "is not one of this site")
}

// TestPrefetch: a page that the browser fetches before anybody goes there takes no message (P21).
func TestPrefetch(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	v.Post("/auth/logout", nil)
	if list := flashes(v.Get("/login", "Sec-Purpose", "prefetch")); len(list) != 0 {
		t.Errorf("fetched early: %q", list)
	}
	if list := flashes(v.Get("/login")); len(list) != 1 {
		t.Errorf("messages %q", list)
	}
}
