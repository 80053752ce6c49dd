package sitetest

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

// Visitor is one browser: it keeps cookies and the form token of the latest page. It belongs to one
// goroutine.
type Visitor struct {
	Addr    string // where the requests come from
	Origin  string // of the site that they go to
	Cookies map[string]string
	Token   string // of the latest page that had a form
	Bearer  string // a token that each request brings, "" for none
	Old     bool   // a browser that does not say which page a form came from

	t       testing.TB
	handler http.Handler
}

// Visitor gives a browser that has never been here.
func (s *Site) Visitor() *Visitor {
	return &Visitor{Addr: "192.0.2.1", Origin: URL, Cookies: map[string]string{}, t: s.t, handler: s.Handler}
}

// SignedIn gives a browser in which a developer has signed in.
func (s *Site) SignedIn(d account.Developer) *Visitor {
	s.t.Helper()
	v := s.Visitor()
	if a := v.SignIn(d.Email, Password); a.Status != http.StatusSeeOther {
		s.t.Fatalf("sign-in of %s: status %d\n%s", d.Email, a.Status, a.Body)
	}
	v.Get("/") // for the token of its forms
	return v
}

// SignedInAt is SignedIn on a site below a prefix.
func (s *Site) SignedInAt(base string, d account.Developer) *Visitor {
	s.t.Helper()
	v := s.Visitor()
	v.Get(base + "/login")
	a := v.Post(base+"/auth/login", url.Values{"email": {d.Email}, "password": {Password}})
	if a.Status != http.StatusSeeOther {
		s.t.Fatalf("sign-in of %s: status %d\n%s", d.Email, a.Status, a.Body)
	}
	v.Get(base + "/") // for the token of its forms
	return v
}

// Clone gives another browser with the same cookies: somebody who stole them, or a tab.
func (v *Visitor) Clone() *Visitor {
	c := *v
	c.Cookies = maps.Clone(v.Cookies)
	return &c
}

// At gives the same browser at another handler.
func (v *Visitor) At(h http.Handler) *Visitor {
	c := v.Clone()
	c.handler = h
	return c
}

// Session is the session cookie, "" if there is none.
func (v *Visitor) Session() string {
	if c := v.Cookies["__Host-doorbook"]; c != "" { // beside applications
		return c
	}
	if c := v.Cookies["__Host-session"]; c != "" {
		return c
	}
	return v.Cookies["session"]
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Sent   []*http.Cookie // with the answer
}

// Location is the path that a redirect leads to.
func (a *Answer) Location() string { return a.Header.Get("Location") }

// JSON decodes the body into value.
func (a *Answer) JSON(t testing.TB, value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), value); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, a.Body)
	}
}

// Cookie finds a cookie that came with the answer, nil if it did not.
func (a *Answer) Cookie(name string) *http.Cookie {
	for _, c := range a.Sent {
		if c.Name == name {
			return c
		}
	}
	return nil
}

var tokenInput = regexp.MustCompile(`name="csrf_token" value="([^"]*)"`)

// Do sends a request with the visitor's cookies. Headers are given as names and values in turn, the
// host that is asked for among them if it is not Host.
func (v *Visitor) Do(method, target, body string, headers ...string) *Answer {
	v.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, reader)
	_, r.Host, _ = strings.Cut(v.Origin, "://")
	r.RemoteAddr = v.Addr + ":50000"
	if strings.Contains(v.Addr, ":") {
		r.RemoteAddr = "[" + v.Addr + "]:50000"
	}
	for name, value := range v.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if v.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+v.Bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" { // which net/http takes out of the headers
		r.Header.Del("Host")
		r.Host = host
	}
	return v.Send(r)
}

// Send sends a request as it is and keeps the cookies of the answer.
func (v *Visitor) Send(r *http.Request) *Answer {
	v.t.Helper()
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	result := w.Result()
	a := &Answer{Status: result.StatusCode, Header: result.Header, Body: w.Body.String(), Sent: result.Cookies()}
	for _, c := range a.Sent {
		if c.MaxAge < 0 {
			delete(v.Cookies, c.Name)
		} else {
			v.Cookies[c.Name] = c.Value
		}
	}
	if m := tokenInput.FindStringSubmatch(a.Body); m != nil {
		v.Token = html.UnescapeString(m[1])
	}
	return a
}

// Get asks for a page as a browser does.
func (v *Visitor) Get(target string, headers ...string) *Answer {
	v.t.Helper()
	return v.Do(http.MethodGet, target, "", append([]string{"Accept", "text/html,*/*;q=0.8"}, headers...)...)
}

// Post sends a form with the token of the latest page, unless the form has one.
func (v *Visitor) Post(target string, form url.Values, headers ...string) *Answer {
	v.t.Helper()
	form = maps.Clone(form)
	if form == nil {
		form = url.Values{}
	}
	if !form.Has("csrf_token") {
		form.Set("csrf_token", v.Token)
	}
	said := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if !v.Old {
		said = append(said, "Sec-Fetch-Site", "same-origin", "Origin", v.Origin)
	}
	headers = append(said, headers...)
	return v.Do(http.MethodPost, target, form.Encode(), headers...)
}

// JSON sends a JSON request as a program does.
func (v *Visitor) JSON(method, target, body string) *Answer {
	v.t.Helper()
	headers := []string{"Accept", "application/json"}
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	return v.Do(method, target, body, headers...)
}

// SignIn loads the sign-in page and sends its form. The answer is that of the form.
func (v *Visitor) SignIn(email, password string) *Answer {
	v.t.Helper()
	v.Get("/login")
	return v.Post("/auth/login", url.Values{"email": {email}, "password": {password}})
}
