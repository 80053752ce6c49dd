package conformance

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// testSweep lets two handles sweep one table of dead records, in batches, while others read and
// touch the live ones.
func testSweep(t *testing.T, d database) {
	const batch = 500
	ctx := t.Context()
	address := d.address(t)
	first, second := d.open(t, address, 4), d.open(t, address, 4)
	table := d.table(t, first)
	stores := []*sqlstore.Store{d.store(first, sqlstore.Table(table)), d.store(second, sqlstore.Table(table))}
	if err := stores[0].CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	if err := stores[0].Create(ctx, record("", store.Values{"a": make([]byte, 100)})); err != nil {
		t.Fatal(err)
	}
	d.multiply(t, first, table, d.rows)
	var total int64
	if err := first.QueryRow("SELECT count(*) FROM " + d.quote + table + d.quote).Scan(&total); err != nil {
		t.Fatal(err)
	}
	then := now.Add(2 * time.Hour) // the records so far are dead, those that follow live
	live := make([]store.Record, 20)
	for i := range live {
		live[i] = record("ada", nil)
		live[i].Expires = then.Add(time.Hour)
		if err := stores[0].Create(ctx, live[i]); err != nil {
			t.Fatal(err)
		}
	}

	var swept atomic.Int64
	var readers, sweepers sync.WaitGroup
	done := make(chan struct{})
	for i, s := range stores {
		readers.Go(func() {
			for n := i; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
				r := live[n%len(live)]
				if _, err := s.Load(ctx, r.ID, then); err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				to := store.Touch{LastSeen: then.Add(time.Duration(n) * time.Millisecond)}
				if err := s.Touch(ctx, r.ID, r.Digest, to, then); err != nil {
					t.Errorf("Touch: %v", err)
					return
				}
			}
		})
		sweepers.Go(func() {
			for { // until nothing is left: a batch may be short because the other has the rest of it in hand
				n, err := s.DeleteExpired(ctx, then, batch)
				if err != nil || n > batch {
					t.Errorf("DeleteExpired: %d, %v", n, err)
					return
				}
				if n == 0 {
					return
				}
				swept.Add(int64(n))
			}
		})
	}
	sweepers.Wait()
	close(done)
	readers.Wait()
	if swept.Load() != total {
		t.Errorf("%d deletions were counted, of %d dead records", swept.Load(), total)
	}
	found, err := stores[1].BySubject(ctx, "ada", then)
	if err != nil || len(found) != len(live) {
		t.Errorf("%d records live (%v), want %d", len(found), err, len(live))
	}
}

// testSweepPastTouch sweeps while somebody else keeps a dead record alive, in a transaction that is
// not yet committed. That record stays.
func testSweepPastTouch(t *testing.T, d database) {
	ctx := t.Context()
	db := d.open(t, d.address(t), 4)
	table := d.table(t, db)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	saved, dead := record("ada", nil), record("bob", nil)
	saved.Expires = dead.Expires.Add(-time.Second) // it comes first
	for _, r := range []store.Record{saved, dead} {
		if err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(ctx, "UPDATE "+d.quote+table+d.quote+" SET expires = expires + 7200000 WHERE id = '"+saved.ID.String()+"'")
	if err != nil {
		t.Fatal(err)
	}

	done := make(chan struct{})
	go func() {
		defer close(done)
		if n, err := s.DeleteExpired(ctx, dead.Expires, 10); n != 1 || err != nil {
			t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
		}
	}()
	if d.skips {
		<-done // it waits for nobody
	} else {
		select { // let it begin to wait for the transaction
		case <-done:
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	<-done
	if _, err := s.Load(ctx, saved.ID, dead.Expires); err != nil {
		t.Errorf("the record that was kept alive: %v", err)
	}
	if _, err := s.Load(ctx, dead.ID, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the dead one: %v, want ErrNotFound", err)
	}
}
