package session_test

import (
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// P1, P2 and P13 as properties: whatever tabs and nodes do at once, no history of it breaks a rule.
func TestHistories(t *testing.T) {
	t.Parallel()
	sessiontest.Histories(t, func(*testing.T) session.Store { return session.NewMemory(session.MemoryConfig{}) }, 1000)
}
