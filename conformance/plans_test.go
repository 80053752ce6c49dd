package conformance

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// testPlans calls every method on a table of some size, and asks the database how it runs each
// statement that the store has sent: all of them by an index, none by reading the whole table or
// sorting it.
func testPlans(t *testing.T, d database) {
	ctx := t.Context()
	address := d.address(t)
	plain := d.open(t, address, 2)
	db, recorder := recording(plain, address)
	defer db.Close()
	table := d.table(t, plain)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	stranger, ada := record("", nil), record("ada", nil)
	for _, r := range []store.Record{stranger, ada} {
		if err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	d.multiply(t, plain, table, min(d.rows, 8000))
	kept := record("bob", nil)
	if err := s.Create(ctx, kept); err != nil {
		t.Fatal(err)
	}

	clear(recorder.seen) // what made the table is not of interest
	_, loadErr := s.Load(ctx, kept.ID, now)
	_, patchErr := s.Patch(ctx, store.Patch{ID: kept.ID, Digest: kept.Digest, Now: now, Set: store.Values{"a": {1}}})
	_, subjectErr := s.BySubject(ctx, "bob", now)
	_, expiredErr := s.DeleteExpired(ctx, now, 1) // which removes none that is explained below
	for what, err := range map[string]error{
		"Load": loadErr, "Patch": patchErr, "BySubject": subjectErr, "DeleteExpired": expiredErr,
		"Touch":       s.Touch(ctx, kept.ID, kept.Digest, store.Touch{}, now),
		"Each":        s.Each(ctx, now, func(store.Record) error { return nil }),
		"Delete":      s.Delete(ctx, ada.ID),
		"Delete many": s.Delete(ctx, ada.ID, stranger.ID, session.ID{1}),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(recorder.seen) < 8 {
		t.Errorf("%d statements were seen, there must be more", len(recorder.seen))
	}
	for text, args := range recorder.seen {
		index := d.primary
		switch {
		case strings.Contains(text, "WHERE subject ="):
			index = "subject"
		case strings.Contains(text, "ORDER BY expires"):
			index = "expires"
		}
		plan := d.plan(t, plain, text, args)
		if !regexp.MustCompile(index).MatchString(plan) || regexp.MustCompile(d.scan).MatchString(plan) {
			t.Errorf("%s:\n%swant the index %s, and nothing like %s", text, plan, index, d.scan)
		}
	}
}

// plan gives what the database says of its way to run a statement.
func (d database) plan(t *testing.T, db *sql.DB, text string, args []any) string {
	t.Helper()
	rows, err := db.Query(d.explain+text, args...)
	if err != nil {
		t.Fatalf("explain %s: %v", text, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		targets := make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			fmt.Fprintf(&plan, "%s=%s ", name, values[i].String)
		}
		plan.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
