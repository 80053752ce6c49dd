package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

// signedInWith gives a browser of that name in which somebody has signed in.
func signedInWith(t *testing.T, s *sitetest.Site, d account.Developer, agent string) *sitetest.Visitor {
	t.Helper()
	v := s.Visitor()
	v.Get("/login")
	a := v.Post("/auth/login", credentials(d.Email, sitetest.Password), "User-Agent", agent)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("signed in with %d", a.Status)
	}
	v.Get("/")
	return v
}

// articles are the sessions on a page, in their order.
func articles(a *sitetest.Answer) []string {
	return regexp.MustCompile(`(?s)<article.*?</article>`).FindAllString(a.Body, -1)
}

// action is where the form of an article is sent whose address ends so.
func action(t *testing.T, article, what string) string {
	t.Helper()
	m := regexp.MustCompile(`action="([^"]*/` + what + `)"`).FindStringSubmatch(article)
	if m == nil {
		t.Fatalf("no form for %q in %s", what, article)
	}
	return html.UnescapeString(m[1])
}

// TestYourSessions: two browsers; the one ends the other, which is refused at its next request.
func TestYourSessions(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here := signedInWith(t, s, ada, firefox)
	a := here.Get("/account/sessions")
	wantPage(t, a, 200, "You are signed in only here.", "Firefox on Linux", "This device", "192.0.2.1")
	if strings.Contains(a.Body, "end-others") || strings.Contains(a.Body, "No, not me") {
		t.Error("one may end others that there are not")
	}
	there := signedInWith(t, s, ada, iPhone)
	s.Clock.Turn(2 * time.Hour / 3)
	a = here.Get("/account/sessions")
	wantPage(t, a, 200, "Signed in on 2 devices", "Sign out everywhere else", "just now")
	list := articles(a)
	if len(list) != 2 || !strings.Contains(list[0], "This device") || strings.Contains(list[0], ">New<") {
		t.Fatalf("the sessions: %q", list)
	}
	for _, want := range []string{"Safari on iPhone", ">New<", "40 minutes ago", ` UTC">`, html.EscapeString(iPhone), "No, not me", "Sign out <bdi>Safari on iPhone</bdi>"} {
		if !strings.Contains(list[1], want) {
			t.Errorf("the other one does not say %q: %s", want, list[1])
		}
	}
	to := action(t, list[1], "end")
	wantRedirect(t, here.Post(to, nil), "/account/sessions")
	a = here.Get("/account/sessions")
	if got := flashes(a); len(got) != 1 || got[0] != "Safari on iPhone is signed out." || !strings.Contains(a.Body, `role="status"`) {
		t.Errorf("told: %q", got)
	}
	wantPage(t, a, 200, "You are signed in only here.")
	wantRedirect(t, there.Get("/account/sessions"), "/login?next=%2Faccount%2Fsessions")
	wantRedirect(t, here.Post(to, nil), "/account/sessions") // sent twice
	if got := flashes(here.Get("/account/sessions")); len(got) != 1 || got[0] != "That device was signed out already." {
		t.Errorf("sent twice, told: %q", got)
	}
	// This one.
	to = action(t, articles(here.Get("/account/sessions"))[0], "end")
	old := here.Clone()
	a = here.Post(to, nil)
	wantRedirect(t, a, "/login")
	if a.Header.Get("Clear-Site-Data") == "" || a.Cookie("__Host-session") == nil {
		t.Errorf("headers %v", a.Header)
	}
	if got := flashes(here.Get("/login")); len(got) != 1 || got[0] != "You are signed out." {
		t.Errorf("told: %q", got)
	}
	wantRedirect(t, old.Get("/"), "/login")
}

// TestNotMe: ends it, and says what to do.
func TestNotMe(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, thief := signedInWith(t, s, ada, firefox), signedInWith(t, s, ada, "curl/8.5.0")
	to := action(t, articles(here.Get("/account/sessions"))[1], "disown")
	wantRedirect(t, here.Post(to, nil), "/account/sessions/disowned")
	a := here.Get("/account/sessions/disowned")
	wantPage(t, a, 200, "Choose a new password", `href="/account/password"`, "/account/sessions/end-others")
	if got := flashes(a); len(got) != 1 || got[0] != "Program curl is signed out." {
		t.Errorf("told: %q", got)
	}
	wantRedirect(t, thief.Get("/"), "/login")
	if e := s.Activities(book.ActionSessionDisowned); len(e) != 1 || e[0].User != ada.ID {
		t.Errorf("entered: %+v", e)
	}
	wantRedirect(t, here.Post(to, nil), "/account/sessions/disowned")
}

