// Package sitetest gives tests the whole program without a listener: the real handler over the real
// databases in a temporary directory, a clock that tests turn, visitors who keep cookies as
// browsers do, and databases that fail on demand. It is used by tests alone.
package sitetest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
)

// Password is the one of every developer that a Site makes.
const Password = "violet otter sings at dawn"

// HashPrefix is what a hash of a passhashtest.Hasher begins with, and Hash is one of Password.
const (
	HashPrefix = "$argon2id$v=19$m=8,t=1,p=1$"
	Hash       = HashPrefix + "wPagOYuFjPDQSm7Rx4zwiQ$/ow1hBK06wnU/R7uw2YRgycXOeOCXq4r5zbBdkAZUJU"
)

// URL is where the site believes to be.
const URL = "http://localhost:8080"

// Host is the host of URL.
const Host = "localhost:8080"

// Secret is the site's first key, unless a test chooses others.
const Secret = "a test's own secret key, 0123456789abcdef"

// Site is a running program and what is inside of it.
type Site struct {
	*server.Site
	Parts server.Parts // as the site was built of them
	DB    *sqlite.DB
	Dir   string // of the databases
	Clock *Clock
	Log   *Buffer // what the operator would read

	t testing.TB
}

// New starts a site. Each change may replace parts before it is built. The site ends with the test.
func New(t testing.TB, changes ...func(*server.Parts)) *Site {
	t.Helper()
	return Open(t, t.TempDir(), changes...)
}

// Open is New over a data directory that may have been in use before.
func Open(t testing.TB, dir string, changes ...func(*server.Parts)) *Site {
	t.Helper()
	ctx := t.Context()
	db, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	if err := store.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	keys, err := session.NewKeyRing([]byte(Secret))
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{DB: db, Dir: dir, Clock: NewClock(), Log: &Buffer{}, t: t}
	s.Parts = server.Parts{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(), Hashes: db.Hashes(), Entries: db.Entries(), Store: db.Sessions(store), Ready: db.Check,
		Passwords: Hasher(t), Keys: keys, Registration: account.Fixed{Mode: door.Open}, URL: URL, Secure: true,
		Remember: 30 * 24 * time.Hour,
		Hosts:    []string{"example.com"}, // what httptest.NewRequest asks for
		Log:      slog.New(slog.NewJSONHandler(s.Log, nil)), Now: s.Clock.Now,
	}
	for _, change := range changes {
		change(&s.Parts)
	}
	if s.Site, err = server.NewSite(s.Parts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Background())
	for s.Visitor().Get("/readyz").Body == "not ready: the book cannot be written\n" {
		runtime.Gosched() // its writer is a goroutine that is about to start
	}
	return s
}

// Hasher gives a hasher that has room for whatever a test does, and whose hashes cost next to
// nothing.
func Hasher(t testing.TB) *passhash.Hasher {
	t.Helper()
	return passhashtest.New(t, passhash.Config{Slots: 2, Queue: 256, Wait: time.Minute})
}

// Developer makes an account with Password. The e-mail address is the name in lower case at
// example.org.
func (s *Site) Developer(name string, role account.Role) account.Developer {
	s.t.Helper()
	email := strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@example.org"
	now := s.Clock.Now().UTC()
	d := account.Developer{
		ID: id.New(now), Name: name, Email: email, EmailKey: email, Skills: []string{"go"},
		PasswordHash: Hash, Role: role, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.DB.Accounts().Create(context.Background(), account.Actor{}, d); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// Token is a token of a developer with its text.
type Token struct {
	account.Token
	Text string
}

// Token makes a token of a developer, good for an hour.
func (s *Site) Token(d account.Developer, scopes account.Scopes) Token {
	s.t.Helper()
	now := s.Clock.Now().UTC()
	k := Token{Text: account.NewTokenText()}
	k.Token = account.Token{
		ID: id.New(now), Account: d.ID, Epoch: d.Epoch, Name: "deploy", Scopes: scopes, CreatedAt: now, Ends: now.Add(time.Hour),
	}
	k.Hash, _ = account.TokenHash(k.Text)
	if err := s.DB.Tokens().Create(context.Background(), account.Actor{}, k.Token, 1000); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// Entries gives the newest entries of a type ("" for all), newest first, up to 1000.
func (s *Site) Entries(kind book.Type) []book.Entry {
	s.t.Helper()
	list, _, err := s.DB.Entries().Find(context.Background(), book.Query{Type: kind, Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// Activities gives the entries of one action, newest first.
func (s *Site) Activities(action book.Action) []book.Entry {
	s.t.Helper()
	return slices.DeleteFunc(s.Entries(""), func(e book.Entry) bool { return e.Action != action })
}

// Clock is a clock that stands until a test turns it. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that shows the present.
func NewClock() *Clock { return &Clock{now: time.Now().UTC().Truncate(time.Millisecond)} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Turn moves the clock.
func (c *Clock) Turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Buffer keeps what is written to it. It is safe for concurrent use.
type Buffer struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{} // closed at the next Write; nil until somebody waits for it
}

var _ io.Writer = (*Buffer)(nil)

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	return b.buf.Write(p)
}

// Changed gives what is written so far and a channel that is closed once there is more.
func (b *Buffer) Changed() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.buf.String(), b.changed
}

// String is what was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
