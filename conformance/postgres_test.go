package conformance

import "testing"

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	t.Run("Suite", func(t *testing.T) { testSuite(t, postgres()) })
	testSQL(t, postgres())
	t.Run("Deadlock", func(t *testing.T) { testDeadlock(t, postgres()) })
}
