package conformance

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// pool is a program whose handlers and whose sessions share one pool of connections.
type pool struct {
	db       *sql.DB
	sessions *session.Manager
	handler  http.Handler
	held     sync.WaitGroup // handlers that have not taken their connection yet
}

const (
	poolTimeout = 200 * time.Millisecond
	visits      = session.Key[int]("visits")
)

// newPool gives a program with conns connections, all of them open, and a cookie of somebody who
// was there before.
func newPool(t *testing.T, d database, conns int) (*pool, *http.Cookie) {
	t.Helper()
	db := d.open(t, d.address(t), conns)
	st := d.fresh(t, db)
	db.SetMaxOpenConns(conns) // SQLite's handle has one otherwise
	db.SetMaxIdleConns(conns)
	keys, err := session.NewKeyRing([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{db: db}
	p.sessions, err = session.New(session.Config{Keys: keys, Home: session.Home{Store: st}, SaveTimeout: poolTimeout})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(_ http.ResponseWriter, r *http.Request) { countVisit(r) })
	mux.HandleFunc("/rows", p.withRows)
	mux.HandleFunc("/transaction", p.withTransaction)
	mux.HandleFunc("/released", p.afterRows)
	p.handler = p.sessions.Handler(mux)
	first := p.get("/plain", nil)
	if first.Code != http.StatusOK || len(first.Result().Cookies()) != 1 {
		t.Fatalf("the first visit: %d, %v", first.Code, first.Result().Cookies())
	}
	return p, first.Result().Cookies()[0]
}

func countVisit(r *http.Request) {
	s := session.From(r.Context())
	n, _ := visits.Get(s)
	visits.Set(s, n+1)
}

// withRows uses its session while it reads rows.
func (p *pool) withRows(w http.ResponseWriter, r *http.Request) {
	rows, err := p.db.QueryContext(r.Context(), "SELECT 1 UNION SELECT 2")
	if err != nil || !rows.Next() {
		http.Error(w, "no rows", http.StatusTeapot)
		return
	}
	defer rows.Close()
	countVisit(r)
	w.WriteHeader(http.StatusOK)
}

// withTransaction uses its session within a transaction, when all others have theirs.
func (p *pool) withTransaction(w http.ResponseWriter, r *http.Request) {
	tx, err := p.db.BeginTx(r.Context(), &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer func() { _ = tx.Rollback() }()
		var one int
		err = tx.QueryRowContext(r.Context(), "SELECT 1").Scan(&one)
	}
	p.held.Done()
	p.held.Wait()
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	countVisit(r)
	w.WriteHeader(http.StatusOK)
}

// afterRows reads rows and uses its session then.
func (p *pool) afterRows(w http.ResponseWriter, r *http.Request) {
	if rows, err := p.db.QueryContext(r.Context(), "SELECT 1 UNION SELECT 2"); err == nil {
		_ = rows.Close()
	}
	countVisit(r)
	w.WriteHeader(http.StatusOK)
}

func (p *pool) get(path string, cookie *http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com"+path, nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// answers asks for all of these pages at once, and gives what they were answered. The pages that
// have no answer when the time of all visits to the store is long over have none: 0.
func (p *pool) answers(cookie *http.Cookie, paths ...string) map[string][]int {
	type answer struct {
		path string
		code int
	}
	got := make(chan answer, len(paths))
	for _, path := range paths {
		go func() { got <- answer{path, p.get(path, cookie).Code} }()
	}
	codes := make(map[string][]int)
	late := time.After(20 * poolTimeout) // a busy machine needs some of it
	for range paths {
		select {
		case a := <-got:
			codes[a.path] = append(codes[a.path], a.code)
		case <-late:
			codes["none"] = append(codes["none"], 0)
		}
	}
	return codes
}

// testPool: a handler that holds what its session waits for is told so when the time of a visit is
// over, and so is who comes meanwhile; whoever releases its connection is answered. That goes for
// strangers, whose record is created, and for those who have one.
func testPool(t *testing.T, d database) {
	for name, c := range map[string]struct {
		conns int
		paths []string
	}{
		"rows of the only connection":        {1, []string{"/rows"}},
		"transaction in the only connection": {1, []string{"/transaction"}},
		"four transactions and a fifth":      {4, []string{"/transaction", "/transaction", "/transaction", "/transaction", "/plain"}},
	} {
		for who, known := range map[string]bool{"a stranger": false, "somebody known": true} {
			t.Run(name+" for "+who, func(t *testing.T) {
				p, cookie := newPool(t, d, c.conns)
				if !known {
					cookie = nil
				}
				for _, path := range c.paths {
					if path == "/transaction" {
						p.held.Add(1)
					}
				}
				codes := p.answers(cookie, c.paths...)
				refused := 0
				for path, list := range codes {
					for _, code := range list {
						switch code {
						case http.StatusServiceUnavailable:
							refused++
						case http.StatusTeapot:
							t.Errorf("%s has no connection of its own", path)
						}
					}
				}
				if refused == 0 { // the first to give up makes room for others
					t.Errorf("answered %v, want a 503", codes)
				}
				if n := len(codes["none"]); n > 0 {
					t.Fatalf("%d of %d requests have no answer: %v", n, len(c.paths), codes)
				}
				if w := p.get("/released", cookie); w.Code != http.StatusOK {
					t.Errorf("a handler that releases its rows first: %d %s, want 200", w.Code, w.Body)
				}
			})
		}
	}
}

// testPoolHeld: every call of a store ends with its context while somebody has the only connection.
func testPoolHeld(t *testing.T, d database) {
	db := d.open(t, d.address(t), 1)
	s := d.fresh(t, db)
	calls := everyCall(s)
	for _, used := range []bool{false, true} { // statements are prepared at their first use
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for what, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			over := make(chan error, 1)
			go func() { over <- call(ctx) }()
			select {
			case err := <-over:
				if err == nil || ctx.Err() == nil {
					t.Errorf("%s, used before: %v: %v, want the end of the context", what, used, err)
				}
			case <-time.After(20 * poolTimeout):
				t.Errorf("%s, used before: %v: goes on", what, used)
			}
			cancel()
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			_ = call(t.Context()) // most find nothing
		}
	}
}

// everyCall gives all calls of a store that reach the database.
func everyCall(s *sqlstore.Store) map[string]func(context.Context) error {
	r := record("ada", nil)
	patch := store.Patch{ID: r.ID, Digest: r.Digest, Now: now}
	return map[string]func(context.Context) error{
		"CreateSchema":  s.CreateSchema,
		"Create":        func(ctx context.Context) error { return s.Create(ctx, r) },
		"Load":          func(ctx context.Context) error { _, err := s.Load(ctx, r.ID, now); return err },
		"Patch":         func(ctx context.Context) error { _, err := s.Patch(ctx, patch); return err },
		"Touch":         func(ctx context.Context) error { return s.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) },
		"Delete":        func(ctx context.Context) error { return s.Delete(ctx, r.ID) },
		"Delete 2":      func(ctx context.Context) error { return s.Delete(ctx, r.ID, record("", nil).ID) },
		"BySubject":     func(ctx context.Context) error { _, err := s.BySubject(ctx, "ada", now); return err },
		"Each":          func(ctx context.Context) error { return s.Each(ctx, now, func(store.Record) error { return nil }) },
		"DeleteExpired": func(ctx context.Context) error { _, err := s.DeleteExpired(ctx, now, 10); return err },
	}
}
