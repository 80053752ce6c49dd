package sqlstore_test

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
)

// firstSchema is what the first version made, with a record of it in the table.
const firstSchema = `CREATE TABLE "sessions" (
	id TEXT NOT NULL PRIMARY KEY, digest BLOB NOT NULL, version INTEGER NOT NULL, key_id TEXT NOT NULL, subject TEXT NOT NULL,
	created INTEGER NOT NULL, signed_in INTEGER NOT NULL, last_seen INTEGER NOT NULL, expires INTEGER NOT NULL,
	deadline INTEGER NOT NULL, idle INTEGER NOT NULL, persist INTEGER NOT NULL, addr TEXT NOT NULL, user_agent TEXT NOT NULL,
	data BLOB NOT NULL
) STRICT;
CREATE INDEX "sessions_subject" ON "sessions" (subject) WHERE subject <> '';
CREATE INDEX "sessions_expires" ON "sessions" (expires);
INSERT INTO sessions VALUES ('010000000000000000000000', zeroblob(32), 7, '0123abcd', 'ada', 1000000000000, 1000000000000,
	1000000000000, 1000003600000, 1000003600000, 3600000, 0, '192.0.2.1', 'Mozilla/5.0', x'0100')`

// TestSQLiteUpgrade: a table of the first version gets what it lacks, from several processes at
// once, while one of them has used it before. The records stay.
func TestSQLiteUpgrade(t *testing.T) {
	t.Parallel()
	for range 10 {
		file := sqliteFile(t)
		dbs := make([]*sql.DB, 4)
		for i := range dbs {
			dbs[i] = handle(t, file, 1)
		}
		if _, err := dbs[0].Exec(firstSchema); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for _, db := range dbs {
			all.Go(func() { schema(t, sqlstore.SQLite(db, db)) })
		}
		all.Wait()
		s := sqlstore.SQLite(dbs[0], dbs[0])
		schema(t, s) // again: it changes nothing

		old, err := s.Load(t.Context(), session.ID{1}, now)
		if err != nil || old.Version != 7 || old.Parent != (session.ID{}) {
			t.Errorf("the record of the first version: %+v, %v", old, err)
		}
		child := record(2, session.Values{"a": {1}})
		child.Parent = old.ID
		if err := s.Create(t.Context(), child); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), child.ID, now)
		if diff := cmp.Diff(child, got); err != nil || diff != "" {
			t.Errorf("a new record: %v\n%s", err, diff)
		}
	}
}

// TestSchema: what is printed is what is made, under the name that was asked for.
func TestSchema(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		store  func(options ...sqlstore.Option) *sqlstore.Store
		schema string
		quoted string
	}{
		{func(o ...sqlstore.Option) *sqlstore.Store { return sqlstore.SQLite(nil, nil, o...) }, sqlstore.SQLiteSchema, `"app""s"`},
		{func(o ...sqlstore.Option) *sqlstore.Store { return sqlstore.PostgreSQL(nil, o...) }, sqlstore.PostgreSQLSchema, `"app""s"`},
		{func(o ...sqlstore.Option) *sqlstore.Store { return sqlstore.MySQL(nil, o...) }, sqlstore.MySQLSchema, "`app\"s`"},
	} {
		if got := test.store().Schema(); got != test.schema {
			t.Errorf("without options: %s\nwant: %s", got, test.schema)
		}
		got := test.store(sqlstore.Table(`app"s`)).Schema()
		if !strings.HasPrefix(got, "CREATE TABLE IF NOT EXISTS "+test.quoted+" (\n") || strings.Contains(got, "sessions`") || strings.Contains(got, `sessions"`) {
			t.Errorf("of another table: %s", got)
		}
	}
}
