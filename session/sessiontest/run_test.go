package sessiontest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// flawVariable makes TestNaive test a store with that flaw. It is set for the processes that
// TestRunFindsFlaws starts.
const flawVariable = "SESSIONTEST_FLAW"

func TestNaive(t *testing.T) {
	t.Parallel()
	f := flaw(os.Getenv(flawVariable))
	if f == eachLocked {
		sessiontest.SetPatience(100 * time.Millisecond)
	}
	sessiontest.Run(t, func(*testing.T) store.Store { return newNaive(f) })
}

// TestRunFindsFlaws: each flaw makes that test of the suite fail which is there for it.
func TestRunFindsFlaws(t *testing.T) {
	tests := map[flaw]string{
		upserts:       "Guard/never_an_upsert:_deleted",
		losesUpdates:  "Race/no_patch_is_lost",
		ownClock:      "Lifetime/the_given_time_rules/past",
		everlasting:   "Lifetime/the_given_time_rules/future",
		noDigest:      "Guard/a_renewed_key",
		noVersion:     "Guard/if_version",
		touchCounts:   "Lifetime/touch_moves_forward",
		touchBack:     "Lifetime/touch_never_moves_back",
		clearsLast:    "Patch/set_comes_after_clear",
		overwrites:    "Race/one_creation_wins",
		noContext:     "Context/cancelled",
		sweepsAll:     "Sweep/in_batches",
		sweepsLiving:  "Sweep/in_batches",
		listsDead:     "Subject/only_the_living",
		listsFolded:   "Subject/odd_subjects",
		sharesValues:  "Values/never_changed_by_the_store",
		dropsEmpty:    "Values/empty_is_not_absent",
		roundsSeconds: "Create/round_trip/future",
		forgetsSignIn: "Patch/sign-in",
		halfPatches:   "Context/cut_off_halfway",
		deletesNever:  "Fault/sign-out",
		forgetsParent: "Parent/round_trip",
		signInOrphans: "Parent/no_patch_changes_it",
		touchOrphans:  "Parent/no_touch_changes_it",
		listsOrphans:  "Parent/round_trip",
		forgetsState:  "State/round_trip",
		shortState:    "State/round_trip",
		keepsState:    "State/a_rekey_sets_it",
		signInState:   "State/no_other_patch_changes_it",
		touchState:    "State/no_touch_changes_it",
		listsStates:   "State/round_trip",
		eachLocked:    "Each/the_store_may_be_used_meanwhile",
		eachOffset:    "Each/deleting_as_it_goes",
		eachTwice:     "Each/many",
		eachOnePage:   "Each/many",
		eachGoesOn:    "Each/yield's_error_ends_it",
		eachSwallows:  "Each/yield's_error_ends_it",
		eachValues:    "Each/all_that_live",
		eachDead:      "Each/only_the_living",
		eachSubjects:  "Each/all_that_live",
		eachEndless:   "Each/a_context_that_ends_meanwhile",
	}
	for f, want := range tests {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			pattern := "^TestNaive$/^" + strings.ReplaceAll(want, "/", "$/^") + "$"
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern, "-test.timeout=30s")
			command.Env = append(os.Environ(), flawVariable+"="+string(f))
			out, err := command.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestNaive/"+want+" ") {
				t.Errorf("the suite finds no fault in a store that has one (%v):\n%s", err, out)
			}
		})
	}
}
