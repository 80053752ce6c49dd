package web_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

// TestLogin: in and out, with the old key dead afterwards.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	wantRedirect(t, v.Get("/"), "/login")
	wantPage(t, v.Get("/login"), 200, "Sign in")
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password)), "/")
	wantPage(t, v.Get("/"), 200, "Ada")

	thief := v.Clone()
	wantRedirect(t, v.Post("/auth/logout", nil), "/login")
	if list := flashes(v.Get("/login")); len(list) != 1 || !strings.Contains(list[0], "signed out") {
		t.Errorf("messages %q", list)
	}
	wantRedirect(t, v.Get("/"), "/login")
	wantRedirect(t, thief.Get("/"), "/login")
	wantRedirect(t, v.Post("/auth/logout", nil), "/login") // once more does no harm
}

// TestLoginWrong: the form again, with what was typed but for the password.
func TestLoginWrong(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/login")
	for _, email := range []string{ada.Email, "nobody@example.org", "no address", `"><script>alert(1)</script>`, "\u202egro.elpmaxe"} {
		form := credentials(email, wrong)
		form.Set("next", "/developers?x=1")
		a := v.Post("/auth/login", form)
		wantPage(t, a, http.StatusUnprocessableEntity, door.WrongCredentials)
		if got, _ := value(a, "email"); got != email {
			t.Errorf("typed %q, kept %q", email, got)
		}
		if got, _ := value(a, "next"); got != "/developers?x=1" {
			t.Errorf("the way on is %q", got)
		}
		if _, ok := value(a, "password"); ok || strings.Contains(a.Body, wrong) {
			t.Error("the page holds the password")
		}
		if strings.Contains(a.Body, "<script>alert") {
			t.Error("what was typed is code")
		}
	}
	if n := records(t, s); n != 0 || v.Session() != "" {
		t.Errorf("%d records, cookie %q: strangers are to cost nothing", n, v.Session())
	}
	form := credentials(ada.Email, wrong)
	form.Set("next", "//evil.test")
	if next, ok := value(v.Post("/auth/login", form), "next"); ok {
		t.Errorf("the way on is %q", next)
	}
	// The page of an error still submits.
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password)), "/")
}

// TestLoginIncomplete: a form that is not filled in says what is missing, to people and programs,
// and is no attempt (P25).
func TestLoginIncomplete(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/login")
	for range account.DefaultGuessing().Network.Free {
		a := v.Post("/auth/login", credentials("", ""))
		wantPage(t, a, http.StatusUnprocessableEntity, "Please enter your e-mail address.")
		wantPage(t, a, http.StatusUnprocessableEntity, "Please enter your password.")
	}
	a := v.Post("/auth/login", credentials(ada.Email, ""), "Accept", "application/json")
	want := `"fields":{"password":"Please enter your password."}`
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, want) {
		t.Errorf("for a program: %d %s", a.Status, a.Body)
	}
	if list := s.Activities(book.ActionSignInFailed); len(list) != 0 {
		t.Errorf("%d attempts are entered", len(list))
	}
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password)), "/")
}

// TestLoginAlike: status, headers, cookies and body of every wrong attempt are the same but for the
// address typed.
func TestLoginAlike(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, gone := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	disabled := account.Disabled
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, gone.ID, account.Change{State: &disabled}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"text/html", "application/json"} {
		v := s.Visitor()
		v.Get("/login")
		attempt := func(email, password string) string {
			a := v.Post("/auth/login", credentials(email, password), "Accept", accept)
			a.Header.Del("X-Request-Id")
			body := strings.ReplaceAll(a.Body, email, "EMAIL")
			if m := strings.Index(body, "Request <code>"); m >= 0 {
				body = body[:m] + body[m+60:]
			}
			var lines []string
			for name, values := range a.Header {
				if name != "Content-Length" {
					lines = append(lines, name+": "+strings.Join(values, ","))
				}
			}
			slices.Sort(lines)
			return http.StatusText(a.Status) + body + strings.Join(lines, "\n")
		}
		want := attempt("nobo@example.org", sitetest.Password) // as long as the others
		for name, got := range map[string]string{
			"wrong": attempt(ada.Email, wrong), "disabled": attempt(gone.Email, sitetest.Password), "unknown again": attempt("none@example.org", wrong),
		} {
			if got != want {
				t.Errorf("%s, %s:\n%s\nwant\n%s", accept, name, got, want)
			}
		}
	}
}

