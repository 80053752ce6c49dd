package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/mongo"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
)

// site is the program without a listener, and somebody's browser.
type site struct {
	handler http.Handler
	stop    func()
	cookie  string
}

const (
	email    = "ada@example.org"
	password = "plum tree orbit lantern 9"
)

func newSite(ctx context.Context, db *mongo.DB) (*site, error) {
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		return nil, err
	}
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		return nil, err
	}
	s, err := server.NewSite(server.Parts{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(), Entries: db.Entries(), Store: db.Sessions(), Ready: db.Check,
		Passwords: hasher, Keys: keys, Registration: account.Fixed{Mode: door.Open}, Secure: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	who := account.Registration{Name: "Ada", Email: email, Password: password}
	if _, err := s.Door.AddDeveloper(ctx, door.Program(), who, account.Admin, ""); err != nil {
		return nil, err
	}
	return &site{handler: s.Handler, stop: s.Background()}, nil
}

var tokenField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

func (s *site) signIn(ctx context.Context) error {
	form := s.ask(ctx, http.MethodGet, "/login", "")
	s.keep(form)
	token := tokenField.FindStringSubmatch(form.Body.String())
	if token == nil {
		return fmt.Errorf("GET /login: status %d, no form token", form.Code)
	}
	w := s.ask(ctx, http.MethodPost, "/auth/login", url.Values{"csrf_token": {token[1]}, "email": {email}, "password": {password}}.Encode())
	if w.Code != http.StatusSeeOther {
		return fmt.Errorf("POST /auth/login: status %d", w.Code)
	}
	s.keep(w)
	return nil
}

func (s *site) keep(w *httptest.ResponseRecorder) {
	var pairs []string
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	s.cookie = strings.Join(pairs, "; ")
}

func (s *site) dashboard(ctx context.Context) error {
	w := s.ask(ctx, http.MethodGet, "/", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Welcome Ada") {
		return fmt.Errorf("GET /: status %d, %d bytes", w.Code, w.Body.Len())
	}
	return nil
}

// ask sends a request, whose context ends with it as a server's does.
func (s *site) ask(ctx context.Context, method, path, form string) *httptest.ResponseRecorder {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(form))
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:1234"
	r.Header.Set("Accept", "text/html")
	if s.cookie != "" {
		r.Header.Set("Cookie", s.cookie)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}
