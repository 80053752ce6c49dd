package httpx_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

func credentials(email string) url.Values {
	return url.Values{"email": {email}, "password": {sitetest.Password}}
}

func with(form url.Values, name string, values ...string) url.Values {
	c := url.Values{name: values}
	for k, v := range form {
		c[k] = v
	}
	return c
}

// TestFormToken: a form is good for the visitor it was made for, and in the body alone.
func TestFormToken(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	ada, bob := c.SignedIn(c.ada), c.SignedIn(c.bob)
	again := c.SignedIn(c.ada)
	stranger, other := c.Visitor(), c.Visitor()
	stranger.Get("/login")
	other.Get("/login")
	before := c.Visitor() // who has a form from before the sign-in
	before.Get("/login")
	early := before.Token
	if a := before.Post("/auth/login", credentials(c.ada.Email)); a.Status != http.StatusSeeOther {
		t.Fatalf("sign-in: %d", a.Status)
	}
	tokens := []string{ada.Token, bob.Token, again.Token, stranger.Token, other.Token, early}
	if slices.Sort(tokens); len(slices.Compact(tokens)) != 6 {
		t.Fatalf("tokens are alike: %q", tokens)
	}
	out := func(v *sitetest.Visitor, target string, token ...string) func() *sitetest.Answer {
		return func() *sitetest.Answer { return v.Post(target, url.Values{"csrf_token": token}) }
	}
	in := func(v *sitetest.Visitor, token ...string) func() *sitetest.Answer {
		return func() *sitetest.Answer {
			return v.Post("/auth/login", with(credentials(c.ada.Email), "csrf_token", token...))
		}
	}
	flipped := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 32
		}
		return r
	}, ada.Token)
	for _, v := range []*sitetest.Visitor{ada, before, stranger} {
		v.Old = true // the token counts where a browser says nothing of where it stands
	}
	refused := map[string]func() *sitetest.Answer{
		"signed in, of somebody else":        out(ada, "/auth/logout", bob.Token),
		"signed in, of one's other session":  out(ada, "/auth/logout", again.Token),
		"signed in, a stranger's":            out(ada, "/auth/logout", stranger.Token),
		"signed in, from before the sign-in": out(before, "/auth/logout", early),
		"signed in, empty":                   out(ada, "/auth/logout", ""),
		"signed in, none":                    out(ada, "/auth/logout"),
		"signed in, in the address":          out(ada, "/auth/logout?csrf_token="+url.QueryEscape(ada.Token), ""),
		"signed in, in the address, no field": func() *sitetest.Answer {
			return ada.Do("POST", "/auth/logout?csrf_token="+ada.Token, "a=b", "Content-Type", "application/x-www-form-urlencoded")
		},
		"signed in, longer":        out(ada, "/auth/logout", ada.Token+"AAAA"),
		"signed in, shorter":       out(ada, "/auth/logout", ada.Token[4:]),
		"signed in, in other case": out(ada, "/auth/logout", flipped),
		"signed in, as a list": func() *sitetest.Answer {
			return ada.Post("/auth/logout", url.Values{"csrf_token": {""}, "csrf_token[]": {ada.Token}})
		},
		"signed out, of another browser":      in(stranger, other.Token),
		"signed out, somebody's":              in(stranger, ada.Token),
		"signed out, empty":                   in(stranger, ""),
		"signed out, without the cookie":      in(old(c.Visitor()), stranger.Token),
		"signed out, with an invented cookie": in(old(invented(c, stranger)), stranger.Token),
		"signed out, on the registration": func() *sitetest.Answer {
			return stranger.Post("/auth/register", url.Values{"csrf_token": {other.Token}})
		},
		"signed out, on the setup": func() *sitetest.Answer { return stranger.Post("/setup", url.Values{"csrf_token": {other.Token}}) },
	}
	for name, ask := range refused {
		t.Run(name, func(t *testing.T) {
			entered := len(c.Activities(book.ActionFormTokenRefused))
			a := ask()
			if a.Status != http.StatusForbidden || a.Cookie("__Host-session") != nil {
				t.Errorf("status %d, cookies %v", a.Status, a.Sent)
			}
			if n := len(c.Activities(book.ActionFormTokenRefused)) - entered; n != 1 {
				t.Errorf("%d entries of the refusal", n)
			}
			e := entryOf(t, c.Site, a)
			for _, token := range tokens {
				if strings.Contains(e.URL+e.Body, token) {
					t.Errorf("the entry holds a token: %s %s", e.URL, e.Body)
				}
			}
		})
	}
	if a := ada.Post("/auth/logout", url.Values{"csrf_token": {ada.Token, bob.Token}}); a.Status != http.StatusBadRequest {
		t.Errorf("two tokens: %d", a.Status)
	}
	// A cookie that is not ours counts as none: the page brings a new one.
	for _, v := range []*sitetest.Visitor{invented(c, stranger), c.Visitor()} {
		if a := v.Get("/login"); len(formCookies(a)) != 1 {
			t.Error("an invented cookie is taken")
		}
	}
	if a := stranger.Get("/login"); len(formCookies(a)) != 0 {
		t.Error("a good cookie is replaced")
	}
	// And still everybody is who they were, and the right tokens work.
	if a := ada.Get("/"); a.Status != http.StatusOK || !strings.Contains(a.Body, "Ada") {
		t.Errorf("Ada: %d", a.Status)
	}
	if a := stranger.Post("/auth/login", credentials(c.ada.Email)); a.Status != http.StatusSeeOther {
		t.Errorf("the right token: %d", a.Status)
	}
}

