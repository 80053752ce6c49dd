package repotest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

func lastAdmin(t *testing.T, ctx context.Context, repo account.Repository) {
	first, second := admin("first"), admin("second")
	disabled := admin("disabled")
	disabled.State = account.Disabled
	create(t, repo, developer("member"), disabled)
	hasAdmin(t, repo, false) // a disabled one does not count
	create(t, repo, first, second)
	hasAdmin(t, repo, true)

	demote, disable := account.Change{Role: ptr(account.Member)}, account.Change{State: ptr(account.Disabled)}
	_, err := repo.Update(ctx, account.Actor{}, second.ID, demote, now()) // another one is left
	noError(t, err)
	for name, c := range map[string]account.Change{"demote": demote, "disable": disable} {
		c.Name = ptr("changed")
		_, err := repo.Update(ctx, account.Actor{}, first.ID, c, now())
		if mustBe(t, err, account.ErrLastAdmin); t.Failed() {
			t.Log(name)
		}
	}
	mustBe(t, repo.Delete(ctx, account.Actor{}, first.ID), account.ErrLastAdmin)
	got, err := repo.ByID(ctx, first.ID)
	noError(t, err)
	same(t, "the last admin", got, first)

	_, err = repo.Update(ctx, account.Actor{}, first.ID, account.Change{Name: ptr("still me"), Role: ptr(account.Admin)}, now())
	noError(t, err)
	_, err = repo.Update(ctx, account.Actor{}, disabled.ID, account.Change{Role: ptr(account.Member)}, now()) // was none that could sign in
	noError(t, err)
	noError(t, repo.Delete(ctx, account.Actor{}, second.ID))
	_, err = repo.Update(ctx, account.Actor{}, disabled.ID, account.Change{Role: ptr(account.Admin), State: ptr(account.Active)}, now())
	noError(t, err)
	noError(t, repo.Delete(ctx, account.Actor{}, first.ID))
	hasAdmin(t, repo, true)
}

func hasAdmin(t *testing.T, repo account.Repository, want bool) {
	t.Helper()
	got, err := repo.HasAdmin(t.Context())
	noError(t, err)
	if got != want {
		t.Fatalf("HasAdmin is %v, want %v", got, want)
	}
}

// Of any number of admins who are removed, demoted and disabled at once, one stays.
func lastAdminRace(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 12
	admins := make([]account.Developer, n)
	for i := range admins {
		admins[i] = admin(fmt.Sprint("admin", i))
	}
	create(t, repo, admins...)
	errs := race(n, func(i int) error {
		var err error
		switch i % 3 {
		case 0:
			err = repo.Delete(ctx, account.Actor{}, admins[i].ID)
		case 1:
			_, err = repo.Update(ctx, account.Actor{}, admins[i].ID, account.Change{Role: ptr(account.Member)}, now())
		default:
			_, err = repo.Update(ctx, account.Actor{}, admins[i].ID, account.Change{State: ptr(account.Disabled)}, now())
		}
		return err
	})
	if done, refused := tally(t, errs, account.ErrLastAdmin); done != n-1 || refused != 1 {
		t.Errorf("%d changed and %d refused, want %d and 1", done, refused, n-1)
	}
	hasAdmin(t, repo, true)
}

func setup(t *testing.T, ctx context.Context, repo account.Repository) {
	old, token := []byte("hash of the first link"), []byte("hash of the second link")
	expires := now().Add(30 * time.Minute)
	isOpen(t, repo, token, now(), false)
	noError(t, repo.OpenSetup(ctx, old, expires))
	isOpen(t, repo, old, now(), true)
	noError(t, repo.OpenSetup(ctx, token, expires)) // in place of the first
	isOpen(t, repo, old, now(), false)
	isOpen(t, repo, token, now(), true)
	isOpen(t, repo, nil, now(), false)
	isOpen(t, repo, token[:4], now(), false)
	isOpen(t, repo, token, expires.Add(-time.Millisecond), true)
	isOpen(t, repo, token, expires, false)

	create(t, repo, developer("taken")) // members do not close it
	root := admin("root")
	clash := root
	clash.EmailKey = "taken@example.org"
	mustBe(t, repo.CompleteSetup(ctx, token, clash, now()), account.ErrEmailTaken)
	isOpen(t, repo, token, now(), true)
	hasAdmin(t, repo, false)

	noError(t, repo.CompleteSetup(ctx, token, root, now()))
	isOpen(t, repo, token, now(), false)
	got, err := repo.ByID(ctx, root.ID)
	noError(t, err)
	same(t, "the admin", got, root)
	mustBe(t, repo.CompleteSetup(ctx, token, admin("again"), now()), account.ErrSetupOver)
}

func isOpen(t *testing.T, repo account.Repository, token []byte, at time.Time, want bool) {
	t.Helper()
	got, err := repo.SetupOpen(t.Context(), token, at)
	noError(t, err)
	if got != want {
		t.Fatalf("SetupOpen is %v, want %v", got, want)
	}
}

func setupRefused(t *testing.T, ctx context.Context, repo account.Repository) {
	token, expires := []byte("hash"), now().Add(time.Minute)
	refused := func(token []byte, at time.Time) {
		t.Helper()
		d := admin("root")
		mustBe(t, repo.CompleteSetup(ctx, token, d, at), account.ErrSetupOver)
		_, err := repo.ByID(ctx, d.ID)
		mustBe(t, err, account.ErrNotFound)
	}
	refused(token, now()) // none was opened
	noError(t, repo.OpenSetup(ctx, token, expires))
	refused([]byte("other"), now())
	refused(nil, now())
	refused(token, expires)

	create(t, repo, admin("made on the command line"))
	isOpen(t, repo, token, now(), false)
	refused(token, now())
}

func setupRace(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 10
	token := []byte("hash")
	noError(t, repo.OpenSetup(ctx, token, now().Add(time.Minute)))
	errs := race(n, func(i int) error {
		return repo.CompleteSetup(ctx, token, admin(fmt.Sprint("root", i)), now())
	})
	if done, refused := tally(t, errs, account.ErrSetupOver); done != 1 || refused != n-1 {
		t.Errorf("%d admins and %d refused, want 1 and %d", done, refused, n-1)
	}
	list, err := repo.List(ctx, "", 100)
	noError(t, err)
	if len(list) != 1 {
		t.Errorf("%d developers, want 1", len(list))
	}
}
