package conformance

import "testing"

// TestSQLite: the suite itself is run beside the store, in session/sqlstore, where the driver is at
// hand.
func TestSQLite(t *testing.T) {
	t.Parallel()
	testSQL(t, sqlite())
}
