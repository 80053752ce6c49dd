package conformance

import (
	"database/sql"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
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
	1000000000000, 1000003600000, 1000003600000, 3600000, 0, '192.0.2.1', 'Mozilla/5.0', x'0100');
INSERT INTO sessions SELECT column1, digest, version, column2, subject, created, signed_in, last_seen, expires, deadline, idle,
	persist, addr, user_agent, data FROM sessions, (VALUES ('020000000000000000000000', '?0123abcd'), ('030000000000000000000000', 'mark'),
	('040000000000000000000000', '~0123abcd'), ('050000000000000000000000', '+0123abcd'))`

// TestSQLiteUpgrade: a table of the first version gets what it lacks, from several processes at
// once, while one of them has used it before. The records stay.
func TestSQLiteUpgrade(t *testing.T) {
	t.Parallel()
	for range 10 {
		file := sqliteFile(t)
		dbs := make([]*sql.DB, 4)
		for i := range dbs {
			dbs[i] = sqliteHandle(t, file, 1)
		}
		if _, err := dbs[0].Exec(firstSchema); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for _, db := range dbs {
			all.Go(func() { sqliteSchema(t, sqlstore.SQLite(db, db)) })
		}
		all.Wait()
		s := sqlstore.SQLite(dbs[0], dbs[0])
		sqliteSchema(t, s) // again: it changes nothing

		for n, want := range map[byte]store.Record{
			2: {KeyID: "0123abcd", State: store.Pending}, 3: {State: store.Mark},
			4: {KeyID: "0123abcd", State: store.Leaving}, 5: {KeyID: "0123abcd", State: store.Arriving},
		} {
			got, err := s.Load(t.Context(), store.ID{n}, now)
			if err != nil || got.KeyID != want.KeyID || got.State != want.State {
				t.Errorf("record %d of the first version: key %q, state %q, %v; want %q, %q", n, got.KeyID, got.State, err, want.KeyID, want.State)
			}
		}
		old, err := s.Load(t.Context(), store.ID{1}, now)
		if err != nil || old.Version != 7 || old.KeyID != "0123abcd" || old.State != store.Live || old.Parent != (store.ID{}) {
			t.Errorf("the record of the first version: %+v, %v", old, err)
		}
		child := sqliteRecord(9, store.Values{"a": {1}})
		child.Parent, child.State = old.ID, store.Pending
		if err := s.Create(t.Context(), child); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), child.ID, now)
		if diff := cmp.Diff(child, got); err != nil || diff != "" {
			t.Errorf("a new record: %v\n%s", err, diff)
		}
	}
}
