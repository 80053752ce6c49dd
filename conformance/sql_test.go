package conformance

import (
	"testing"

	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// testSuite runs the suite of package sessiontest, each test in a table of its own and beside the
// others.
func testSuite(t *testing.T, d database) {
	t.Parallel()
	db := d.open(t, d.address(t), 20)
	sessiontest.Run(t, func(t *testing.T) store.Store {
		t.Parallel()
		return d.fresh(t, db)
	})
}

// testSQL runs all that is promised of a database beyond the suite.
func testSQL(t *testing.T, d database) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, d database)
	}{
		{"Schema", testSchema},
		{"Upgrade", testUpgrade},
		{"Foreign table", testForeign},
		{"Foreign index", testForeignIndex},
		{"Names", testNames},
		{"Settings", testSettings},
		{"Levels", testLevels},
		{"Hanging", testHanging},
		{"Pool", testPool},
		{"Pool held", testPoolHeld},
		{"Processes", testProcesses},
		{"Plans", testPlans},
		{"Sweep", testSweep},
		{"Sweep past a touch", testSweepPastTouch},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, d)
		})
	}
}

// TestHistories lets a crowd of requests meet in the sessions of each database. With DOORBOOK_SOAK
// they do so for that long in each.
func TestHistories(t *testing.T) {
	t.Parallel()
	for _, d := range databases() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			address := d.address(t)
			sessiontest.Histories(t, func(t *testing.T) store.Store { return d.fresh(t, d.open(t, address, 10)) }, 20)
		})
	}
}