// TestLoginThrottled: a human sentence with the wait in words, the wait for machines, and what was
// typed.
func TestLoginThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	v := s.Visitor()
	v.Get("/login")
	for range account.DefaultGuessing().Account.Free {
		v.Post("/auth/login", credentials(ada.Email, wrong))
	}
	a := v.Post("/auth/login", credentials(ada.Email, sitetest.Password))
	wantPage(t, a, http.StatusTooManyRequests, "Please wait 30 seconds")
	if a.Header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	if got, _ := value(a, "email"); got != ada.Email || strings.Contains(a.Body, sitetest.Password) {
		t.Errorf("kept %q", got)
	}
	a = v.Post("/auth/login", credentials(ada.Email, sitetest.Password), "Accept", "application/json")
	if a.Status != http.StatusTooManyRequests || !strings.HasPrefix(a.Body, `{"status":false,"error":"There were too many`) || a.Header.Get("Retry-After") == "" {
		t.Errorf("for a program: %d %s", a.Status, a.Body)
	}
	wantRedirect(t, v.Clone().Post("/auth/login", credentials(bob.Email, sitetest.Password)), "/")
	s.Clock.Turn(account.DefaultGuessing().Account.First)
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password)), "/")
}

// TestLoginBusy: while too many sign in at once the form keeps what was typed and says when to try
// again.
func TestLoginBusy(t *testing.T) {
	t.Parallel()
	hasher, began, release := passhashtest.Held(t, passhash.Config{Slots: 1, Queue: -1})
	s := sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
	v := s.Visitor()
	v.Get("/login")
	held := make(chan struct{})
	go func() { // a hash that takes its time
		defer close(held)
		_ = hasher.Decoy(context.Background(), "x")
	}()
	<-began
	a := v.Post("/auth/login", credentials("ada@example.org", wrong))
	wantPage(t, a, http.StatusServiceUnavailable, "Too many people are signing in")
	if got, _ := value(a, "email"); got != "ada@example.org" || a.Header.Get("Retry-After") != "5" {
		t.Errorf("kept %q, Retry-After %q", got, a.Header.Get("Retry-After"))
	}
	close(release)
	<-held
	if n := len(s.Entries(book.Error)); n != 0 {
		t.Errorf("%d error entries of what is no failure of ours", n)
	}
}

// TestLoginOutage: while a database is away, the accounts' or that of sessions, the form comes again
// with what was typed but for the password, and can be sent once more; what failed is entered.
func TestLoginOutage(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	token, err := s.Door.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in, root := credentials(ada.Email, sitetest.Password), newcomer("Root")
	in.Set("next", "/developers?x=1")
	root.Set("token", token)
	for _, c := range []struct {
		path string
		form url.Values
		away string
	}{
		{"/auth/login", in, "throttle.Take"},
		{"/auth/login", in, "accounts.ByEmail"},
		{"/auth/login", in, "sessions.Create"},
		{"/auth/register", newcomer("Eve"), "throttle.Take"},
		{"/setup", root, "accounts.SetupOpen"},
	} {
		v := s.Visitor()
		v.Get("/login")
		faults.Only(c.away, sitetest.Error)
		a := v.Post(c.path, c.form)
		faults.Only("", "")
		wantPage(t, a, http.StatusServiceUnavailable, "We cannot reach our records")
		if a.Header.Get("Retry-After") != "5" || strings.Contains(a.Body, "secret-place") || strings.Contains(a.Body, sitetest.Password) {
			t.Errorf("%s without %s: Retry-After %q, %s", c.path, c.away, a.Header.Get("Retry-After"), a.Body)
		}
		for _, name := range []string{"email", "name", "skills", "next", "token"} {
			if got, _ := value(a, name); got != c.form.Get(name) && !(c.path == "/setup" && name == "skills") {
				t.Errorf("%s without %s: %s is %q, was %q", c.path, c.away, name, got, c.form.Get(name))
			}
		}
		if list := s.Entries(book.Error); len(list) == 0 || list[0].RequestID != a.Header.Get("X-Request-Id") {
			t.Errorf("%s without %s: entries %+v", c.path, c.away, list)
		}
		// The page of an error still submits.
		if a := v.Post(c.path, c.form); a.Status != http.StatusSeeOther {
			t.Errorf("%s after %s: %d", c.path, c.away, a.Status)
		}
	}
}

