package conformance

import (
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
)

// testSchema makes one table from many sides at once.
func testSchema(t *testing.T, d database) {
	address := d.address(t)
	db := d.open(t, address, 8)
	for range 5 {
		table := d.table(t, db)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := d.store(db, sqlstore.Table(table)).CreateSchema(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		story(t, d.store(db, sqlstore.Table(table)))
	}
}

// testNames tells the story in tables with odd names, and long ones.
func testNames(t *testing.T, d database) {
	db := d.open(t, d.address(t), 4)
	for _, name := range []string{"sessions", `an "odd" {table} name? $1`, "it's `so`", strings.Repeat("n", 55)} {
		s := d.store(db, sqlstore.Table(name))
		drop := "DROP TABLE IF EXISTS " + d.quote + strings.ReplaceAll(name, d.quote, d.quote+d.quote) + d.quote
		if _, err := db.Exec(drop); err != nil {
			t.Fatal(err)
		}
		if err := s.CreateSchema(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		story(t, s)
		if _, err := db.Exec(drop); err != nil {
			t.Error(err)
		}
	}
	if d.name == "SQLite" {
		return // any length will do
	}
	if err := d.store(db, sqlstore.Table(strings.Repeat("n", 70))).CreateSchema(t.Context()); err == nil {
		t.Error("a name that is too long is taken")
	}
}

// testLong: what does not fit is refused, not cut.
func testLong(t *testing.T, d database) {
	s := d.fresh(t, d.open(t, d.with(t, "sql_mode=''"), 1))
	for what, change := range map[string]func(r *session.Record){
		"subject":    func(r *session.Record) { r.Subject = strings.Repeat("s", 1025) },
		"address":    func(r *session.Record) { r.Addr = strings.Repeat("a", 1025) },
		"user agent": func(r *session.Record) { r.UserAgent = strings.Repeat("u", 1025) },
	} {
		r := record("ada", nil)
		change(&r)
		if err := s.Create(t.Context(), r); err == nil {
			t.Errorf("a long %s is taken", what)
		}
	}
}
