// Package passhashtest provides tests with hashers that are quick, or that stand still, where what
// is tested is not the cost of a hash. It is used by tests alone.
package passhashtest

import (
	"testing"

	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/internal/hook"
)

// New returns a Hasher that makes hashes of the configured form at the least cost that the form
// has, and otherwise does what one of passhash.New does: a hash of any other cost still takes its
// time to verify.
func New(t testing.TB, c passhash.Config) *passhash.Hasher {
	t.Helper()
	h, err := passhash.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.ForTest(hook.Test{Cheap: true})
	return h
}

// Held returns a Hasher like that of New of which each computation first sends on began, and then
// waits until release is closed.
func Held(t testing.TB, c passhash.Config) (h *passhash.Hasher, began <-chan struct{}, release chan<- struct{}) {
	t.Helper()
	h = New(t, c)
	start, end := make(chan struct{}), make(chan struct{})
	h.ForTest(hook.Test{Around: func(real func() []byte) []byte {
		select {
		case start <- struct{}{}:
		case <-end:
		}
		<-end
		return real()
	}})
	return h, start, end
}
