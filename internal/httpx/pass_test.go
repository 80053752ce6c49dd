package httpx_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const pages = "/.doorbook"

// application stands in for an application and the way to it: it says what was carried.
type application struct {
	mu      sync.Mutex
	carried []gate.Carry
}

func (a *application) Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.carried = append(a.carried, *c)
	w.Header().Set("Cache-Control", "max-age=60")
	_, _ = io.WriteString(w, "the application's "+r.URL.RequestURI())
}

// last is what was carried last, and how much was.
func (a *application) last() (gate.Carry, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.carried) == 0 {
		return gate.Carry{}, 0
	}
	return a.carried[len(a.carried)-1], len(a.carried)
}

// behind is a site with one application of every host, by those rules.
func behind(t *testing.T, rules ...gate.Rule) (*sitetest.Site, *application) {
	t.Helper()
	app := &application{}
	if len(rules) == 0 {
		rules = gate.Everybody()
	}
	return before(t, nil, rules, func(p *server.Parts) { p.Proxy = app }), app
}

// TestPass: signed out, signed in, back where one wanted to be with the whole query, and the
// application's answer as it gave it.
func TestPass(t *testing.T) {
	t.Parallel()
	s, app := behind(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	const page = "/page/%2Fa?q=1&b=%26%20&c=a+b"
	a := v.Get(page, "Sec-Fetch-Mode", "navigate")
	want := pages + "/login?next=" + url.QueryEscape(page)
	if a.Status != http.StatusSeeOther || a.Location() != want || a.Header.Get("Content-Security-Policy") == "" || len(a.Sent) > 0 {
		t.Fatalf("a stranger: %d to %q, want %q; cookies %v", a.Status, a.Location(), want, a.Sent)
	}
	if _, n := app.last(); n > 0 {
		t.Fatal("a stranger's request was carried")
	}
	v.Get(a.Location())
	a = v.Post(pages+"/auth/login", url.Values{"email": {ada.Email}, "password": {sitetest.Password}, "next": {page}})
	if a.Status != http.StatusSeeOther || a.Location() != page {
		t.Fatalf("signed in: %d to %q\n%s", a.Status, a.Location(), a.Body)
	}
	if v.Cookies["__Host-doorbook"] == "" || v.Cookies["__Host-doorbook-device"] == "" {
		t.Errorf("cookies %v", v.Cookies)
	}
	a = v.Get(page)
	c, _ := app.last()
	if a.Status != http.StatusOK || a.Body != "the application's "+page || c.Developer.ID != ada.ID || c.Shared || c.TookAuthorization ||
		c.App.Name != "Wiki" || c.Host != sitetest.Host || c.Scheme != "http" || c.ClientAddr != "192.0.2.1" || c.RequestID == "" {
		t.Errorf("signed in: %d %q, carried %+v", a.Status, a.Body, c)
	}
	for _, ours := range []string{"Content-Security-Policy", "X-Frame-Options", "Set-Cookie"} {
		if a.Header.Get(ours) != "" {
			t.Errorf("the application's answer has a %s of ours", ours)
		}
	}
	if a.Header.Get("Cache-Control") != "max-age=60" || a.Header.Get("X-Request-Id") != c.RequestID {
		t.Errorf("the answer's headers: %v", a.Header)
	}
	e := entryOf(t, s, a)
	if e.Application != "Wiki" || e.Host != sitetest.Host || e.Rule == "" || e.User != ada.ID || e.URL != "/page/%2Fa?q=[redacted]&b=[redacted]&c=[redacted]" {
		t.Errorf("entered as %+v", e)
	}
	for _, theirs := range []string{"/static/x", "/healthz", "/.well-known/change-password", "/login", "/.doorbookx"} {
		if a := v.Get(theirs); a.Body != "the application's "+theirs {
			t.Errorf("%s: %d %.80q", theirs, a.Status, a.Body)
		}
	}
	if a := v.Get(pages + "/"); a.Status != http.StatusOK || a.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("our own page: %d", a.Status)
	}
	v.Get(pages + "/account")
	if a := v.Post(pages+"/auth/logout", nil); a.Status != http.StatusSeeOther {
		t.Errorf("sign-out: %d\n%s", a.Status, a.Body)
	}
	if a := v.Get(page); a.Status != http.StatusSeeOther {
		t.Errorf("signed out: %d", a.Status)
	}
}

