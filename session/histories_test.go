package session_test

import (
	"testing"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// P1, P2 and P13 as properties: whatever tabs and nodes do at once, no history of it breaks a rule.
// How long it plays DOORBOOK_SOAK says.
func TestHistories(t *testing.T) {
	t.Parallel()
	open := func(*testing.T) store.Store { return memstore.New(memstore.Config{}) }
	sessiontest.Histories(t, open, 300)
}
