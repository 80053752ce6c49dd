package conformance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestSQLiteSuite runs the suite with a handle for writing and several for reading, as the program
// has them.
func TestSQLiteSuite(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) store.Store {
		file := sqliteFile(t)
		return sqliteSchema(t, sqlstore.SQLite(sqliteHandle(t, file, 1), sqliteHandle(t, file, 4)))
	})
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "sessions.db") }

// sqliteHandle opens a handle with at most conns connections. Nothing waits for the disk (synchronous):
// that is for the day the machine fails.
func sqliteHandle(t testing.TB, file string, conns int) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func sqliteSchema(t testing.TB, s *sqlstore.Store) *sqlstore.Store {
	t.Helper()
	if err := s.CreateSchema(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

func sqliteRecord(n byte, values store.Values) store.Record {
	return store.Record{
		ID: store.ID{n}, Digest: store.Digest{n}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: now, SignedIn: now, LastSeen: now, Expires: now.Add(time.Hour), Deadline: now.Add(8 * time.Hour), Idle: time.Hour,
		Addr: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Values: values,
	}
}

// TestSQLiteTwoProcesses: two stores with write handles of their own, several connections each, and
// transactions that begin without a lock, as two careless processes would have.
func TestSQLiteTwoProcesses(t *testing.T) {
	t.Parallel()
	file := sqliteFile(t)
	stores := make([]*sqlstore.Store, 2)
	for i := range stores {
		db := sqliteHandle(t, file, 3)
		stores[i] = sqliteSchema(t, sqlstore.SQLite(db, db))
	}
	r := sqliteRecord(1, nil)
	if err := stores[0].Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const each, workers = 25, 4
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range each {
				p := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{fmt.Sprintf("%d/%d", w, n): {1}}}
				if _, err := stores[w%2].Patch(t.Context(), p); err != nil {
					t.Errorf("Patch: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got, err := stores[0].Load(t.Context(), r.ID, now)
	if err != nil || len(got.Values) != each*workers || got.Version != each*workers+1 {
		t.Errorf("%d keys at version %d (%v), want %d", len(got.Values), got.Version, err, each*workers)
	}
}

func TestSQLiteTable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sessions", "app_sessions", `an "odd" {table} name?`} {
		t.Run(name, func(t *testing.T) {
			db := sqliteHandle(t, sqliteFile(t), 1)
			s := sqliteSchema(t, sqliteSchema(t, sqlstore.SQLite(db, db, sqlstore.Table(name)))) // twice: it changes nothing
			r := sqliteRecord(1, store.Values{"a": {1}})
			if err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got, err := s.Load(t.Context(), r.ID, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r, got); diff != "" {
				t.Error(diff)
			}
			if err := s.Delete(t.Context(), r.ID, store.ID{9}); err != nil {
				t.Error(err)
			}
			var n int
			if err := db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL", name).Scan(&n); err != nil || n != 3 {
				t.Errorf("%d tables and indexes of that name (%v), want 3", n, err)
			}
		})
	}
}

// TestSQLiteUsesItsIndexes: no query reads the whole table.
func TestSQLiteUsesItsIndexes(t *testing.T) {
	t.Parallel()
	db := sqliteHandle(t, sqliteFile(t), 1)
	sqliteSchema(t, sqlstore.SQLite(db, db))
	for query, index := range map[string]string{
		"SELECT digest FROM sessions WHERE id = 'x' AND expires > 1":                                             "autoindex",
		"SELECT digest FROM sessions WHERE subject = ? AND subject <> '' AND expires > 1":                        "sessions_subject",
		"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires <= 1 ORDER BY expires LIMIT 9)": "sessions_expires",
	} {
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, []any{"ada"}[:strings.Count(query, "?")]...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(detail + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan.String(), index) || strings.Contains(plan.String(), "SCAN") {
			t.Errorf("%s:\n%swant the index %s and no scan", query, plan.String(), index)
		}
	}
}

// TestSQLiteUnreadable: what somebody else wrote into a row costs its values, not the session.
func TestSQLiteUnreadable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := sqliteHandle(t, sqliteFile(t), 1)
	s := sqliteSchema(t, sqlstore.SQLite(db, db))
	r := sqliteRecord(1, store.Values{"a": {1}})
	if err := s.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE sessions SET data = x'ff00'"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx, r.ID, now)
	if !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("Load: %v, want ErrUnreadable", err)
	}
	want := r
	want.Values = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the record beside the error: %s", diff)
	}
	if all, err := s.BySubject(ctx, "ada", now); len(all) != 1 || err != nil {
		t.Errorf("BySubject: %d records, %v; want 1", len(all), err)
	}

	p := store.Patch{ID: r.ID, Digest: r.Digest, Now: now}
	set := store.Values{"b": {2}}
	steps := []struct {
		name string
		then func(p *store.Patch)
		want error
	}{
		{"a patch that needs the values", func(p *store.Patch) { p.Set = set }, store.ErrUnreadable},
		{"one that deletes", func(p *store.Patch) { p.Delete = []string{"a"} }, store.ErrUnreadable},
		{"one that leaves them alone", func(p *store.Patch) { p.Rekey = &store.Rekey{Digest: r.Digest, KeyID: "fedcba98"} }, nil},
		{"one that clears them", func(p *store.Patch) { p.Clear, p.Set = true, set }, nil},
	}
	for _, step := range steps {
		p := p
		step.then(&p)
		if _, err := s.Patch(ctx, p); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
	}
	want.Version, want.KeyID, want.Values = 3, "fedcba98", set
	got, err = s.Load(ctx, r.ID, now)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Load afterwards: %v\n%s", err, diff)
	}
}

