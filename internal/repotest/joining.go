package repotest

import (
	"context"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

// joining holds that what an admin decides of registration is there at once, and nobody else's word
// counts.
func joining(t *testing.T, ctx context.Context, repo account.Repository) {
	read := func(want account.Joining) {
		t.Helper()
		got, err := repo.Joining(ctx)
		noError(t, err)
		same(t, "registration", got, want)
	}
	read(account.Joining{})
	first := account.Joining{Mode: account.JoinInvite, Domains: []string{"example.org", "a.test"}, Approval: true}
	noError(t, repo.SetJoining(ctx, account.Actor{}, first))
	read(first)
	boss, bob := admin("boss"), developer("bob")
	create(t, repo, boss, bob)
	second := account.Joining{Mode: account.JoinClosed}
	mustBe(t, repo.SetJoining(ctx, account.Actor{ID: bob.ID, Role: account.Admin}, second), account.ErrAuthority)
	mustBe(t, repo.SetJoining(ctx, account.Actor{ID: boss.ID, Epoch: 1, Role: account.Admin}, second), account.ErrAuthority)
	read(first)
	noError(t, repo.SetJoining(ctx, account.Actor{ID: boss.ID, Role: account.Admin}, second))
	read(second)
	has, err := repo.HasAdmin(ctx)
	noError(t, err)
	if !has {
		t.Error("the admins are lost")
	}
	dead, cancel := context.WithCancel(ctx)
	cancel()
	mustBe(t, repo.SetJoining(dead, account.Actor{}, first), context.Canceled)
	read(second)
}