// old is a browser that does not say which page a form came from.
func old(v *sitetest.Visitor) *sitetest.Visitor {
	v.Old = true
	return v
}

func invented(c *cast, v *sitetest.Visitor) *sitetest.Visitor {
	w := c.Visitor()
	for name, value := range v.Cookies {
		w.Cookies[name] = strings.Repeat("A", len(value))
	}
	return w
}

// formCookies gives the cookies of an answer that tie forms to a stranger's browser.
func formCookies(a *sitetest.Answer) (list []*http.Cookie) {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasPrefix(c.Name, "__Host-form-") {
			list = append(list, c)
		}
	}
	return list
}

// TestFormTokenTabs: of pages that a browser without cookies asks for at once, as restored tabs do,
// each submits (P6); those of another browser do not.
func TestFormTokenTabs(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	const tabs = 4
	var tokens []string
	browser, other := old(c.Visitor()), old(c.Visitor())
	other.Get("/login")
	for range tabs {
		tab := c.Visitor() // none of them has what the others' answers bring
		tab.Get("/login")
		tokens = append(tokens, tab.Token)
		maps.Copy(browser.Cookies, tab.Cookies)
	}
	if len(browser.Cookies) != tabs {
		t.Fatalf("cookies %v, want one of each tab", browser.Cookies)
	}
	for i, token := range tokens {
		form := with(credentials(c.ada.Email), "csrf_token", token)
		if a := browser.Clone().Post("/auth/login", form); a.Status != http.StatusSeeOther {
			t.Errorf("tab %d: %d", i, a.Status)
		}
		if a := other.Clone().Post("/auth/login", form); a.Status != http.StatusForbidden {
			t.Errorf("tab %d sent by another browser: %d", i, a.Status)
		}
	}
	form := with(credentials(c.ada.Email), "csrf_token", other.Token)
	if a := browser.Clone().Post("/auth/login", form); a.Status != http.StatusForbidden {
		t.Errorf("a form of another browser: %d", a.Status)
	}
	// A page that comes later has the token of a cookie that is there, and brings none.
	if a := browser.Get("/login"); len(formCookies(a)) != 0 || !slices.Contains(tokens, browser.Token) {
		t.Errorf("one more page brings %v", formCookies(a))
	}
	// A cookie counts under its own name alone.
	moved := old(c.Visitor())
	for _, value := range other.Cookies {
		moved.Cookies["__Host-form-00000000"] = value
	}
	form = with(credentials(c.ada.Email), "csrf_token", other.Token)
	if a := moved.Post("/auth/login", form); a.Status != http.StatusForbidden {
		t.Errorf("a cookie under another name: %d", a.Status)
	}
}