// TestR3: only a person who opens a page is sent to the sign-in page.
func TestR3(t *testing.T) {
	t.Parallel()
	s, app := behind(t)
	v := s.Visitor()
	for _, c := range []struct {
		path    string
		person  bool
		headers []string
	}{
		{"/", true, []string{"Sec-Fetch-Mode", "navigate", "Accept", "*/*"}},
		{"/", true, []string{"Accept", "text/html,application/xhtml+xml"}},
		{"/", false, []string{"Sec-Fetch-Mode", "cors", "Accept", "text/html"}},
		{"/", false, []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Accept", "image/png"}},
		{"/", false, []string{"Sec-Fetch-Mode", "websocket"}},
		{"/", false, []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Mode", "cors", "Accept", "text/html"}},
		{"/", false, []string{"Accept", "*/*"}},
		{"/", false, nil},
		{"/favicon.ico", false, []string{"Accept", "text/html"}},
	} {
		a := v.Do(http.MethodGet, c.path, "", c.headers...)
		want := http.StatusUnauthorized
		if c.person {
			want = http.StatusSeeOther
		}
		if a.Status != want || !c.person && !strings.HasPrefix(a.Body, `{"status":false`) || a.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%q: %d, want %d: %.80q", c.headers, a.Status, want, a.Body)
		}
	}
	if _, n := app.last(); n > 0 {
		t.Error("a stranger's request was carried")
	}
}

// TestR4: the way back of what was to be changed is its page, and nothing of it is sent again.
func TestR4(t *testing.T) {
	t.Parallel()
	s, _ := behind(t)
	v := s.Visitor()
	for from, want := range map[string]string{
		sitetest.URL + "/edit?id=1&x=2": "unsent=1&next=" + url.QueryEscape("/edit?id=1&x=2"),
		"http://evil.example/edit":      "unsent=1",
		"":                              "unsent=1",
	} {
		a := v.Do(http.MethodPost, "/save?secret=1", "text=x", "Sec-Fetch-Mode", "navigate", "Referer", from)
		if a.Status != http.StatusSeeOther || a.Location() != pages+"/login?"+want {
			t.Errorf("from %q: %d to %q", from, a.Status, a.Location())
		}
	}
	a := v.Get("/p?q=ä&x=\\", "Sec-Fetch-Mode", "navigate")
	if want := pages + "/login?next=" + url.QueryEscape("/p?q=%C3%A4&x=%5C"); a.Location() != want {
		t.Errorf("%q, want %q", a.Location(), want)
	}
}

// TestR16: a token of the scope passes, as Bearer and as the password of Basic; what is between the
// client and the application is left alone.
func TestR16(t *testing.T) {
	t.Parallel()
	s, app := behind(t, gate.Rule{Who: gate.SignedIn, Basic: true})
	ada := s.Developer("Ada", account.Member)
	good := s.Token(ada, account.ScopeApplications).Text
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	v := s.Visitor()
	for _, header := range []string{"Bearer " + good, basic("ada", good), basic("", good)} {
		a := v.Do(http.MethodGet, "/repo", "", "Authorization", header)
		if c, _ := app.last(); a.Status != http.StatusOK || c.Developer.ID != ada.ID || !c.TookAuthorization {
			t.Errorf("%q: %d %q", header, a.Status, a.Body)
		}
		if e := entryOf(t, s, a); e.TokenName != "deploy" || e.User != ada.ID {
			t.Errorf("entered as %+v", e)
		}
	}
	in := s.SignedInAt(pages, ada)
	_, before := app.last()
	for _, header := range []string{
		"Bearer " + account.NewTokenText(), basic("ada", account.NewTokenText()), basic("ada", "password"), "Bearer theirs",
	} {
		a := v.Do(http.MethodGet, "/repo", "", "Authorization", header)
		if a.Status != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, a.Status)
		}
	}
	for _, header := range [][]string{ // a good one, brought in a way that is none
		{"Bearer  " + good},
		{"Bearer\t" + good},
		{"token " + good},
		{good},
		{`Bearer "` + good + `"`},
		{basic(good, "")},
		{basic(good, "x-oauth-basic")},
		{basic("ada", "x"+good)},
		{"Bearer " + good, "Bearer " + good},
		{"Bearer theirs", basic("ada", good)},
	} {
		r := []string{}
		for _, line := range header {
			r = append(r, "Authorization", line)
		}
		for _, who := range []*sitetest.Visitor{v, in} {
			if a := who.Do(http.MethodGet, "/repo", "", r...); a.Status != http.StatusUnauthorized {
				t.Errorf("%q: %d", header, a.Status)
			}
		}
	}
	a := v.Do(http.MethodGet, "/repo", "", "Authorization", "Bearer "+s.Token(ada, account.ScopeRead).Text)
	if a.Status != http.StatusForbidden || !strings.Contains(a.Body, "lacks the scope applications") ||
		!strings.Contains(a.Header.Get("WWW-Authenticate"), "insufficient_scope") {
		t.Errorf("a token that is not for applications: %d %q", a.Status, a.Body)
	}
	if a := v.Do(http.MethodGet, "/repo", ""); a.Header.Get("WWW-Authenticate") == "" {
		t.Error("a rule for git asks for no password")
	}
	if _, n := app.last(); n != before {
		t.Error("a bad token was carried")
	}
	a = in.Do(http.MethodGet, "/repo", "", "Authorization", "Bearer theirs dbk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if c, _ := app.last(); a.Status != http.StatusOK || c.TookAuthorization {
		t.Errorf("beside a header of the application's: %d", a.Status)
	}
	// Beside a token of ours, good or not, a session is no second chance.
	if a := in.Do(http.MethodGet, "/repo", "", "Authorization", "Bearer "+account.NewTokenText()); a.Status != http.StatusUnauthorized {
		t.Errorf("a bad token beside a session: %d", a.Status)
	}
}