// TestLoginProgram: a program is told what is wrong in JSON, with 401.
func TestLoginProgram(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/login")
	for _, email := range []string{ada.Email, "nobody@example.org"} {
		a := v.Post("/auth/login", credentials(email, wrong), "Accept", "application/json")
		if want := `{"status":false,"error":"` + door.WrongCredentials + `"}` + "\n"; a.Status != http.StatusUnauthorized || a.Body != want {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password), "Accept", "application/json"), "/")
}

// TestNext: after signing in people are where they wanted to be, and never on another site.
func TestNext(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	wantRedirect(t, v.Get("/?x=1&y=2"), "/login?next="+url.QueryEscape("/?x=1&y=2"))
	wantRedirect(t, v.Get("/?"+strings.Repeat("x", 2048)), "/login") // a redirect must fit where it is asked for again
	page := v.Get("/login?next=" + url.QueryEscape("/?x=1&y=2"))
	next, ok := value(page, "next")
	if !ok || next != "/?x=1&y=2" {
		t.Fatalf("the page leads on to %q", next)
	}
	for next, want := range map[string]string{
		next: next, "/developers?x=1": "/developers?x=1", "": "/",
		"//evil.test": "/", `/\evil.test`: "/", `\\evil.test`: "/", "https:evil": "/", "%2f%2fevil": "/", "/%2f/evil": "/",
		"/x\r\nSet-Cookie: a=b": "/", "/\u560d\u560aSet-Cookie: a=b": "/", "/login": "/", "/auth/logout": "/",
	} {
		v := s.Visitor()
		page := v.Get("/login?next=" + url.QueryEscape(next))
		if kept, _ := value(page, "next"); kept != "" && (kept[0] != '/' || strings.HasPrefix(kept, "//")) {
			t.Errorf("%q is put into the form as %q", next, kept)
		}
		form := credentials(ada.Email, sitetest.Password)
		form.Set("next", next)
		a := v.Post("/auth/login", form)
		wantRedirect(t, a, want)
		if a.Cookie("a") != nil {
			t.Errorf("%q sets a cookie", next)
		}
	}
}

// TestSignedInAtTheDoor: who is signed in has no business on the door's pages, and gets away from
// them in one step.
func TestSignedInAtTheDoor(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	for _, path := range []string{"/login", "/register"} {
		for referer, want := range map[string]string{
			"": "/", sitetest.URL + "/developers?x=1": "/developers?x=1", sitetest.URL + "/login": "/", sitetest.URL + "/register": "/",
			"https://evil.test/x": "/", "http://localhost:9090/x": "/",
		} {
			wantRedirect(t, v.Get(path, "Referer", referer), want)
		}
	}
	wantRedirect(t, v.Post("/auth/login", credentials("x", "y")), "/")
	wantRedirect(t, v.Post("/auth/register", newcomer("Eve")), "/")
	if len(developers(t, s)) != 1 {
		t.Error("somebody signed in has registered somebody")
	}
	for path, want := range map[string]string{"/auth/login": "/login", "/auth/register": "/register"} {
		wantRedirect(t, s.Visitor().Get(path), want)
	}
	wantPage(t, v.Get("/auth/logout"), 200, "Sign out?")
	if a := v.Get("/"); a.Status != http.StatusOK {
		t.Errorf("opening /auth/logout as a page has signed out: %d", a.Status)
	}
}

