package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

func plainSessions(t testing.TB, db *sqlite.DB) store.Store {
	t.Helper()
	st := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	if err := st.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}

func sessions(t testing.TB, db *sqlite.DB) store.Store {
	t.Helper()
	return db.Sessions(plainSessions(t, db))
}

func TestSessions(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) store.Store { return sessions(t, open(t, t.TempDir())) })
}

// The same, when one process writes and another loads, which has loaded all records before every
// write.
func TestSessionsAcrossProcesses(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) store.Store {
		dir := t.TempDir()
		return elsewhere{plainSessions(t, open(t, dir)), sessions(t, open(t, dir))}
	})
}

// elsewhere is a store that writes through one handle and loads through another.
type elsewhere struct {
	store.Store
	loads store.Store
}

func (e elsewhere) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	return e.loads.Load(ctx, id, now)
}

func (e elsewhere) Patch(ctx context.Context, p store.Patch) (int64, error) {
	_, _ = e.loads.Load(ctx, p.ID, p.Now)
	return e.Store.Patch(ctx, p)
}

func (e elsewhere) Touch(ctx context.Context, id session.ID, d store.Digest, to store.Touch, now time.Time) error {
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

func sessionRecord(n int) store.Record {
	r := store.Record{
		Digest: store.Digest{7}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: sessionTime, SignedIn: sessionTime, LastSeen: sessionTime,
		Expires: sessionTime.Add(time.Hour), Deadline: sessionTime.Add(8 * time.Hour), Idle: time.Hour,
		Addr: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Values: store.Values{"loggedin_user": make([]byte, 200), "csrf": make([]byte, 32)},
	}
	binary.BigEndian.PutUint64(r.ID[:], uint64(n+1))
	return r
}

// counted counts the loads that get to the file.
type counted struct {
	store.Store
	loads int
	err   error // what they end with, beside the record
}

func (c *counted) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	c.loads++
	r, err := c.Store.Load(ctx, id, now)
	return r, errors.Join(err, c.err)
}

// A record is read once, until something is committed to the file or many others are read; what
// failed or is not there is read each time.
func TestSessionsAreRemembered(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	db := open(t, dir)
	file := &counted{Store: plainSessions(t, db)}
	st := db.Sessions(file)
	const others = sqlite.MostFound
	for n := range 1 + others {
		mustRun(t, st.Create(ctx, sessionRecord(n)))
	}
	r := sessionRecord(0)
	load := func(now time.Time, wantLoads int, wantErr error) {
		t.Helper()
		file.loads = 0
		if _, err := st.Load(ctx, r.ID, now); !errors.Is(err, wantErr) || file.loads != wantLoads {
			t.Errorf("%d loads (%v), want %d (%v)", file.loads, err, wantLoads, wantErr)
		}
	}
	load(sessionTime, 1, nil)
	load(r.Expires, 0, store.ErrNotFound)
	load(r.Expires.Add(-time.Millisecond), 0, nil)

	to := store.Touch{LastSeen: sessionTime, Expires: r.Expires.Add(time.Minute)}
	mustRun(t, plainSessions(t, open(t, dir)).Touch(ctx, r.ID, r.Digest, to, sessionTime))
	load(r.Expires, 1, nil)
	load(r.Expires, 0, nil)
	for n := range others {
		_, err := st.Load(ctx, sessionRecord(1+n).ID, sessionTime)
		mustRun(t, err)
	}
	load(r.Expires, 1, nil)

	mustRun(t, st.Touch(ctx, r.ID, r.Digest, to, sessionTime))
	file.err = store.ErrUnreadable
	load(sessionTime, 1, store.ErrUnreadable)
	load(sessionTime, 1, store.ErrUnreadable)
	file.err = nil
	mustRun(t, st.Delete(ctx, r.ID))
	load(sessionTime, 1, store.ErrNotFound)
	load(sessionTime, 1, store.ErrNotFound)
}

// A handle that is closed, or a context that has ended, gives nothing from memory.
func TestNothingIsRememberedAfterTheEnd(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	st, accounts := sessions(t, db), db.Accounts()
	r, d := sessionRecord(1), developer(1)
	mustRun(t, st.Create(t.Context(), r), accounts.Create(t.Context(), account.Actor{}, d))
	ask := func(ctx context.Context) (error, error) {
		_, err1 := st.Load(ctx, r.ID, sessionTime)
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
