package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/sqlstore"
)

func plainSessions(t testing.TB, db *sqlite.DB) session.Store {
	t.Helper()
	store := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	if err := store.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

func sessions(t testing.TB, db *sqlite.DB) session.Store {
	t.Helper()
	return db.Sessions(plainSessions(t, db))
}

func TestSessions(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) session.Store { return sessions(t, open(t, t.TempDir())) })
}

// The same, when one process writes and another loads, which has loaded all records before every
// write.
func TestSessionsAcrossProcesses(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) session.Store {
		dir := t.TempDir()
		return elsewhere{plainSessions(t, open(t, dir)), sessions(t, open(t, dir))}
	})
}

// elsewhere is a store that writes through one handle and loads through another.
type elsewhere struct {
	session.Store
	loads session.Store
}

func (e elsewhere) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	return e.loads.Load(ctx, id, now)
}

func (e elsewhere) Patch(ctx context.Context, p session.Patch) (int64, error) {
	_, _ = e.loads.Load(ctx, p.ID, p.Now)
	return e.Store.Patch(ctx, p)
}

func (e elsewhere) Touch(ctx context.Context, id session.ID, d session.Digest, to session.Touch, now time.Time) error {
	_, _ = e.loads.Load(ctx, id, now)
	return e.Store.Touch(ctx, id, d, to, now)
}

func (e elsewhere) Delete(ctx context.Context, ids ...session.ID) error {
	for _, id := range ids {
		_, _ = e.loads.Load(ctx, id, time.Time{}) // when every record lives
	}
	return e.Store.Delete(ctx, ids...)
}

var sessionTime = time.UnixMilli(1_800_000_000_000).UTC()

func sessionRecord(n int) session.Record {
	r := session.Record{
		Digest: session.Digest{7}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: sessionTime, SignedIn: sessionTime, LastSeen: sessionTime,
		Expires: sessionTime.Add(time.Hour), Deadline: sessionTime.Add(8 * time.Hour), Idle: time.Hour,
		Addr: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Values: session.Values{"loggedin_user": make([]byte, 200), "csrf": make([]byte, 32)},
	}
	binary.BigEndian.PutUint64(r.ID[:], uint64(n+1))
	return r
}

// counted counts the loads that get to the file.
type counted struct {
	session.Store
	loads int
	err   error // what they end with, beside the record
}

func (c *counted) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	c.loads++
	r, err := c.Store.Load(ctx, id, now)
	return r, errors.Join(err, c.err)
}

// A record is read once, until something is committed to the file; what failed or is not there is
// read each time.
func TestSessionsAreRemembered(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	db := open(t, dir)
	file := &counted{Store: plainSessions(t, db)}
	store := db.Sessions(file)
	r := sessionRecord(1)
	mustRun(t, store.Create(ctx, r))
	load := func(now time.Time, wantLoads int, wantErr error) session.Record {
		t.Helper()
		file.loads = 0
		got, err := store.Load(ctx, r.ID, now)
		if !errors.Is(err, wantErr) || file.loads != wantLoads {
			t.Errorf("%d loads (%v), want %d (%v)", file.loads, err, wantLoads, wantErr)
		}
		return got
	}
	first := load(sessionTime, 1, nil)
	if diff := cmp.Diff(first, load(sessionTime, 0, nil)); diff != "" {
		t.Errorf("the second load (-first +second):\n%s", diff)
	}
	load(r.Expires, 0, session.ErrNotFound)
	load(r.Expires.Add(-time.Millisecond), 0, nil)

	to := session.Touch{LastSeen: sessionTime, Expires: r.Expires.Add(time.Minute)}
	mustRun(t, plainSessions(t, open(t, dir)).Touch(ctx, r.ID, r.Digest, to, sessionTime))
	load(r.Expires, 1, nil)
	load(r.Expires, 0, nil)

	mustRun(t, store.Touch(ctx, r.ID, r.Digest, to, sessionTime))
	file.err = session.ErrUnreadable
	load(sessionTime, 1, session.ErrUnreadable)
	load(sessionTime, 1, session.ErrUnreadable)
	file.err = nil
	mustRun(t, store.Delete(ctx, r.ID))
	load(sessionTime, 1, session.ErrNotFound)
	load(sessionTime, 1, session.ErrNotFound)
}

// A handle that is closed, or a context that has ended, gives nothing from memory.
func TestNothingIsRememberedAfterTheEnd(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	store, accounts := sessions(t, db), db.Accounts()
	r, d := sessionRecord(1), developer(1)
	mustRun(t, store.Create(t.Context(), r), accounts.Create(t.Context(), account.Actor{}, d))
	ask := func(ctx context.Context) (error, error) {
		_, err1 := store.Load(ctx, r.ID, sessionTime)
		_, err2 := accounts.ByID(ctx, d.ID)
		return err1, err2
	}
	for range 2 {
		err1, err2 := ask(t.Context())
		mustRun(t, err1, err2)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err1, err2 := ask(ended); !errors.Is(err1, context.Canceled) || !errors.Is(err2, context.Canceled) {
		t.Errorf("with a context that has ended: %v, %v", err1, err2)
	}
	mustRun(t, db.Close())
	if err1, err2 := ask(t.Context()); err1 == nil || err2 == nil {
		t.Errorf("after Close: %v, %v", err1, err2)
	}
}
