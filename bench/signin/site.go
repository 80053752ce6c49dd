package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// site is the program without a listener, and a browser with the login page open.
type site struct {
	handler http.Handler
	store   store.Store
	form    string
	cookie  string
	end     []func()
}

const (
	email    = "ada@example.org"
	password = "plum tree orbit lantern 9"
)

// newSite makes new hashes of a form, and an account with such a hash, or with the given one.
func newSite(ctx context.Context, form passhash.Form, hash string) (s *site, err error) {
	s = &site{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	dir, err := os.MkdirTemp("", "doorbook-signin-")
	if err != nil {
		return s, err
	}
	s.end = append(s.end, func() { _ = os.RemoveAll(dir) })
	db, err := database.Open(ctx, database.SQLite, dir+"/data", database.Options{})
	if err != nil {
		return s, err
	}
	s.end = append(s.end, func() { _ = db.Close() })
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		return s, err
	}
	hasher, err := passhash.New(passhash.Config{Form: form, Before: runtime.GC})
	if err != nil {
		return s, err
	}
	if hash == "" {
		if hash, err = hasher.Hash(ctx, password); err != nil {
			return s, err
		}
	}
	now := time.Now().UTC()
	if err := db.Accounts.Create(ctx, account.Actor{}, account.Developer{
		ID: id.New(now), Name: "Ada", Email: email, EmailKey: email, PasswordHash: hash, Role: account.Admin, CreatedAt: now, UpdatedAt: now,
	}); err != nil {
		return s, err
	}
	program, err := server.NewSite(server.Parts{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, SignIns: db.SignIns, Tokens: db.Tokens, Entries: db.Entries, Store: db.Sessions, Ready: db.Check,
		Passwords: hasher, Keys: keys, Registration: account.Fixed{Mode: door.Closed}, Secure: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return s, err
	}
	s.handler, s.store = program.Handler, db.Sessions
	s.end = append(s.end, program.Background())
	return s, s.open()
}

func (s *site) close() {
	for i := len(s.end) - 1; i >= 0; i-- {
		s.end[i]()
	}
}

var tokenField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// open opens the login page.
func (s *site) open() error {
	w := s.ask(http.MethodGet, "/login", "")
	token := tokenField.FindStringSubmatch(w.Body.String())
	if token == nil {
		return fmt.Errorf("GET /login: status %d, no form token", w.Code)
	}
	s.form = url.Values{"csrf_token": {token[1]}, "email": {email}, "password": {password}}.Encode()
	var pairs []string
	for _, c := range w.Result().Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	s.cookie = strings.Join(pairs, "; ")
	return nil
}

// signIn sends the form. The page stays open: the next one is another sign-in by a stranger.
func (s *site) signIn() error {
	w := s.ask(http.MethodPost, "/auth/login", s.form)
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
		return fmt.Errorf("POST /auth/login: status %d, %d cookies", w.Code, len(w.Result().Cookies()))
	}
	return nil
}

// forget ends all sessions: a person who is signed in a hundred times over costs more at the next
// sign-in.
func (s *site) forget(ctx context.Context) error {
	var ids []session.ID
	if err := s.store.Each(ctx, time.Now(), func(r store.Record) error {
		ids = append(ids, r.ID)
		return nil
	}); err != nil {
		return err
	}
	return s.store.Delete(ctx, ids...)
}

func (s *site) ask(method, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form))
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
