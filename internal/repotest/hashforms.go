package repotest

import (
	"context"
	"strconv"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

// Hashes proves an account.Hashes over the repository that it belongs to.
func Hashes(t *testing.T, open func(t *testing.T) (account.Repository, account.Hashes)) {
	r, h := open(t)
	ctx := t.Context()
	forms := func() map[string]int {
		t.Helper()
		got, err := h.HashForms(ctx)
		noError(t, err)
		return got
	}
	same(t, "of nobody", forms(), map[string]int{})
	want := map[string]int{}
	for i, hash := range []string{
		"$argon2id$v=19$m=19456,t=2,p=1$c2Fsd/+oc2FsdA$a2V5a2V5a2V5a2V5a2V5/+",
		"$argon2id$v=19$m=19456,t=2,p=1$p111p111p111ppp$1p1p1p1p1p1p1p1p1p1p1p1p",
		"$argon2id$v=19$m=12288,t=3,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5",
		"scrypt:32768:8:1$AbCdEfGhIjKlMnOp$00ff", "scrypt:32768:8:1$$00ff", "scrypt:16384:8:1$A$00ff",
		"pbkdf2:sha256:600000$A$00ff", "plain$$pass$word", "", "a password",
	} {
		d := developer("somebody" + strconv.Itoa(i))
		d.PasswordHash, d.State = hash, account.State(i%2)
		noError(t, r.Create(ctx, account.Actor{}, d))
		want[account.HashForm(hash)]++
	}
	same(t, "forms", forms(), want)
	dead, cancel := context.WithCancel(ctx)
	cancel()
	_, err := h.HashForms(dead)
	mustBe(t, err, context.Canceled)
}