// TestFormTokenKeys: a page left open over a restart with a new key submits while the old key is
// kept, and no longer afterwards.
func TestFormTokenKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring := func(secrets ...string) func(*server.Parts) {
		return func(p *server.Parts) {
			var all [][]byte
			for _, s := range secrets {
				all = append(all, []byte(s))
			}
			keys, err := session.NewKeyRing(all...)
			if err != nil {
				t.Fatal(err)
			}
			p.Keys = keys
		}
	}
	const next = "the next key, made on another day, 987654321"
	s := sitetest.Open(t, dir)
	ada := s.Developer("Ada", "member")
	stranger, member := old(s.Visitor()), old(s.SignedIn(ada))
	stranger.Get("/login")

	kept := sitetest.Open(t, dir, ring(next, sitetest.Secret))
	kept.Clock.Turn(24 * time.Hour)
	if a := stranger.At(kept.Handler).Post("/auth/login", credentials(ada.Email)); a.Status != http.StatusSeeOther {
		t.Errorf("a day later, with the old key kept: %d", a.Status)
	}
	kept = sitetest.Open(t, dir, ring(next, sitetest.Secret))
	if a := member.At(kept.Handler).Post("/auth/logout", nil); a.Status != http.StatusSeeOther || a.Location() != "/login" {
		t.Errorf("signed in, with the old key kept: %d %s", a.Status, a.Location())
	}
	gone := sitetest.Open(t, dir, ring(next))
	if a := stranger.At(gone.Handler).Post("/auth/login", credentials(ada.Email)); a.Status != http.StatusForbidden {
		t.Errorf("with the old key gone: %d", a.Status)
	}
}

// TestCrossOrigin: what another site makes a browser send changes nothing, token or not.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	forgeries := map[string][]string{
		"cross-site":              {"Sec-Fetch-Site", "cross-site"},
		"cross-site, Origin ours": {"Sec-Fetch-Site", "cross-site", "Origin", sitetest.URL},
		"same-site":               {"Sec-Fetch-Site", "same-site", "Origin", "http://evil.localhost:8080"},
		"nonsense":                {"Sec-Fetch-Site", "x"},
		"only Origin":             {"Origin", "https://evil.test"},
		"Origin null":             {"Origin", "null"},
		"another port":            {"Origin", "http://localhost:9090"},
		"Origin that begins so":   {"Origin", "http://localhost:8080.evil.test"},
	}
	targets := []struct{ method, path, contentType, body string }{
		{"POST", "/auth/logout", "application/x-www-form-urlencoded", "csrf_token=" + url.QueryEscape(root.Token)},
		{"POST", "/auth/login", "application/x-www-form-urlencoded", "csrf_token=" + url.QueryEscape(root.Token)},
		{"POST", "/auth/register", "application/x-www-form-urlencoded", "csrf_token=" + url.QueryEscape(root.Token)},
		{"POST", "/setup", "application/x-www-form-urlencoded", "csrf_token=" + url.QueryEscape(root.Token)},
		{"POST", "/developers", "application/json", `{"name":"Eve","email":"eve@example.org","password":"` + sitetest.Password + `"}`},
		{"PATCH", "/developers/" + c.ada.ID, "application/json", `{"role":"admin"}`},
		{"DELETE", "/developers/" + c.ada.ID, "", ""},
		{"PUT", "/logs/" + c.ada.ID, "", ""},
		{"DELETE", "/logs/" + c.ada.ID + "/", "", ""},
		{"POST", "/nowhere", "text/plain", "x"},
	}
	for name, headers := range forgeries {
		for _, target := range targets {
			entered := len(c.Activities(book.ActionCrossOriginRefused))
			h := headers
			if target.contentType != "" {
				h = append(slices.Clone(headers), "Content-Type", target.contentType)
			}
			for who, v := range map[string]*sitetest.Visitor{"the admin": root, "a stranger": c.Visitor()} {
				if a := v.Do(target.method, target.path, target.body, h...); a.Status != http.StatusForbidden || len(a.Sent) > 0 {
					t.Errorf("%s: %s %s by %s: %d, cookies %v", name, target.method, target.path, who, a.Status, a.Sent)
				}
			}
			if n := len(c.Activities(book.ActionCrossOriginRefused)) - entered; n != 2 {
				t.Errorf("%s: %s %s: %d entries of refusals, want 2", name, target.method, target.path, n)
			}
		}
	}
	list, err := c.DB.Accounts().List(t.Context(), "", 10)
	if ada, e := c.DB.Accounts().ByID(t.Context(), c.ada.ID); err != nil || e != nil || len(list) != 3 || ada.Role != c.ada.Role {
		t.Errorf("something has changed: %d accounts, %+v, %v, %v", len(list), ada, err, e)
	}
	if a := root.Get("/"); a.Status != http.StatusOK {
		t.Errorf("the admin was signed out: %d", a.Status)
	}
	// Without the browser's word a form needs its token all the same, and JSON is let through: no
	// page can send it so.
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if a := root.Do("POST", "/auth/logout", "a=b", form...); a.Status != http.StatusForbidden {
		t.Errorf("a form without a token: %d", a.Status)
	}
	if a := root.JSON("PATCH", "/developers/"+c.ada.ID, `{"name":"Ada L."}`); a.Status != http.StatusOK {
		t.Errorf("a program's JSON: %d", a.Status)
	}
	if a := root.Do("GET", "/", "", "Sec-Fetch-Site", "cross-site"); a.Status != http.StatusOK {
		t.Errorf("a link from another site: %d", a.Status)
	}
	if a := root.Do("POST", "/auth/logout", "csrf_token="+url.QueryEscape(root.Token), form...); a.Status != http.StatusSeeOther {
		t.Errorf("a form with its token: %d", a.Status)
	}
}

