package conformance

import (
	"crypto/rand"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// database is one that sqlstore keeps sessions in, as these tests reach it.
type database struct {
	name    string
	driver  string
	address func(t testing.TB) string
	store   func(db *sql.DB, options ...sqlstore.Option) *sqlstore.Store
	quote   string
	rows    int    // dead records in a big table
	random  string // an expression for 24 random hexadecimal digits
	person  string // and for a random subject
	analyze string // brings the planner's figures up to date
	explain string // begins a statement that tells the plan of another
	primary string // matches a plan that uses the primary key …
	scan    string // … and one that reads or sorts a whole table

	patient  string   // lets a transaction wait long before it looks for a deadlock
	skips    bool     // a sweeper passes over what others have in hand
	settings []string // parameters of the address that people have
	levels   []string // those that set the isolation level
}

func postgres() database {
	return database{
		name: "PostgreSQL", driver: "pgx", address: servers.Postgres, store: sqlstore.PostgreSQL,
		quote: `"`, rows: 20_000, random: "substr(md5(random()::text), 1, 24)", person: "decode(md5(random()::text), 'hex')",
		primary: "_pkey", scan: "Seq Scan|Sort", skips: true, patient: "SET LOCAL deadlock_timeout = '5s'",
		settings: []string{
			"default_query_exec_mode=simple_protocol", "default_query_exec_mode=exec", "default_query_exec_mode=describe_exec",
			"standard_conforming_strings=off", "bytea_output=escape", "enable_seqscan=off&enable_indexscan=off",
		},
		levels: []string{
			"default_transaction_isolation=serializable", "default_transaction_isolation=repeatable%20read", "default_transaction_isolation=read%20committed",
		},
		analyze: "ANALYZE {table}", explain: "EXPLAIN ",
	}
}

func mariadb() database {
	return database{
		name: "MariaDB", driver: "mysql", address: servers.MariaDB, store: sqlstore.MySQL,
		quote: "`", rows: 20_000, random: "left(md5(concat(id, uuid())), 24)", person: "md5(uuid())",
		primary: "key=PRIMARY", scan: "type=ALL|type=index |filesort|temporary",
		settings: []string{
			"clientFoundRows=true", "interpolateParams=true", "clientFoundRows=true&interpolateParams=true", "parseTime=true&loc=Local",
			"sql_mode=''", "sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "charset=latin1", "collation=utf8mb4_general_ci",
		},
		levels:  []string{"tx_isolation='SERIALIZABLE'", "tx_isolation='REPEATABLE-READ'", "tx_isolation='READ-COMMITTED'", "tx_isolation='READ-UNCOMMITTED'"},
		analyze: "ANALYZE TABLE {table}", explain: "EXPLAIN ",
	}
}

// sqlite is the same over a file, with one handle for reading and writing.
func sqlite() database {
	return database{
		name: "SQLite", driver: "sqlite",
		address: func(t testing.TB) string {
			return "file:" + filepath.Join(t.TempDir(), "sessions.db") + "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
		},
		store: func(db *sql.DB, options ...sqlstore.Option) *sqlstore.Store {
			return sqlstore.SQLite(db, db, options...)
		},
		quote: `"`, rows: 2000, // in pure Go, under the race detector, everything takes its time
		random: "lower(hex(randomblob(12)))", person: "lower(hex(randomblob(12)))",
		primary: "autoindex", scan: "SCAN|TEMP B-TREE",
		analyze: "ANALYZE {table}", explain: "EXPLAIN QUERY PLAN ",
	}
}

func databases() []database { return []database{postgres(), mariadb(), sqlite()} }

// handle gives a handle with at most conns connections, all of which it keeps.
func (d database) handle(address string, conns int) (*sql.DB, error) {
	db, err := sql.Open(d.driver, address)
	if err != nil {
		return nil, err
	}
	if d.driver == "sqlite" {
		conns = 1 // writers of one handle wait in line, those of several poll a lock
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// open is handle for as long as a test runs.
func (d database) open(t testing.TB, address string, conns int) *sql.DB {
	t.Helper()
	db, err := d.handle(address, conns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// table gives the name of a table that does not exist, and drops it when the test is over.
func (d database) table(t testing.TB, db *sql.DB) string {
	t.Helper()
	name := "s_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		if _, err := db.Exec("DROP TABLE IF EXISTS " + d.quote + name + d.quote); err != nil {
			t.Errorf("drop table: %v", err)
		}
	})
	return name
}

// fresh gives a store with a table of its own.
func (d database) fresh(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	s := d.store(db, sqlstore.Table(d.table(t, db)))
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

var now = time.UnixMilli(1_000_000_000_000).UTC()

// record gives one that lives for an hour from now on.
func record(subject string, values store.Values) store.Record {
	r := store.Record{
		Version: 1, KeyID: "0123abcd", Subject: subject, Created: now, SignedIn: now, LastSeen: now,
		Expires: now.Add(time.Hour), Deadline: now.Add(8 * time.Hour), Idle: time.Hour,
		Addr: "192.0.2.1", UserAgent: "Mozilla/5.0", Values: values,
	}
	_, _ = rand.Read(r.ID[:]) // never fails
	_, _ = rand.Read(r.Digest[:])
	return r
}

// multiply copies every record of a table until there are at least n: each under a new id, for a
// new subject if it has one, and dead a millisecond later than the one before.
func (d database) multiply(t testing.TB, db *sql.DB, table string, n int) {
	t.Helper()
	const same = "digest, version, key_id, created, signed_in, last_seen, deadline, idle, persist, addr, user_agent, parent, state, data"
	quoted := d.quote + table + d.quote
	text := "INSERT INTO " + quoted + " (id, subject, expires, " + same + ") SELECT " + d.random +
		", CASE WHEN subject = '' THEN subject ELSE " + d.person + " END, expires + 1, " + same + " FROM " + quoted
	for have := 0; have < n; {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT count(*) FROM " + quoted).Scan(&have); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(strings.ReplaceAll(d.analyze, "{table}", quoted)); err != nil {
		t.Fatal(err)
	}
}
