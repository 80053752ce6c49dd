package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

// fake is a provider that knows everybody as Ada.
func fake(t *testing.T) provider {
	t.Helper()
	var challenge atomic.Value
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		challenge.Store(r.FormValue("code_challenge"))
		back := url.Values{"code": {"a code"}, "state": {r.FormValue("state")}}
		http.Redirect(w, r, r.FormValue("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if id != "id" || secret != "secret" || r.FormValue("code") != "a code" ||
			base64.RawURLEncoding.EncodeToString(sum[:]) != challenge.Load() {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "a token"})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer a token" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"sub": "Ada"})
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	return provider{
		authorize: server.URL + "/authorize", token: server.URL + "/token", userinfo: server.URL + "/userinfo",
		clientID: "id", clientSecret: "secret", callback: "/callback", client: server.Client(),
	}
}

// clock is a time that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// stopped is a browser that was at the provider and did not follow the way back, and the state that
// it was sent there with.
func stopped(t *testing.T, h http.Handler) (b *browser.Browser, state string) {
	t.Helper()
	b = browser.New(t, h)
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	to, err := url.Parse(b.Post("/login").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Client.Get(to.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return b, to.Query().Get("state")
}

func TestStory(t *testing.T) {
	var program http.Handler // which must know the address of the server that it runs in
	b := browser.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { program.ServeHTTP(w, r) }))
	p := fake(t)
	p.callback = b.URL + "/callback"
	program = site(browser.Sessions(t, session.Config{}), p)

	if p := b.Post("/login"); p.Body != "Hello \"Ada\"\n" {
		t.Errorf("there and back: %d %q", p.Status, p.Body)
	}
	old := b.Cookies()
	if p := b.Post("/logout"); p.Body != "Hello \"\"\n" {
		t.Errorf("signed out: %q", p.Body)
	}
	b.Present(old)
	if p := b.Get("/"); p.Body != "Hello \"\"\n" {
		t.Errorf("the old cookie: %q", p.Body)
	}
}

func TestReturn(t *testing.T) {
	var c clock
	h := site(browser.Sessions(t, session.Config{Now: c.now}), fake(t))
	for name, try := range map[string]struct {
		later time.Duration
		state func(own string) string
		want  int
	}{
		"in time":      {9 * time.Minute, func(own string) string { return own }, http.StatusSeeOther},
		"too late":     {11 * time.Minute, func(own string) string { return own }, http.StatusBadRequest},
		"a stranger's": {0, func(string) string { return "another" }, http.StatusBadRequest},
		"none":         {0, func(string) string { return "" }, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			b, state := stopped(t, h)
			c.ahead.Add(int64(try.later))
			back := "/callback?" + url.Values{"code": {"a code"}, "state": {try.state(state)}}.Encode()
			if p := b.Get(back); p.Status != try.want {
				t.Errorf("got %d %q", p.Status, p.Body)
			}
			own := "/callback?" + url.Values{"code": {"a code"}, "state": {state}}.Encode()
			if p := b.Get(own); p.Status != http.StatusBadRequest {
				t.Errorf("a second return: %d %q", p.Status, p.Body)
			}
		})
	}
}
