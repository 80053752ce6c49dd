package passhashtest

import (
	"testing"

	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/internal/hook"
)

// Watched returns a Hasher like that of New that calls f with the hash that each computation is
// for. f must be safe for concurrent use.
func Watched(t testing.TB, c passhash.Config, f func(hash string)) *passhash.Hasher {
	t.Helper()
	h := New(t, c)
	h.ForTest(hook.Test{Watch: f})
	return h
}
