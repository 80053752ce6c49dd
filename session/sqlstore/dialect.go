package sqlstore

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// dialect is what databases differ in. Where they do not, the statements are written once, in
// newStore, with ? for the arguments and {table} for the table.
type dialect struct {
	schema   string // statements that make the table "sessions" and its indexes, each ending with a semicolon and a newline
	quote    string // what encloses a name, doubled inside it
	longest  int    // bytes that the name of a table may have; 0: no limit of ours
	numbered bool   // arguments are $1, $2, … instead of ?
	unkept   bool   // statements are not prepared here, that is left to the driver
	binary   bool   // strings that may be any bytes are given to the driver as []byte
	columns  int    // bytes that subject, address and user agent may have each; 0: no limit of ours

	unlessExists string // ends an INSERT that leaves a row with the same id alone
	greatest     string // the function that gives the greater of two numbers
	take         string // reads a row (id, digest, expires) and keeps all others from changing it till the transaction ends
	sweep        string // deletes dead rows (expires, how many)

	isolation sql.IsolationLevel // of transactions
	changed   bool               // an UPDATE that leaves a row as it was may say that it found none
	local     bool               // the database is a file: looking up a row takes no time (see lookups)
	undone    []string           // codes of errors by which the database says that it has undone everything, try again
	exists    []string           // codes of errors by which it says that there is a row of that id
	upgrade   []upgrade

	has     string // the names of a table's columns (table)
	indexed string // counts a table's indexes that find rows by a column (table, column)
}

// sqlite is the dialect of SQLite 3.37 and later.
func sqlite() dialect {
	return dialect{
		schema:       SQLiteSchema,
		quote:        `"`,
		unlessExists: "ON CONFLICT (id) DO NOTHING",
		greatest:     "max",
		// A write that changes nothing takes the lock of the whole database, before anything was
		// read.
		take:    "UPDATE {table} SET version = version {where live} RETURNING {columns}, data",
		sweep:   "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?)",
		local:   true,
		upgrade: sqliteUpgrades(),
		has:     "SELECT lower(name) FROM pragma_table_info(?)",
		indexed: `SELECT count(*) FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
			WHERE c.seqno = 0 AND lower(c.name) = ? AND i."unique" = 0 AND (i.partial = 0 OR c.name = 'subject')`,
	}
}

// postgreSQL is the dialect of PostgreSQL 12 and later.
func postgreSQL() dialect {
	return dialect{
		schema:       PostgreSQLSchema,
		quote:        `"`,
		longest:      63 - len("_subject"), // PostgreSQL cuts longer names, and two indexes of one name are one
		numbered:     true,
		unkept:       true,
		binary:       true, // TEXT takes no zero byte and nothing that is not UTF-8
		unlessExists: "ON CONFLICT (id) DO NOTHING",
		greatest:     "greatest",
		take:         "SELECT {columns}, data FROM {table} {where live} FOR UPDATE",
		// ARRAY makes sure that the rows are chosen once. They are locked at once, and those that
		// another node is sweeping are passed over, so sweepers neither wait for each other nor
		// delete what was touched meanwhile.
		sweep: "DELETE FROM {table} WHERE id = ANY(ARRAY(SELECT id FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ? FOR UPDATE SKIP LOCKED))",
		// Patches of one row queue up. Under the stricter levels all but the first of the queue
		// would be refused.
		isolation: sql.LevelReadCommitted,
		upgrade:   postgreSQLUpgrades(),
		has:       "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(?)) AND attnum > 0 AND NOT attisdropped",
		indexed: `SELECT count(*) FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = to_regclass(quote_ident(?)) AND a.attname = ? AND i.indisvalid AND NOT i.indisunique
			AND (i.indpred IS NULL OR a.attname = 'subject')`,
		undone: []string{"40001", "40P01", "55P03"}, // serialization failure, deadlock, lock_timeout
	}
}

// mySQL is the dialect of MariaDB 10.5 and MySQL 8.0, and later ones, with InnoDB.
func mySQL() dialect {
	return dialect{
		schema:   MySQLSchema,
		quote:    "`",
		binary:   true, // strings may be converted from the connection's character set
		columns:  1024, // more would be cut without an error where sql_mode is not strict
		greatest: "greatest",
		// A locking read: unlike a plain one it gives the latest row, whatever snapshot the
		// isolation level keeps.
		take:    "SELECT {columns}, data FROM {table} {where live} FOR UPDATE",
		sweep:   "DELETE FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?",
		changed: true,
		upgrade: mySQLUpgrades(),
		has:     "SELECT lower(column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
		indexed: `SELECT count(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?
			AND lower(column_name) = ? AND seq_in_index = 1 AND non_unique = 1`,
		undone: []string{"1213", "1205", "1020", "40001"}, // deadlock, lock wait timeout, changed since the snapshot; SQLSTATE
		exists: []string{"1062", "23000"},                 // the only unique key is the id
	}
}

// escape returns a name as it stands between two quotes.
func (d *dialect) escape(name string) string {
	return strings.ReplaceAll(name, d.quote, d.quote+d.quote)
}

// statement returns a statement in this dialect.
func (d *dialect) statement(text, table string) string {
	text = strings.NewReplacer(
		"{unless exists}", d.unlessExists, "{greatest}", d.greatest, "{columns}", columns,
		"{where live}", "WHERE id = ? AND digest = ? AND expires > ?",
	).Replace(text)
	if d.numbered {
		var b strings.Builder
		for n, part := range strings.Split(text, "?") {
			if n > 0 {
				b.WriteString("$" + strconv.Itoa(n))
			}
			b.WriteString(part)
		}
		text = b.String()
	}
	return strings.ReplaceAll(text, "{table}", d.quote+d.escape(table)+d.quote) // last: a name may hold anything
}

// schemaFor returns the schema for a table of that name.
func (d *dialect) schemaFor(table string) string {
	return strings.ReplaceAll(d.schema, d.quote+"sessions", d.quote+d.escape(table))
}

// text returns a string that may be any bytes as an argument.
func (d *dialect) text(s string) any {
	if d.binary {
		return []byte(s)
	}
	return s
}

func (d *dialect) undid(err error) bool {
	return err != nil && len(d.undone) > 0 && slices.Contains(d.undone, code(err))
}

func (d *dialect) refused(err error) bool {
	return err != nil && len(d.exists) > 0 && slices.Contains(d.exists, code(err))
}
