package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session/flask"
)

const sessionCookie = "__Host-session"

// enters signs in by the form, and gives the session's cookie as it was set.
func enters(t *testing.T, s *sitetest.Site, who account.Developer, remember bool, cookie string) (*sitetest.Visitor, *http.Cookie) {
	t.Helper()
	v, form := s.Visitor(), credentials(who.Email, sitetest.Password)
	if remember {
		form.Set("remember", "yes")
	}
	v.Get("/login")
	a := v.Post("/auth/login", form)
	wantRedirect(t, a, "/")
	c := a.Cookie(cookie)
	if c == nil {
		t.Fatalf("no cookie %s: %v", cookie, a.Sent)
	}
	return v, c
}

// inside reports whether somebody is still signed in.
func inside(v *sitetest.Visitor) bool { return v.Get("/").Status == http.StatusOK }

// TestRemember: who does not tick the box is out when the browser closes, and after two hours
// without use; who does stays, used or not, and is out after thirty days, used or not.
func TestRemember(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)

	v, c := enters(t, s, ada, false, sessionCookie)
	if c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("not ticked, the cookie outlives the browser: %v", c)
	}
	if s.Clock.Turn(2*time.Hour - time.Second); !inside(v) {
		t.Error("not ticked: out within two hours")
	}
	if s.Clock.Turn(2 * time.Hour); inside(v) {
		t.Error("not ticked: in after two hours without use")
	}

	v, c = enters(t, s, ada, true, sessionCookie)
	if age := time.Duration(c.MaxAge) * time.Second; age != 30*day {
		t.Errorf("ticked: the browser keeps the cookie for %v", age)
	}
	if s.Clock.Turn(29 * day); !inside(v) {
		t.Error("ticked: out after 29 days without use")
	}
	if s.Clock.Turn(day - time.Second); !inside(v) {
		t.Error("ticked: out before its time")
	}
	if s.Clock.Turn(time.Second); inside(v) {
		t.Error("ticked: use has prolonged the 30 days")
	}
}

// TestRememberPassword: a new password, which renews the session, keeps the choice and its end.
func TestRememberPassword(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, remember := range []bool{false, true} {
		s := sitetest.New(t)
		ada := s.Developer("Ada", account.Member)
		v, _ := enters(t, s, ada, remember, sessionCookie)
		s.Clock.Turn(time.Hour)
		a := v.JSON(http.MethodPatch, "/developers/"+ada.ID, `{"password":"quiet heron walks at noon","current_password":"`+sitetest.Password+`"}`)
		c := a.Cookie(sessionCookie)
		if a.Status != http.StatusOK || c == nil || (c.MaxAge > 0) != remember {
			t.Fatalf("ticked %v: a new password: %d, cookie %v", remember, a.Status, c)
		}
		if s.Clock.Turn(29 * day); inside(v) != remember {
			t.Errorf("ticked %v: signed in after 29 days: %v", remember, !remember)
		}
		if s.Clock.Turn(day); inside(v) {
			t.Errorf("ticked %v: signed in after 30 days", remember)
		}
	}
}

// TestRememberBox: it says how long, is not ticked, is kept as it was when the form comes again,
// and is not there, nor of any use, where nobody is kept signed in.
func TestRememberBox(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Idle, p.Remember = 90*time.Minute, 14*24*time.Hour })
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	a := v.Get("/login")
	wantPage(t, a, 200, "Keep me signed in", "For 14 days. Otherwise until the browser closes, or 90 minutes without use.")
	if strings.Contains(a.Body, " checked") {
		t.Error("it is ticked")
	}
	wrongly := credentials(ada.Email, wrong)
	wrongly.Set("remember", "yes")
	if a = v.Post("/auth/login", wrongly); !strings.Contains(a.Body, " checked") {
		t.Error("it is not ticked any more")
	}

	none := sitetest.New(t, func(p *server.Parts) { p.Remember = 0 })
	bob := none.Developer("Bob", account.Member)
	if a = none.Visitor().Get("/login"); strings.Contains(a.Body, "Keep me") {
		t.Error("the box is there")
	}
	if _, c := enters(t, none, bob, true, sessionCookie); c.MaxAge != 0 {
		t.Errorf("kept signed in all the same: %v", c)
	}
}

// TestRememberOff: once the box is taken away, who was kept signed in is held to what holds for all.
func TestRememberOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := sitetest.Open(t, dir)
	ada := before.Developer("Ada", account.Member)
	_, c := enters(t, before, ada, true, sessionCookie)
	after := sitetest.Open(t, dir, func(p *server.Parts) { p.Remember = 0 })
	after.Clock.Turn(25 * time.Hour)
	if a := after.Visitor().Get("/", "Cookie", c.Name+"="+c.Value); a.Status != http.StatusSeeOther {
		t.Errorf("%d", a.Status)
	}
}

// TestRememberFlask: beside a Flask application the box makes Flask's own session permanent.
func TestRememberFlask(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) {
		p.Flask = &server.Beside{Flask: flask.Config{SecretKey: []byte("the SECRET_KEY of a Flask application")}, Cookie: "session", Shared: true}
	})
	ada := s.Developer("Ada", account.Member)
	wantPage(t, s.Visitor().Get("/login"), 200, "For 31 days. Otherwise until the browser closes.")
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("the SECRET_KEY of a Flask application")})
	if err != nil {
		t.Fatal(err)
	}
	for _, remember := range []bool{false, true} {
		_, c := enters(t, s, ada, remember, "session")
		text, _, _, err := signer.Verify(c.Value, s.Clock.Now(), flask.DefaultMaxAge)
		if err != nil {
			t.Fatal(err)
		}
		if permanent := strings.Contains(string(text), `"_permanent":true`); permanent != remember || (c.MaxAge > 0) != remember {
			t.Errorf("ticked %v: permanent %v, %v", remember, permanent, c)
		}
	}
}
