package e2e_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// looks are the ways in which every page is looked at.
func looks() []rig.Look {
	return []rig.Look{
		{Name: "light"},
		{Name: "dark", Dark: true},
		{Name: "320", Width: 320, Height: 640, Mobile: true},
	}
}

// TestGallery looks at every page in light and dark, wide and at 320 pixels: axe-core finds
// nothing, nothing has to be scrolled sideways, and a picture is kept.
func TestGallery(t *testing.T) {
	t.Parallel()
	axe := rig.Axe(t)
	browser := rig.NewBrowser(t)
	t.Run("strangers", func(t *testing.T) {
		t.Parallel()
		strangersGallery(t, browser.On(t), axe)
	})
	t.Run("signed in", func(t *testing.T) {
		t.Parallel()
		signedInGallery(t, browser.On(t), axe)
	})
	t.Run("account", func(t *testing.T) {
		t.Parallel()
		accountGallery(t, browser.On(t), axe)
	})
	t.Run("people", func(t *testing.T) {
		t.Parallel()
		peopleGallery(t, browser.On(t), axe)
	})
	t.Run("gate", func(t *testing.T) {
		t.Parallel()
		gateGallery(t, browser.On(t), axe)
	})
	t.Run("sessions", func(t *testing.T) {
		t.Parallel()
		sessionsGallery(t, browser.On(t), axe)
	})
}

// show looks at the page as it stands in every way.
func show(t *testing.T, axe string, p *rig.Page, name string, status, got int) {
	t.Helper()
	showAs(t, axe, p, name, status, got, looks()...)
}

func showAs(t *testing.T, axe string, p *rig.Page, name string, status, got int, looks ...rig.Look) {
	t.Helper()
	if got != status {
		t.Errorf("%s: status %d, want %d", name, got, status)
	}
	if lang := rig.Eval[string](p, "document.documentElement.lang"); lang != "en" {
		t.Errorf("%s: lang %q", name, lang)
	}
	if isError := strings.HasPrefix(p.Title(), "Error: "); isError != (status >= 400) || !strings.HasSuffix(p.Title(), "Doorbook") {
		t.Errorf("%s: title %q", name, p.Title())
	}
	for _, l := range looks {
		p.Look(l)
		p.Fits(name + ", " + l.Name)
		p.Accessible(axe, name+", "+l.Name)
		p.Shoot(name + "-" + l.Name)
	}
	p.Look(rig.Look{})
}

func strangersGallery(t *testing.T, browser *rig.Browser, axe string) {
	s := rig.Start(t, rig.Options{})
	stranger := browser.Page(s, true)
	show(t, axe, stranger, "login-unclaimed", 200, stranger.Open("/login"))
	show(t, axe, stranger, "setup", 200, stranger.Open("/setup?token="+s.Token))
	show(t, axe, stranger, "setup-wrong", 422, stranger.Click("button.primary"))
	s.Admin()
	show(t, axe, stranger, "setup-over", 404, stranger.Open("/setup?token="+s.Token))
	show(t, axe, stranger, "login", 200, stranger.Open("/login"))
	stranger.Type("email", "somebody@example.org")
	stranger.Type("password", "not the right one at all")
	show(t, axe, stranger, "login-wrong", 422, stranger.Click("button.primary"))
	show(t, axe, stranger, "register", 200, stranger.Open("/register"))
	stranger.Type("name", "Somebody")
	stranger.Type("email", "somebody at example")
	stranger.Type("password", "short")
	show(t, axe, stranger, "register-wrong", 422, stranger.Click("button.primary"))
	show(t, axe, stranger, "nothing-here", 404, stranger.Open("/nothing/here"))
	stranger.Open("/login")
	rig.Eval[string](stranger, `document.querySelector("[name=csrf_token]").after(document.querySelector("[name=csrf_token]").cloneNode()), ""`)
	show(t, axe, stranger, "unreadable", 400, stranger.Click("button.primary"))
	under := rig.NewSite(t, strings.Replace(s.URL, "127.0.0.1", "other.test", 1), "")
	if under.URL == s.URL {
		t.Fatalf("the server is at %s", s.URL)
	}
	elsewhere := browser.Page(under, true)
	// It has no style sheet, and axe-core takes the dark that a browser has by itself for white.
	showAs(t, axe, elsewhere, "another-name", 421, elsewhere.Open("/"), rig.Look{Name: "light"}, rig.Look{Name: "320", Width: 320, Height: 640, Mobile: true})
	for range 6 {
		stranger.Open("/login")
		stranger.Type("email", "locked@example.org")
		stranger.Type("password", "not the right one at all")
		if stranger.Click("button.primary") == 429 {
			break
		}
	}
	show(t, axe, stranger, "login-throttled", 429, 429)
	if !regexp.MustCompile(`Please wait \d+ seconds`).MatchString(stranger.Text()) {
		t.Errorf("the page does not say in words how long to wait: %s", stranger.Text())
	}
}

