package sqlstore

import (
	"strconv"
	"strings"
)

// dialect is what databases differ in. The statements themselves are written once, with ? for the arguments and {table}
// for the table.
type dialect struct {
	schema       string // statements that make the table "sessions" and its indexes, each ending with a semicolon and a newline
	quote        string // what encloses a name, doubled inside it
	numbered     bool   // arguments are $1, $2, … instead of ?
	insertNew    string // begins an INSERT that leaves a row with the same id alone …
	unlessExists string // … and ends it
	greatest     string // the function that gives the greater of two numbers
	local        bool   // the database is a file: reading it waits for nobody
}

// sqlite is the dialect of SQLite 3.37 and later.
func sqlite() dialect {
	return dialect{
		schema:       SQLiteSchema,
		quote:        `"`,
		insertNew:    "INSERT INTO",
		unlessExists: "ON CONFLICT (id) DO NOTHING",
		greatest:     "max",
		local:        true,
	}
}

// escape gives a name as it stands between two quotes.
func (d dialect) escape(name string) string {
	return strings.ReplaceAll(name, d.quote, d.quote+d.quote)
}

// statement gives a statement in this dialect.
func (d dialect) statement(text, table string) string {
	text = strings.NewReplacer("{insert new}", d.insertNew, "{unless exists}", d.unlessExists, "{greatest}", d.greatest).Replace(text)
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

// statements gives the schema for a table of that name, statement by statement.
func (d dialect) statements(table string) []string {
	schema := strings.ReplaceAll(d.schema, d.quote+"sessions", d.quote+d.escape(table))
	return strings.SplitAfter(strings.TrimSpace(schema), ";\n")
}
