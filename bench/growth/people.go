package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
)

// peopleSizes are the numbers of accounts that are measured unless others are given.
const peopleSizes = "1000,50000"

// sessionsEach is how many sessions each account has: a million at 50,000.
const sessionsEach = 20

// peoplePages are the pages whose processor time is measured, in process, on SQLite.
func peoplePages(person string) []string {
	return []string{
		"/people", "/people?q=ada", "/people?q=a", "/people?q=example+org", "/people?q=a+e+org", "/people?role=admin", "/people?state=disabled",
		"/people/" + person, "/people/" + person + "/disable", "/account/sessions",
	}
}

// people prints one line for each size and page: the processor time of one, the mean of many.
func people(ctx context.Context, sizes []int, requests int, dir string, out io.Writer) error {
	fmt.Fprintf(out, "| accounts | sessions | page | processor time (≤ 5 ms) |\n|--:|--:|---|--:|\n")
	for _, size := range sizes {
		if err := peopleAt(ctx, size, requests, filepath.Join(dir, fmt.Sprint(size)), out); err != nil {
			return fmt.Errorf("%d accounts: %w", size, err)
		}
	}
	return nil
}

func peopleAt(ctx context.Context, size, requests int, dir string, out io.Writer) error {
	const password = "violet otter sings at dawn"
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	ids, err := fillPeople(ctx, size, hash, dir)
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, database.SQLite, dir, database.Options{}) // gives the words
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		return err
	}
	site, err := server.NewSite(server.Parts{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, SignIns: db.SignIns, Tokens: db.Tokens, Entries: db.Entries,
		Store: db.Sessions, Ready: db.Check, Passwords: hasher, Keys: keys, Secure: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer site.Background()()
	v := visitor{handler: site.Handler, cookies: map[string]string{}}
	if err := v.signIn(password); err != nil {
		return err
	}
	for _, page := range peoplePages(ids[size/2]) {
		took, err := v.cost(page, requests)
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		fmt.Fprintf(out, "| %d | %d | %s | %s |\n", size, size*sessionsEach, strings.Replace(page, ids[size/2], "{id}", 1), milliseconds(took))
	}
	return nil
}

// signIn signs the first account in.
func (v visitor) signIn(password string) error {
	token := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(v.ask(http.MethodGet, "/login", "").Body.String())
	if token == nil {
		return fmt.Errorf("no form to sign in with")
	}
	form := url.Values{"csrf_token": {token[1]}, "email": {"u0@example.org"}, "password": {password}}
	if w := v.ask(http.MethodPost, "/auth/login", form.Encode()); w.Code != http.StatusSeeOther {
		return fmt.Errorf("sign-in: %d", w.Code)
	}
	return nil
}

// cost is the processor time of a page, the mean of so many.
func (v visitor) cost(page string, requests int) (time.Duration, error) {
	v.ask(http.MethodGet, page, "")
	before, err := processorTime()
	if err != nil {
		return 0, err
	}
	for range requests {
		if w := v.ask(http.MethodGet, page, ""); w.Code != http.StatusOK {
			return 0, fmt.Errorf("status %d", w.Code)
		}
	}
	after, err := processorTime()
	return (after - before) / time.Duration(requests), err
}

// visitor is one browser.
type visitor struct {
	handler http.Handler
	cookies map[string]string
}

func (v visitor) ask(method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return w
}

// fillPeople makes an installation with so many accounts, as one from before there were words to find
// them by. The first is an admin.
func fillPeople(ctx context.Context, size int, hash, dir string) (ids []string, err error) {
	db, err := database.Open(ctx, database.SQLite, dir, database.Options{})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	file, err := sql.Open("sqlite", filepath.Join(dir, "doorbook.db"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	tx, err := file.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now()
	names := []string{"Ada", "Eve", "Bob", "Anna", "Annette", "Grace", "Alan", "Barbara", "Edsger", "Tony", "Kathleen", "Zoë", "שרה"}
	for i := range size {
		one, role, state := id.New(now), account.Member, account.Active
		switch {
		case i == 0:
			role = account.Admin
		case i%100 == 0:
			state = account.Disabled
		}
		ids = append(ids, one)
		name, email := names[i%13]+" "+names[i/13%13], fmt.Sprintf("u%d@example.org", i)
		if _, err := tx.Exec(`INSERT INTO developers (id, name, email, email_key, skills, password_hash, role, state, epoch, created_at, updated_at)
			VALUES (?, ?, ?, ?, '[]', ?, ?, ?, 0, ?, ?)`, one, name, email, email, hash, string(role), state.String(), now.UnixMilli(), now.UnixMilli()); err != nil {
			return nil, err
		}
	}
	insert, err := tx.Prepare(`INSERT INTO sessions (id, digest, version, key_id, subject, created, signed_in, last_seen, expires, deadline, idle, persist,
		addr, user_agent, data) VALUES (?1, randomblob(32), 1, 'key', ?2, ?3, ?3, ?3, ?4, ?4, 7200000, 0, '203.0.113.4',
		'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', zeroblob(200))`)
	if err != nil {
		return nil, err
	}
	at, until := now.UnixMilli(), now.Add(24*time.Hour).UnixMilli()
	var raw [12]byte
	for i := range size * sessionsEach {
		_, _ = rand.Read(raw[:])
		if _, err := insert.Exec(fmt.Sprintf("%x", raw), ids[i%size], at, until); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return ids, os.Chmod(dir, 0o700)
}