func signedInGallery(t *testing.T, browser *rig.Browser, axe string) {
	s := lively(t, rig.Start(t, rig.Options{}))
	ada := browser.Page(s, true)
	ada.Open("/login")
	ada.Type("email", "ada@example.org")
	ada.Type("password", rig.Password)
	show(t, axe, ada, "dashboard", 200, ada.Click("button.primary"))
	ada.ShootWindow("docs", rig.Look{Width: 1280, Height: 880})
	signInAs(t, s, "ada@example.org", firefoxAgent)
	s.Exec(t, "doorbook.db", `UPDATE devices SET first_seen = first_seen - 3000000000;
		UPDATE sessions SET signed_in = signed_in - 5400000, last_seen = last_seen - 3000000`)
	signInAs(t, s, "ada@example.org", iPhoneAgent)
	ada.Open("/account/sessions")
	ada.ShootWindow("docs-sessions", rig.Look{Width: 1280, Height: 740})
	ada.Open("/")
	rig.Eval[bool](ada, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	show(t, axe, ada, "dashboard-numbers", 200, 200)
	show(t, axe, ada, "nothing-here-signed-in", 404, ada.Open("/nothing/here"))

	newcomer := browser.Page(s, true)
	newcomer.Open("/register")
	newcomer.Type("name", "Nova Newcomer")
	newcomer.Type("email", "nova@example.org")
	newcomer.Type("password", rig.Password)
	show(t, axe, newcomer, "dashboard-flash", 200, newcomer.Click("button.primary"))
	show(t, axe, newcomer, "login-flash", 200, leave(newcomer))
	newcomer.Type("email", "nova@example.org")
	newcomer.Type("password", rig.Password)
	newcomer.Click("button.primary")
	show(t, axe, newcomer, "dashboard-member", 200, newcomer.Open("/"))

	// The book forgets what is older than it keeps; then the dashboard is that of somebody who has
	// done nothing yet.
	s = again(t, s, "UPDATE entries SET user = NULL")
	later := browser.Page(s, true)
	later.Open("/login")
	later.Type("email", "nova@example.org")
	later.Type("password", rig.Password)
	show(t, axe, later, "dashboard-newcomer", 200, later.Click("button.primary"))
}

// lively gives the server a day of people who come and go, and starts it again.
func lively(t *testing.T, s *rig.Server) *rig.Server {
	t.Helper()
	admin := s.Admin()
	grace := s.Member("Grace Hopper", "grace@example.org")
	alan := s.Member("Alan Turing", "alan@example.org")
	grace.Get("/")
	me := self(t, alan).ID
	alan.JSON(http.MethodPatch, "/developers/"+me, map[string]string{"name": "Alan M. Turing"})
	alan.JSON(http.MethodPost, "/developers", map[string]string{"name": "Nobody"})
	s.Client().Get("/wp-login.php")
	grace.Get("/logs?type=request&limit=50")
	s.Client().SignIn("grace@example.org", "guessing and guessing")
	admin.Get("/")
	admin.JSON(http.MethodPost, "/developers", map[string]string{"name": "Edsger", "email": "edsger@example.org", "password": rig.Password + "9"})
	admin.Get("/developers")
	grace.SignOut()
	s.Client().Get("/.env")

	// Times as if people had come over the day, and the counts of the hours before.
	statements := []string{`DELETE FROM minutes`, `UPDATE entries SET created_at = created_at - ((SELECT max(seq) FROM entries) - seq) * 83000`}
	for minute := 1; minute < 24*60; minute += 7 {
		for _, o := range []struct {
			outcome string
			n       int
		}{{"2xx", 6 + (minute*37)%11 + (minute/90)%9*3}, {"3xx", (minute * 13) % 5}, {"4xx", (minute * 29) % 4}, {"5xx", map[bool]int{true: 2}[minute%311 < 14]}} {
			statements = append(statements, fmt.Sprintf(
				`INSERT OR IGNORE INTO minutes VALUES ((unixepoch()/60 - %d) * 60000, '%s', %d)`, minute, o.outcome, o.n))
		}
	}
	return again(t, s, statements...)
}

// again stops the server, changes its book, and starts it again at the same address.
func again(t *testing.T, s *rig.Server, statements ...string) *rig.Server {
	t.Helper()
	s.Stop()
	for _, statement := range statements {
		s.Exec(t, "book.db", statement)
	}
	return s.Again(rig.Options{})
}
