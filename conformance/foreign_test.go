package conformance

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/sqlstore"
)

// testForeign: a table that is not ours is told as such, by its name, with what is missing and with
// the way out, and is left as it was. With a table of its own the store works beside it.
func testForeign(t *testing.T, d database) {
	db := d.open(t, d.address(t), 2)
	// What each system has for a table of scs, and for bytes.
	token, bytes, primary := "token TEXT PRIMARY KEY", "BLOB", "id VARCHAR(24)"
	switch d.name {
	case "PostgreSQL":
		bytes = "BYTEA"
	case "MariaDB":
		token = "token CHAR(43) PRIMARY KEY"
	}
	ours := func(id, version, subject string) string {
		return id + " NOT NULL, digest " + bytes + ", version " + version + ", key_id VARCHAR(99), subject " + subject +
			", created BIGINT, signed_in BIGINT, last_seen BIGINT, expires BIGINT, deadline BIGINT, idle BIGINT, persist SMALLINT, addr " +
			bytes + ", user_agent " + bytes + ", parent VARCHAR(24) DEFAULT '', data " + bytes
	}
	subject := bytes
	if d.name == "MariaDB" {
		subject = "VARBINARY(1024), KEY s (subject), KEY e (expires)"
	}
	for name, c := range map[string]struct {
		columns string
		says    string // "" for a table that will do
	}{
		"scs":                   {token + ", data " + bytes + " NOT NULL, expiry TIMESTAMP NOT NULL", "no column id, digest, version,"},
		"one column":            {"id INTEGER", "no column data, digest,"},
		"ours but for a key":    {ours(primary, "BIGINT", subject), "does not keep a session"},
		"a column more":         {ours(primary+" PRIMARY KEY", "BIGINT", subject) + ", more INTEGER NOT NULL", "does not keep a session"},
		"other limits":          {ours(primary+" PRIMARY KEY", "BIGINT CHECK (version > 99)", subject), "does not keep a session"},
		"one per person":        {ours(primary+" PRIMARY KEY", "BIGINT", subject) + ", UNIQUE (subject)", "does not keep a session"},
		"ours, written by hand": {ours(primary+" PRIMARY KEY", "BIGINT", subject), ""},
	} {
		t.Run(name, func(t *testing.T) {
			table := d.table(t, db)
			quoted := d.quote + table + d.quote
			if d.name == "MariaDB" && name == "one per person" {
				c.columns = strings.Replace(c.columns, "KEY s (subject),", "KEY s (subject), UNIQUE KEY u (subject),", 1)
			}
			if _, err := db.Exec("CREATE TABLE " + quoted + " (" + c.columns + ")"); err != nil {
				t.Fatal(err)
			}
			err := d.store(db, sqlstore.Table(table)).CreateSchema(t.Context())
			if c.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				story(t, d.store(db, sqlstore.Table(table)))
				return
			}
			for _, part := range []string{table, c.says, "sqlstore.Table"} {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%v, want %q in it", err, part)
				}
			}
			var n int
			if err := db.QueryRow("SELECT count(*) FROM " + quoted).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows are left in it (%v)", n, err)
			}
			if name == "scs" {
				if _, err := db.Exec("SELECT state FROM " + quoted); err == nil {
					t.Error("it was changed")
				}
			}
		})
	}
	t.Run("beside it", func(t *testing.T) { story(t, d.fresh(t, db)) })
}

// testForeignIndex: an index that has the name of ours, but another shape or another table, is
// told; one that finds sessions by another name will do.
func testForeignIndex(t *testing.T, d database) {
	db := d.open(t, d.address(t), 2)
	for name, c := range map[string]struct {
		index, column, on string
		unique, fits      bool
	}{
		"other column":  {index: "subject", column: "addr"},
		"unique":        {index: "subject", column: "subject", unique: true},
		"other table":   {index: "expires", column: "n", on: "_other"},
		"one more name": {index: "by_subject", column: "subject", fits: true},
	} {
		t.Run(name, func(t *testing.T) {
			table := d.table(t, db)
			s := d.store(db, sqlstore.Table(table))
			if err := s.CreateSchema(t.Context()); err != nil {
				t.Fatal(err)
			}
			other := d.quote + table + "_other" + d.quote
			if _, err := db.Exec("CREATE TABLE " + other + " (n INTEGER)"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = db.Exec("DROP TABLE " + other) })
			drop, index := "DROP INDEX "+d.quote+table+"_"+c.index+d.quote, d.quote+table+"_"+c.index+d.quote
			if d.name == "MariaDB" { // names of indexes are the table's there
				drop, index = "DROP INDEX "+c.index+" ON "+d.quote+table+d.quote, c.index
			}
			if c.fits {
				drop = strings.Replace(drop, "by_", "", 1)
			}
			unique := ""
			if c.unique {
				unique = "UNIQUE "
			}
			create := "CREATE " + unique + "INDEX " + index + " ON " + d.quote + table + c.on + d.quote + " (" + c.column + ")"
			for _, text := range []string{drop, create} {
				if _, err := db.Exec(text); err != nil {
					t.Fatal(text, err)
				}
			}
			err := s.CreateSchema(t.Context())
			if c.fits {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for _, part := range []string{table, c.index, "sqlstore.Table"} {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%v, want %q in it", err, part)
				}
			}
		})
	}
}