// TestEndMany: the page before names what ends; the count survives the redirect.
func TestEndMany(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here := signedInWith(t, s, ada, firefox)
	there, third := signedInWith(t, s, ada, iPhone), signedInWith(t, s, ada, "curl/8.5.0")
	a := here.Get("/account/sessions/end-others")
	wantPage(t, a, 200, "These 2 devices are signed out at once:", "Safari on iPhone", "Program curl")
	if strings.Contains(a.Body, "This device") || strings.Contains(a.Body, "current_password") {
		t.Error("this device is among the others, or the password is asked for")
	}
	wantRedirect(t, here.Post("/account/sessions/end-others", nil), "/account/sessions")
	if got := flashes(here.Get("/account/sessions")); len(got) != 1 || got[0] != "2 other devices are signed out." {
		t.Errorf("told: %q", got)
	}
	wantRedirect(t, there.Get("/"), "/login")
	wantRedirect(t, third.Get("/"), "/login")
	wantPage(t, here.Get("/account/sessions/end-others"), 200, "You are signed in only here.")
	wantRedirect(t, here.Post("/account/sessions/end-others", nil), "/account/sessions")
	if got := flashes(here.Get("/account/sessions")); len(got) != 1 || got[0] != "You were signed in only here." {
		t.Errorf("told: %q", got)
	}

	there = signedInWith(t, s, ada, iPhone)
	wantPage(t, here.Get("/account/sessions/end-all"), 200, "These 2 devices are signed out at once:", "This device", "Safari on iPhone")
	wantRedirect(t, here.Post("/account/sessions/end-all", nil), "/login")
	if got := flashes(here.Get("/login")); len(got) != 1 || got[0] != "You are signed out everywhere: 2 devices." {
		t.Errorf("told: %q", got)
	}
	wantRedirect(t, there.Get("/"), "/login")
}

// TestEndManyAsksForPassword: of who signed in more than ten minutes ago.
func TestEndManyAsksForPassword(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/account/sessions/end-others", "/account/sessions/end-all"} {
		s := sitetest.New(t)
		ada := s.Developer("Ada", account.Member)
		here, there := signedInWith(t, s, ada, firefox), signedInWith(t, s, ada, iPhone)
		s.Clock.Turn(10*time.Minute + time.Second)
		wantPage(t, here.Get(path), 200, `name="current_password"`, `autocomplete="current-password"`, `value="ada@example.org"`)
		a := here.Post(path, nil)
		wantPage(t, a, 422, "Please enter your password", `href="#current_password"`, "Safari on iPhone")
		a = here.Post(path, url.Values{"current_password": {wrong}})
		wantPage(t, a, 422, "The current password is not right.")
		if strings.Contains(a.Body, wrong) {
			t.Error("the page repeats the password")
		}
		if there.Get("/").Status != http.StatusOK {
			t.Fatal("ended without a proof")
		}
		if a := here.Post(path, url.Values{"current_password": {sitetest.Password}}); a.Status != http.StatusSeeOther {
			t.Errorf("with the password: %d", a.Status)
		}
		wantRedirect(t, there.Get("/"), "/login")
	}
}

// TestHostileAgents: whatever a browser says of itself is text, and not much of it.
func TestHostileAgents(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here := signedInWith(t, s, ada, firefox)
	for _, agent := range []string{
		`"><script>alert(1)</script>`, "<img src=x onerror=alert(1)>/1", strings.Repeat("W", 10_000),
		"Firefox/1 \u202e\u2066evil\u200b", "' OR 1=1 --", "\xff\xfe/1",
	} {
		signedInWith(t, s, ada, agent)
	}
	a := here.Get("/account/sessions")
	wantPage(t, a, 200, "Signed in on 7 devices")
	for _, bad := range []string{"<script>alert", "<img", "\u202e", "\u2066", strings.Repeat("W", 600)} {
		if strings.Contains(a.Body, bad) {
			t.Errorf("the page holds %.40q", bad)
		}
	}
}

// TestSessionsBelow: links and forms have the site's prefix.
func TestSessionsBelow(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.URL = sitetest.URL + "/in/door" })
	ada := s.Developer("Ada", account.Member)
	here := s.SignedInAt("/in/door", ada)
	s.SignedInAt("/in/door", ada)
	a := here.Get("/in/door/account/sessions")
	wantPage(t, a, 200, "Signed in on 2 devices")
	if m := regexp.MustCompile(`(?:href|action)="(/[^"]*)"`).FindAllStringSubmatch(a.Body, -1); len(m) == 0 {
		t.Error("no links")
	} else {
		for _, link := range m {
			if !strings.HasPrefix(link[1], "/in/door/") {
				t.Errorf("%s leads out of the site", link[1])
			}
		}
	}
	wantRedirect(t, here.Post(action(t, articles(a)[1], "end"), nil), "/in/door/account/sessions")
	wantRedirect(t, here.Post("/in/door/account/sessions/end-all", nil), "/in/door/login")
}
