package server_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// Whoever signed in at Flask days ago is not signed out by Flask being switched off.
func TestFlaskSwitchedOffKeepsOldSignIns(t *testing.T) {
	t.Parallel()
	f := newFlaskApp(t, sitetest.New(t, besideFlask(false)))
	v := f.with(f.born(f.Developer("Ada", account.Member).ID))
	f.Clock.Turn(5 * 24 * time.Hour)
	arrives(t, "after five days", v, "/")
	f.Clock.Turn(27 * 24 * time.Hour)
	arrives(t, "after 32 days", v, "/login")
}
