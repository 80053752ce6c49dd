package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestDashboard: who one is, the way out, and the newest entries: one's own, or everybody's for an
// admin.
func TestDashboard(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	now := s.Clock.Now()
	for i := range 60 {
		user := ada.ID
		if i%2 == 0 {
			user = ""
		}
		e := book.Entry{
			ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: fmt.Sprintf("/seen/%d", i), Status: 200,
			User: user, ClientAddr: fmt.Sprintf("198.51.100.%d", i),
		}
		if err := s.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	member, admin := s.SignedIn(ada), s.SignedIn(root)
	a := member.Get("/")
	wantPage(t, a, 200, "Ada", "Sign out", "/seen/59", "198.51.100.59")
	for _, foreign := range []string{"/seen/58", "198.51.100.58", "Root"} {
		if strings.Contains(a.Body, foreign) {
			t.Errorf("a member sees %q", foreign)
		}
	}
	if strings.Contains(a.Body, "/seen/1<") || strings.Contains(a.Body, ada.PasswordHash) {
		t.Error("the oldest are shown, or a hash")
	}
	wantPage(t, admin.Get("/"), 200, "Root", "/seen/58", "/seen/59")
	if a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Cookie") {
		t.Errorf("headers %v", a.Header)
	}
}

// TestDashboardOfApplications: an entry says to which application, and why it was refused.
func TestDashboardOfApplications(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	now := s.Clock.Now()
	for _, e := range []book.Entry{
		{Method: "GET", URL: "/page", Status: 200, Application: "Wiki", Host: "wiki.example.org", Rule: "rule 1: signed in"},
		{Method: "GET", URL: "/admin", Status: 403, Application: "Git", Rule: "rule 3: group ops", Action: book.RequestRefused},
		{Application: "Wiki", Action: book.RequestOfAssets, Text: "142 images of Wiki"},
	} {
		e.ID, e.Type, e.CreatedAt, e.User, e.UserName = id.New(now), book.Request, now, ada.ID, "Ada"
		if err := s.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	wantPage(t, s.SignedIn(ada).Get("/"), 200,
		"In <bdi>Wiki</bdi> (<bdi>wiki.example.org</bdi>)",
		"Refused in <bdi>Git</bdi>: <bdi>rule 3: group ops</bdi>",
		"<bdi>142 images of Wiki</bdi>")
}

// TestDashboardEscapes: what strangers choose is text on the page.
func TestDashboardEscapes(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.SignedIn(s.Developer("Root", account.Admin))
	v := s.Visitor()
	for _, payload := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'-alert(1)-'`, `</script><svg onload=alert(1)>`, "javascript:alert(1)",
		"\u202egro.live", "\x1b[2J", "a\nINFO forged",
	} {
		v.Get("/" + url.PathEscape(payload) + "?" + url.QueryEscape(payload) + "=" + url.QueryEscape(payload))
		r := newcomer("Eve")
		r.Set("email", payload)
		v.Get("/register")
		v.Post("/auth/register", r)
		v.SignIn(payload, payload)
		a := root.Get("/")
		for _, code := range []string{"<script>alert", "<img", "<svg onload", "onerror=alert(1)>", "\u202e", "\x1b", `href="javascript`} {
			if strings.Contains(a.Body, code) {
				t.Errorf("the page holds %q", code)
			}
		}
		if strings.Contains(payload, "alert(1)") && !strings.Contains(a.Body, "alert(1)") {
			t.Errorf("%q is not shown at all", payload)
		}
	}
}

// TestFlash: a message is shown once, to one page, and not on one that nobody reads.
func TestFlash(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	v.Post("/auth/logout", nil)
	if a := v.Do("HEAD", "/login", ""); a.Status != http.StatusOK || a.Body != "" && len(flashes(a)) > 0 {
		t.Errorf("HEAD: %d %q", a.Status, flashes(a))
	}
	if list := flashes(v.Get("/nowhere")); len(list) != 0 {
		t.Errorf("an error page shows %q", list)
	}
	v.Get("/healthz")
	v.JSON("GET", "/developers", "")
	tab := v.Clone()
	if list := flashes(v.Get("/login")); len(list) != 1 {
		t.Errorf("the first page shows %q", list)
	}
	if list := append(flashes(v.Get("/login")), flashes(tab.Get("/login"))...); len(list) != 0 {
		t.Errorf("further pages show %q", list)
	}
}

// TestLimits: what is too long is refused before it costs anything.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	v.Get("/login")
	many := url.Values{}
	for i := range 10_001 {
		many.Set(fmt.Sprintf("k%d", i), "")
	}
	for name, c := range map[string]struct {
		form url.Values
		want []int
	}{
		"a password of 50 KB":  {credentials("a@example.org", strings.Repeat("x", 50<<10)), []int{422}},
		"a password of 1 MB":   {credentials("a@example.org", strings.Repeat("x", 1<<20)), []int{413}},
		"an address of 1 MB":   {credentials(strings.Repeat("x", 1<<20), "x"), []int{413}},
		"10,001 fields":        {many, []int{400, 403, 413}},
		"a field twice":        {url.Values{"email": {"a@example.org", "b@example.org"}, "password": {"x"}}, []int{400}},
		"a list":               {url.Values{"email[]": {"a@example.org"}, "password": {"x"}}, []int{422}},
		"not UTF-8":            {credentials("\xff\xfe@example.org", "\xff"), []int{422}},
		"in the address alone": {nil, []int{422}},
	} {
		before := s.Parts.Passwords.Computed()
		a := v.Post("/auth/login?email=a@example.org&password=x", c.form)
		ok := false
		for _, want := range c.want {
			ok = ok || a.Status == want
		}
		if !ok {
			t.Errorf("%s: %d, want %v", name, a.Status, c.want)
		}
		if n := s.Parts.Passwords.Computed() - before; a.Status != 422 && n != 0 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	for _, body := range []string{"%zz", "email=%zz", "a;b", strings.Repeat("&", 1000), "=", "\x00\xff"} {
		a := v.Do("POST", "/auth/login", body, "Content-Type", "application/x-www-form-urlencoded")
		if a.Status < 400 || a.Status >= 500 {
			t.Errorf("body %q: %d", body, a.Status)
		}
	}
}

// TestErrorPages: a person gets a page that says what is wrong, what to quote, and where to go on.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.SignedIn(s.Developer("Root", account.Admin))
	for name, a := range map[string]*sitetest.Answer{
		"404": s.Visitor().Get("/nowhere"), "404 signed in": root.Get("/nowhere"), "403": s.Visitor().Post("/auth/login", credentials("a", "b")),
		"405": s.Visitor().Do("PUT", "/login", ""), "413": root.Post("/auth/logout", url.Values{"x": {strings.Repeat("x", 1<<20)}}),
	} {
		wantPage(t, a, a.Status, a.Header.Get("X-Request-Id"))
		if a.Status < 400 || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", name, a.Status, a.Header.Get("Cache-Control"))
		}
		if signedIn := strings.Contains(name, "signed in"); signedIn != strings.Contains(a.Body, "Sign out") && name != "413" {
			t.Errorf("%s: the way out is shown: %v", name, !signedIn)
		}
	}
}