// TestContentTypes: JSON is JSON and says so; what a page of another site can send unasked is
// refused.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	const body = `{"name":"Ada L."}`
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json;charset=utf-7",
		"application/json; charset=iso-8859-1", "text/json", "application/jsonx", "application/json, text/plain",
		"APPLICATION/XML", "application/json; charset=utf-8; charset=utf-7", "*/*",
	} {
		var headers []string
		if kind != "" {
			headers = []string{"Content-Type", kind}
		}
		a := root.Do("PATCH", "/developers/"+c.ada.ID, body, headers...)
		if want := http.StatusUnsupportedMediaType; a.Status != want {
			t.Errorf("%q: %d, want %d", kind, a.Status, want)
		}
	}
	if a := root.Do("PATCH", "/developers/"+c.ada.ID, body, "Content-Type", "application/json", "Content-Type", "text/plain"); a.Status != http.StatusUnsupportedMediaType {
		t.Errorf("two types: %d", a.Status)
	}
	for _, kind := range []string{"application/json", "Application/JSON", "application/json; charset=utf-8", `application/json;charset="UTF-8"`} {
		if a := root.Do("PATCH", "/developers/"+c.ada.ID, body, "Content-Type", kind); a.Status != http.StatusOK {
			t.Errorf("%q: %d %s", kind, a.Status, a.Body)
		}
	}
	stranger := c.Visitor()
	stranger.Get("/login")
	form := with(credentials(c.ada.Email), "csrf_token", stranger.Token).Encode()
	for _, kind := range []string{"", "text/plain", "multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencodedx"} {
		var headers []string
		if kind != "" {
			headers = []string{"Content-Type", kind}
		}
		if a := stranger.Do("POST", "/auth/login", form, headers...); a.Status != http.StatusUnsupportedMediaType {
			t.Errorf("a form as %q: %d", kind, a.Status)
		}
	}
	const kind = "application/x-www-form-urlencoded"
	if a := stranger.Do("POST", "/auth/login", form, "Content-Type", kind, "Content-Type", kind); a.Status != http.StatusUnsupportedMediaType {
		t.Errorf("a form of two types: %d", a.Status)
	}
	if a := stranger.Do("POST", "/auth/login", form, "Content-Type", kind+"; charset=utf-8"); a.Status != http.StatusSeeOther {
		t.Errorf("a form as browsers send it: %d", a.Status)
	}
}

// TestBehindRewritingProxy: a proxy that changes the Host header makes our own pages another origin
// for a browser that does not tell where a request comes from. Guard: origin.go, Edge.isOurs.
func TestBehindRewritingProxy(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for origin, want := range map[string]int{sitetest.URL: http.StatusUnauthorized, "https://evil.test": http.StatusForbidden} {
		r := httptest.NewRequest("POST", "http://10.0.0.7:9999/developers", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		c.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", origin, w.Code, want)
		}
	}
}
