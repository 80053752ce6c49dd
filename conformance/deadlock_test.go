package conformance

import (
	"database/sql"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// testDeadlock lets a deletion of two records meet a transaction that wants them in the other order
// and has more to lose, so that the database undoes the deletion. It is tried again, and nobody is
// told.
func testDeadlock(t *testing.T, d database) {
	ctx := t.Context()
	db := d.open(t, d.address(t), 6)
	table := d.table(t, db)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	first, second := record("ada", nil), record("ada", nil)
	first.ID[0], second.ID[0] = 1, 2
	for _, r := range []store.Record{first, second} {
		if err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	change := func(tx *sql.Tx, id session.ID) error {
		_, err := tx.ExecContext(ctx, "UPDATE "+d.quote+table+d.quote+" SET version = version + 1 WHERE id = '"+id.String()+"'")
		return err
	}
	other, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if d.patient != "" { // only a superuser may
		if _, err := other.ExecContext(ctx, d.patient); err != nil {
			t.Skip(err)
		}
	}
	for range 20 {
		if err := change(other, second.ID); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() { done <- s.Delete(ctx, first.ID, second.ID) }()
	for !locked(t, d, db, table, first.ID) { // until the deletion has the first one and waits for the second
		continue
	}
	err = change(other, first.ID)
	if err == nil {
		err = other.Commit()
	} else {
		_ = other.Rollback()
	}
	if err != nil {
		t.Logf("the database chose the other transaction: %v", err) // a busy machine: the deletion had waited too long before
	}
	if err := <-done; err != nil {
		t.Errorf("Delete: %v", err)
	}
	if found, err := s.BySubject(ctx, "ada", now); len(found) != 0 || err != nil {
		t.Errorf("%d records are left, %v", len(found), err)
	}
}

// locked reports whether somebody has a record locked.
func locked(t *testing.T, d database, db *sql.DB, table string, id session.ID) bool {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var version int64
	err = tx.QueryRow("SELECT version FROM " + d.quote + table + d.quote + " WHERE id = '" + id.String() + "' FOR UPDATE NOWAIT").Scan(&version)
	return err != nil
}