// TestStrangersCostNothing: looking around makes no record, and no session cookie.
func TestStrangersCostNothing(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	for _, path := range []string{"/", "/login", "/register", "/nowhere", "/developers", "/setup", "/login"} {
		v.Get(path)
	}
	v.Post("/auth/register", url.Values{"name": {"x"}})
	v.Post("/auth/login", url.Values{})
	if n := records(t, s); n != 0 || v.Session() != "" {
		t.Errorf("%d records, session cookie %q", n, v.Session())
	}
	if len(v.Cookies) != 1 {
		t.Errorf("cookies %v, want the form's alone", v.Cookies)
	}
	before := maps.Clone(v.Cookies)
	if v.Get("/login"); !maps.Equal(v.Cookies, before) {
		t.Error("each page has a cookie of its own, so that two tabs are in each other's way")
	}
}

// TestPlainCookie: on a plain address cookies are plain.
func TestPlainCookie(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Secure, p.URL = false, "http://10.1.2.3:8080" })
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/login")
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password), "Origin", "http://"+sitetest.Host), "/")
	if v.Cookies["session"] == "" || v.Cookies["device"] == "" {
		t.Errorf("cookies %v", v.Cookies)
	}
}

// TestCookieTwice: who is kept out by another program's cookie of the same name reads so, in place of
// the form over and over.
func TestCookieTwice(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Secure, p.URL = false, "http://10.1.2.3:8080" })
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	at := []string{"Host", "10.1.2.3:8080", "Origin", "http://10.1.2.3:8080", "Referer", "http://10.1.2.3:8080/login"}
	foreign := append([]string{"Cookie", "session=eyJhIjoxfQ.aSxx.another-programs"}, at...)
	v.Get("/login", foreign...)
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password), foreign...), "/")
	wantPage(t, v.Get("/", foreign...), http.StatusForbidden, "two cookies named “session”", "DOORBOOK_COOKIE_PREFIX")
	wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password), at...), "/") // without the other one
	wantPage(t, v.Get("/", at...), 200, "Ada")
}

// TestCookiesLost: whoever's browser keeps no cookie reads what helps in their case: before the
// sign-in where the browser does not say where the form comes from, else after it.
func TestCookiesLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, host string
		secure    bool
		says      string
	}{
		{"http://localhost:8080", "localhost:8080", true, "DOORBOOK_COOKIE_SECURE=never"},
		{"http://localhost:8080", "[::1]:8080", true, "DOORBOOK_COOKIE_SECURE=never"},
		{"http://localhost:8080", "nas.lan", true, "You came to http://nas.lan, which Doorbook was not told of. Whoever runs it sets DOORBOOK_PUBLIC_URL"},
		{"https://door.example.org", "10.1.2.3", true, "The address of this site is https://door.example.org: open it there."},
		{"https://door.example.org", "Door.example.org", true, "Allow cookies for this site, and load the page again."},
		{"http://10.1.2.3:8080", "10.1.2.3:8080", false, "Allow cookies for this site, and load the page again."},
	} {
		s := sitetest.New(t, func(p *server.Parts) { p.Secure, p.URL, p.HTTPS = c.secure, c.url, strings.HasPrefix(c.url, "https:") })
		ada := s.Developer("Ada", account.Member)
		at := []string{"Host", c.host, "Origin", "http://" + c.host, "Referer", "http://" + c.host + "/login"}
		old := s.Visitor()
		old.Old = true
		old.Get("/login", at...)
		old.Cookies = map[string]string{}
		wantPage(t, old.Post("/auth/login", credentials(ada.Email, sitetest.Password), "Host", c.host), http.StatusForbidden, c.says)

		v := s.Visitor()
		v.Get("/login", at...)
		v.Cookies = map[string]string{}
		wantRedirect(t, v.Post("/auth/login", credentials(ada.Email, sitetest.Password), at...), "/")
		signedIn := maps.Clone(v.Cookies)
		v.Cookies = map[string]string{}
		wantPage(t, v.Get("/", at...), http.StatusForbidden, c.says)
		v.Cookies = signedIn
		wantPage(t, v.Get("/", at...), 200, "Ada")

		// Who only looks around is sent to the form: from elsewhere, and with the form's cookie.
		wantRedirect(t, s.Visitor().Get("/", "Host", c.host), "/login")
		w := s.Visitor()
		w.Get("/login", at...)
		wantRedirect(t, w.Get("/", at...), "/login")
	}
}
