package rig

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Client is one visitor's browser without a screen: it keeps cookies, follows no redirect, and
// knows where forms keep their token. It may be used from several goroutines. Its helpers that have
// no error to return end the test instead, so goroutines of a test use Do.
type Client struct {
	Base   string
	Header http.Header // sent with every request

	t    testing.TB
	http *http.Client

	mu  sync.Mutex
	jar map[string]string
	set []*http.Cookie // every cookie that was ever set, as it was set
}

// Client gives a new visitor.
func (s *Site) Client() *Client {
	return &Client{
		Base: s.URL, Header: http.Header{}, t: s.t, jar: map[string]string{},
		http: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// From is the client with an address of its own, for servers that trust 127.0.0.1 as their proxy.
func (c *Client) From(addr string) *Client {
	c.Header.Set("X-Forwarded-For", addr)
	return c
}

// Answer is an answer that was received to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// RequestID is the id that the book has for the request.
func (a Answer) RequestID() string { return a.Header.Get("X-Request-Id") }

// Location is where a redirect leads.
func (a Answer) Location() string { return a.Header.Get("Location") }

// Do sends one request. Nothing in path is changed on its way.
func (c *Client) Do(method, path, body string, header http.Header) (Answer, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.Base+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	maps.Copy(req.Header, c.Header)
	maps.Copy(req.Header, header)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http sends no other
	}
	if cookie := c.Cookies(); cookie != "" && req.Header.Get("Cookie") == "" {
		req.Header.Set("Cookie", cookie)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, err
	}
	c.keep(res.Cookies())
	return Answer{res.StatusCode, res.Header, string(text)}, nil
}

func (c *Client) keep(cookies []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range cookies {
		c.set = append(c.set, k)
		if k.MaxAge < 0 {
			delete(c.jar, k.Name)
		} else {
			c.jar[k.Name] = k.Value
		}
	}
}

// Cookies is the Cookie header that the client sends.
func (c *Client) Cookies() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(c.jar)) {
		pairs = append(pairs, name+"="+c.jar[name])
	}
	return strings.Join(pairs, "; ")
}

// Cookie is the value of one cookie.
func (c *Client) Cookie(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jar[name]
}

// SetCookie puts a cookie into the jar; "" takes it out.
func (c *Client) SetCookie(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value == "" {
		delete(c.jar, name)
		return
	}
	c.jar[name] = value
}

// Received lists every cookie that was ever set, with its attributes.
func (c *Client) Received() []*http.Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.set)
}

// Get gets a page.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Send(http.MethodGet, path, "", nil)
}

// Open sends a GET request as a browser does whose person opens an address.
func (c *Client) Open(path string) Answer {
	c.t.Helper()
	return c.Send(http.MethodGet, path, "", http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
}

// Send is Do for the goroutine of the test.
func (c *Client) Send(method, path, body string, header http.Header) Answer {
	c.t.Helper()
	a, err := c.Do(method, path, body, header)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// JSON sends a value as JSON, and asks for JSON; nil sends no body.
func (c *Client) JSON(method, path string, value any) Answer {
	c.t.Helper()
	h := http.Header{"Accept": {"application/json"}}
	if value == nil {
		return c.Send(method, path, "", h)
	}
	body, err := json.Marshal(value)
	if err != nil {
		c.t.Fatal(err)
	}
	h.Set("Content-Type", "application/json")
	return c.Send(method, path, string(body), h)
}

// Data decodes the envelope of a good JSON answer.
func Data[T any](t testing.TB, a Answer) (data T) {
	t.Helper()
	var envelope struct {
		Status bool
		Data   *T
	}
	envelope.Data = &data
	if err := json.Unmarshal([]byte(a.Body), &envelope); err != nil || !envelope.Status {
		t.Fatalf("status %d, not the JSON envelope of a good answer: %s", a.Status, a.Body)
	}
	return data
}

var tokenField = regexp.MustCompile(`name="csrf_token" value="([^"]*)"`)

// FormToken is the token of the forms on a page.
func FormToken(page string) string {
	m := tokenField.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// URLEncoded is the content type of forms.
func URLEncoded() http.Header {
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
}

// Submit opens a page and sends a form of it with these fields. It is for goroutines; tests use
// Form.
func (c *Client) Submit(page, action string, fields url.Values) (Answer, error) {
	a, err := c.Do(http.MethodGet, page, "", nil)
	if err != nil {
		return a, err
	}
	token := FormToken(a.Body)
	if token == "" {
		return a, fmt.Errorf("no form on %s (status %d)", page, a.Status)
	}
	with := maps.Clone(fields)
	if with == nil {
		with = url.Values{}
	}
	with.Set("csrf_token", token)
	return c.Do(http.MethodPost, action, with.Encode(), URLEncoded())
}

// Form opens a page and sends a form of it with these fields.
func (c *Client) Form(page, action string, fields url.Values) Answer {
	c.t.Helper()
	a, err := c.Submit(page, action, fields)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// Fields makes form fields of names and values.
func Fields(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// Register makes an account.
func (c *Client) Register(name, email, password string) Answer {
	c.t.Helper()
	return c.Form("/register", "/auth/register", Fields("name", name, "email", email, "skills", "go, sql", "password", password))
}

// SignIn sends the sign-in form.
func (c *Client) SignIn(email, password string) Answer {
	c.t.Helper()
	return c.Form("/login", "/auth/login", Fields("email", email, "password", password))
}

// SignOut sends the form that is on every page of somebody signed in.
func (c *Client) SignOut() Answer {
	c.t.Helper()
	return c.Form("/", "/auth/logout", nil)
}

// Admin sets up the first admin, Ada, and gives a client that is signed in as her.
func (s *Site) Admin() *Client {
	s.t.Helper()
	c := s.Client()
	a := c.Form("/setup?token="+s.Token, "/setup", Fields("token", s.Token, "name", "Ada Lovelace", "email", "ada@example.org", "password", Password))
	if a.Status != http.StatusSeeOther {
		s.t.Fatalf("setup: %d %s", a.Status, a.Body)
	}
	return c
}

// Member registers somebody and gives a client that is signed in as them.
func (s *Site) Member(name, email string) *Client {
	s.t.Helper()
	c := s.Client()
	if a := c.Register(name, email, Password); a.Status != http.StatusSeeOther {
		s.t.Fatalf("register %s: %d %s", email, a.Status, a.Body)
	}
	return c
}

// Clone is a second browser with the same cookies.
func (c *Client) Clone() *Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Client{Base: c.Base, Header: c.Header.Clone(), t: c.t, http: c.http, jar: maps.Clone(c.jar)}
}

// Raw sends bytes as they are and gives what comes back until the server closes.
func (s *Site) Raw(request string) string {
	s.t.Helper()
	return raw(s.t, strings.TrimPrefix(s.URL, "http://"), request)
}