// TestShut: with the accounts' database away nobody passes.
func TestShut(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	app := &application{}
	g := &gate.Gate{Apps: []gate.App{{Name: "Wiki", Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "x"}}, Rules: gate.Everybody()}}}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Proxy = sitetest.URL+pages, func() *gate.Gate { return g }, app
		faults.Wrap(p)
	})
	v := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	if a := v.Get("/page"); a.Status != http.StatusOK {
		t.Fatalf("before: %d", a.Status)
	}
	_, before := app.last()
	faults.Plan(1, -1, sitetest.Error)
	for range 3 {
		if a := v.Get("/page"); a.Status != http.StatusServiceUnavailable {
			t.Errorf("without a database: %d\n%s", a.Status, a.Body)
		}
	}
	faults.Plan(0, 0, "")
	if _, n := app.last(); n != before {
		t.Error("something was carried")
	}
	if a := v.Get("/page"); a.Status != http.StatusOK {
		t.Errorf("afterwards: %d", a.Status)
	}
	if len(s.Activities(book.ActionSignIn)) != 1 {
		t.Error("somebody signed in anew")
	}
}

// broken stands in for the way to an application that does not answer.
type broken struct{}

func (broken) Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry) {
	c.Failed(w, r, errors.New("dial tcp 10.0.0.5:8000: connection refused"), false)
}

// TestUnreached: nobody is told where an application is, and the log is not flooded while it is away.
func TestUnreached(t *testing.T) {
	t.Parallel()
	g := &gate.Gate{Apps: []gate.App{{
		Name: "Wiki", Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "10.0.0.5:8000"}},
		Rules: []gate.Rule{{Who: gate.Anyone}},
	}}}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Proxy = sitetest.URL+pages, func() *gate.Gate { return g }, broken{}
	})
	ask := func(v *sitetest.Visitor) {
		t.Helper()
		a := v.Get("/page")
		if a.Status != http.StatusBadGateway || strings.Contains(a.Body, "10.0.0.5") || strings.Contains(a.Body, "refused") {
			t.Errorf("%d\n%s", a.Status, a.Body)
		}
	}
	told := func(want int, text string) {
		t.Helper()
		log := s.Log.String()
		if n := strings.Count(log, "gave no answer"); n != want || !strings.Contains(log, text) || !strings.Contains(log, "10.0.0.5") {
			t.Errorf("told %d times, want %d with %q:\n%s", n, want, text, log)
		}
	}
	stranger, ada := s.Visitor(), s.SignedInAt(pages, s.Developer("Ada", account.Member))
	for range 20 {
		ask(stranger)
		ask(ada)
	}
	told(1, `"not_told_before":0`) // of the first one, which sitetest.New asks
	s.Clock.Turn(10 * time.Second)
	ask(stranger)
	told(2, `"not_told_before":40`)
}
