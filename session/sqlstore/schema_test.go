package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/sqlstore"
)

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