// TestSQLiteBroken: a database that does not work is an error of its own, and works again when it
// does.
func TestSQLiteBroken(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := sqliteHandle(t, sqliteFile(t), 1)
	s := sqlstore.SQLite(db, db) // no table yet
	r := sqliteRecord(1, nil)
	check := func(what string, wantFailure bool) {
		t.Helper()
		_, loadErr := s.Load(ctx, r.ID, now)
		_, patchErr := s.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: now})
		_, subjectErr := s.BySubject(ctx, "ada", now)
		_, expireErr := s.DeleteExpired(ctx, now, 1)
		errs := map[string]error{
			"Create": s.Create(ctx, r), "Load": loadErr, "Patch": patchErr, "BySubject": subjectErr, "DeleteExpired": expireErr,
			"Touch": s.Touch(ctx, r.ID, r.Digest, store.Touch{}, now), "Delete": s.Delete(ctx, r.ID), "Delete 2": s.Delete(ctx, r.ID, r.ID),
		}
		for method, err := range errs {
			if failed := err != nil && !errors.Is(err, store.ErrNotFound); failed != wantFailure {
				t.Errorf("%s %s: %v", method, what, err)
			}
		}
	}
	check("without a table", true)
	sqliteSchema(t, s)
	check("with one", false)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check("on a closed handle", true)
}

// TestSQLiteHangingWriter: a call waits for a lock no longer than its context, and leaves no
// transaction behind.
func TestSQLiteHangingWriter(t *testing.T) {
	t.Parallel()
	file := sqliteFile(t)
	db := sqliteHandle(t, file, 1)
	s := sqliteSchema(t, sqlstore.SQLite(db, db))
	r := sqliteRecord(1, nil)
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	other, err := sqliteHandle(t, file, 1).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	p := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"a": {1}}}
	if _, err := s.Patch(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Patch while another holds the lock: %v, want the end of the context", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if version, err := s.Patch(t.Context(), p); version != 2 || err != nil {
		t.Errorf("Patch afterwards: version %d, %v; want 2", version, err)
	}
}

// TestSQLiteInBubble: inside a synctest bubble time is not the machine's, and no call blocks it.
func TestSQLiteInBubble(t *testing.T) {
	t.Parallel()
	file := sqliteFile(t)
	synctest.Test(t, func(t *testing.T) {
		db := sqliteHandle(t, file, 1)
		s := sqliteSchema(t, sqlstore.SQLite(db, db))
		r := sqliteRecord(1, store.Values{"a": {1}})
		r.Expires = time.Now().Add(time.Hour)
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - time.Millisecond)
		if _, err := s.Patch(t.Context(), store.Patch{ID: r.ID, Digest: r.Digest, Now: time.Now(), Set: store.Values{"b": {2}}}); err != nil {
			t.Errorf("Patch just before the end: %v", err)
		}
		time.Sleep(time.Millisecond)
		if _, err := s.Load(t.Context(), r.ID, time.Now()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load at the end: %v, want ErrNotFound", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
