package conformance

import "testing"

// TestSQLite runs what is promised beyond the suite; TestSQLiteSuite is the suite.
func TestSQLite(t *testing.T) {
	t.Parallel()
	testSQL(t, sqlite())
}
