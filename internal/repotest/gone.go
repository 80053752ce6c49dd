package repotest

import (
	"context"
	"slices"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

// whoIsGone: of those who are asked for, who is not there (any more), each once.
func whoIsGone(t *testing.T, ctx context.Context, repo account.Repository) {
	ada, bob := developer("ada"), developer("bob")
	bob.State = account.Disabled // which is not gone
	create(t, repo, ada, bob)
	never := newID()
	ask := func(want []string, ids ...string) {
		t.Helper()
		for range 2 { // the second answer may be a remembered one
			got, err := repo.Gone(ctx, ids)
			noError(t, err)
			slices.Sort(got)
			slices.Sort(want)
			same(t, "gone", got, want)
		}
	}
	ask(nil)
	ask(nil, ada.ID, bob.ID)
	ask([]string{never}, never, ada.ID, never)
	noError(t, repo.Delete(ctx, account.Actor{}, ada.ID))
	ask([]string{ada.ID}, ada.ID, bob.ID)
	create(t, repo, ada)
	ask(nil, ada.ID, bob.ID)
	ask(hostileIDs(), append(hostileIDs(), bob.ID)...)

	many := make([]string, account.MostAsked)
	for i := range many {
		many[i] = newID()
	}
	many[7] = bob.ID
	ask(slices.Concat(many[:7], many[8:]), many...)
	if _, err := repo.Gone(ctx, append(many, newID())); err == nil {
		t.Error("more are asked for than one question takes")
	}
}
