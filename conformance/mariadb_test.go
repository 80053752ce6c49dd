package conformance

import "testing"

func TestMariaDB(t *testing.T) {
	t.Parallel()
	t.Run("Suite", func(t *testing.T) { testSuite(t, mariadb()) })
	testSQL(t, mariadb())
	t.Run("Deadlock", func(t *testing.T) { testDeadlock(t, mariadb()) })
	t.Run("Long", func(t *testing.T) { testLong(t, mariadb()) })
}
