package conformance

import (
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
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

// testUpgrade: a table that was made before states had a column gets one, from many sides at once,
// and its records their states.
func testUpgrade(t *testing.T, d database) {
	db := d.open(t, d.address(t), 8)
	table := d.table(t, db)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := make(map[store.ID]store.Record)
	for key, state := range map[string]store.State{
		"0123abcd": store.Live, "?0123abcd": store.Pending, "~0123abcd": store.Leaving, "+0123abcd": store.Arriving, "mark": store.Mark,
	} {
		r := record("ada", nil)
		r.KeyID = key
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if r.State, r.KeyID = state, "0123abcd"; state == store.Mark {
			r.KeyID = ""
		}
		want[r.ID] = r
	}
	if _, err := db.Exec("ALTER TABLE " + d.quote + table + d.quote + " DROP COLUMN state"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := d.store(db, sqlstore.Table(table)).CreateSchema(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for id, r := range want {
		got, err := s.Load(t.Context(), id, now)
		if err != nil || got.State != r.State || got.KeyID != r.KeyID {
			t.Errorf("state %q, key %q, %v; want %q, %q", got.State, got.KeyID, err, r.State, r.KeyID)
		}
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
	for what, change := range map[string]func(r *store.Record){
		"subject":    func(r *store.Record) { r.Subject = strings.Repeat("s", 1025) },
		"address":    func(r *store.Record) { r.Addr = strings.Repeat("a", 1025) },
		"user agent": func(r *store.Record) { r.UserAgent = strings.Repeat("u", 1025) },
	} {
		r := record("ada", nil)
		change(&r)
		if err := s.Create(t.Context(), r); err == nil {
			t.Errorf("a long %s is taken", what)
		}
	}
}
