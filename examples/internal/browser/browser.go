// Package browser is what the tests of the examples look at them with: a client with a cookie jar
// before a server with TLS, because the session cookie is Secure, and a jar, as a browser, sends
// such a cookie over HTTPS only.
package browser

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// Browser visits one site. It follows redirects, as browsers do.
type Browser struct {
	// Client holds the cookie jar.
	Client *http.Client
	// URL is where the site is.
	URL string

	t   *testing.T
	jar *cookiejar.Jar
}

// Page is an answer, whole.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// New starts the site, until the end of the test, and a browser before it.
func New(t *testing.T, site http.Handler) *Browser {
	t.Helper()
	server := httptest.NewTLSServer(site)
	t.Cleanup(server.Close)
	b := &Browser{Client: server.Client(), URL: server.URL, t: t}
	b.Forget()
	return b
}

// Another is a second browser before the same site, with a jar of its own.
func (b *Browser) Another() *Browser {
	other := &Browser{Client: &http.Client{Transport: b.Client.Transport}, URL: b.URL, t: b.t}
	other.Forget()
	return other
}

// Forget empties the cookie jar.
func (b *Browser) Forget() {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.jar, b.Client.Jar = jar, jar
}

// Cookies are those that the site would get.
func (b *Browser) Cookies() []*http.Cookie {
	b.t.Helper()
	return b.jar.Cookies(b.address())
}

// Present puts cookies into the jar, as somebody would who had copied them.
func (b *Browser) Present(cookies []*http.Cookie) {
	b.t.Helper()
	stolen := make([]*http.Cookie, 0, len(cookies))
	for _, c := range cookies {
		stolen = append(stolen, &http.Cookie{Name: c.Name, Value: c.Value, Path: "/", Secure: true})
	}
	b.jar.SetCookies(b.address(), stolen)
}

// Get asks for a page.
func (b *Browser) Get(path string) Page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Do(r)
}

// Post sends a form of these names and values.
func (b *Browser) Post(path string, namesAndValues ...string) Page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(r)
}

// Do sends a request and reads the whole answer.
func (b *Browser) Do(r *http.Request) Page {
	b.t.Helper()
	answer, err := b.Client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Page{Status: answer.StatusCode, Header: answer.Header, Body: string(body)}
}

func (b *Browser) address() *url.URL {
	b.t.Helper()
	u, err := url.Parse(b.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// Sessions makes a manager for a test. Its keys are its own; a Store that is nil is one in memory.
func Sessions(t *testing.T, c session.Config) *session.Manager {
	t.Helper()
	keys, err := session.NewKeyRing([]byte("for tests only: 6gTzL0wQe1XyKp9v"))
	if err != nil {
		t.Fatal(err)
	}
	c.Keys = keys
	if c.Home.Store == nil {
		c.Home.Store = memstore.New(memstore.Config{})
	}
	sessions, err := session.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}
