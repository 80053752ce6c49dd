package conformance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// testHanging: a call waits for a row that somebody else has locked no longer than its context,
// reading waits for nobody, and all is well afterwards.
func testHanging(t *testing.T, d database) {
	ctx := t.Context()
	address := d.address(t)
	db, others := d.open(t, address, 4), d.open(t, address, 1)
	table := d.table(t, db)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	r := record("ada", nil)
	if err := s.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	tx, err := others.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "UPDATE "+d.quote+table+d.quote+" SET version = version + 1000"); err != nil {
		t.Fatal(err)
	}

	p := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"a": {1}}}
	for what, call := range map[string]func(ctx context.Context) error{
		"Patch":  func(ctx context.Context) error { _, err := s.Patch(ctx, p); return err },
		"Touch":  func(ctx context.Context) error { return s.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, r.ID) },
	} {
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		err := call(short)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s while somebody else has the row: %v, want the end of the context", what, err)
		}
	}
	if got, err := s.Load(ctx, r.ID, now); err != nil || got.Version != 1 {
		t.Errorf("Load while somebody else has the row: version %d, %v", got.Version, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	// What was given up may still have happened, but for the patch, which has no commit. So there
	// may be no record.
	version, err := s.Patch(ctx, p)
	if (err != nil || version != 2) && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Patch afterwards: version %d, %v; want 2", version, err)
	}
}
