package repotest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// whatElse holds that state, short name, groups and link of a developer are kept, changed and taken
// away.
func whatElse(t *testing.T, ctx context.Context, repo account.Repository) {
	d := developer("ada")
	d.State, d.ShortName, d.Groups = account.Invited, "ada", []string{"staff", "日本"}
	d.Link = account.Link{Hash: []byte{1, 0, 0xff}, Expires: now().Add(time.Hour), By: newID()}
	create(t, repo, d, developer("bob"))
	stored := func(what string) {
		t.Helper()
		got, err := repo.ByID(ctx, d.ID)
		noError(t, err)
		same(t, what, got, d)
	}
	stored("as created")
	got, err := repo.ByShortName(ctx, "ada")
	noError(t, err)
	same(t, "by short name", got, d)
	got, err = repo.ByLink(ctx, d.Link.Hash)
	noError(t, err)
	same(t, "by link", got, d)

	fresh := account.Link{Hash: []byte("another"), Expires: now().Add(time.Minute)}
	for _, c := range []account.Change{
		{State: ptr(account.Waiting)},
		{State: ptr(account.Active), Name: ptr("Ada L.")},
		{State: ptr(account.Disabled), EndSignIns: true}, // which takes the link back
		{State: ptr(account.Active), ShortName: ptr("countess"), Groups: ptr([]string{"a"})},
		{Link: &fresh, EndSignIns: true},
		{Role: ptr(account.Admin), IfLink: fresh.Hash},
		{Link: &account.Link{}, PasswordHash: ptr("$new")},
		{ShortName: ptr(""), Groups: ptr([]string(nil))},
	} {
		got, err := repo.Update(ctx, account.Actor{}, d.ID, c, now())
		noError(t, err)
		c.Apply(&d)
		d.UpdatedAt = now()
		same(t, "changed", got, d)
		stored("as changed")
	}
	for _, name := range []string{"ada", "countess", ""} {
		_, err = repo.ByShortName(ctx, name)
		mustBe(t, err, account.ErrNotFound)
	}
	for _, hash := range [][]byte{fresh.Hash, {1, 0, 0xff}, {}, nil} {
		_, err = repo.ByLink(ctx, hash)
		mustBe(t, err, account.ErrNotFound)
	}
}

func shortNameTaken(t *testing.T, ctx context.Context, repo account.Repository) {
	first, second, third := developer("ada"), developer("eve"), developer("bob")
	first.ShortName, third.ShortName = "ada", "ada"
	create(t, repo, first, second)
	mustBe(t, repo.Create(ctx, account.Actor{}, third), account.ErrNameTaken)
	_, err := repo.Update(ctx, account.Actor{}, second.ID, account.Change{ShortName: ptr("ada")}, now())
	mustBe(t, err, account.ErrNameTaken)
	_, err = repo.Update(ctx, account.Actor{}, second.ID, account.Change{
		ShortName: ptr("ada"), Role: ptr(account.Admin),
	}, now())
	mustBe(t, err, account.ErrNameTaken)
	got, err := repo.ByID(ctx, second.ID)
	noError(t, err)
	same(t, "after the refusal", got, second)
	_, err = repo.Update(ctx, account.Actor{}, first.ID, account.Change{ShortName: ptr("ada")}, now())
	noError(t, err) // her own

	const n = 20
	var racers []account.Developer
	for i := range n {
		racers = append(racers, developer(fmt.Sprint("racer", i)))
	}
	create(t, repo, racers...)
	errs := race(n, func(i int) error {
		_, err := repo.Update(ctx, account.Actor{}, racers[i].ID, account.Change{ShortName: ptr("one")}, now())
		return err
	})
	if got, taken := tally(t, errs, account.ErrNameTaken); got != 1 || taken != n-1 {
		t.Errorf("%d got the name and %d did not, want 1 and %d", got, taken, n-1)
	}
}

// adminLinkRace holds that of an admin who is one already a link for a new password is used once, and
// that they may act afterwards as what the winner was told.
func adminLinkRace(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 8
	d := developer("root")
	d.Role, d.Link = account.Admin, account.Link{Hash: []byte{9, 7}, Expires: now()}
	create(t, repo, d)
	told := make([]account.Developer, n)
	errs := race(n, func(i int) (err error) {
		told[i], err = repo.Update(ctx, account.Actor{}, d.ID, account.Change{
			PasswordHash: ptr(fmt.Sprint("$", i)), EndSignIns: true, IfLink: d.Link.Hash,
		}, now())
		return err
	})
	if used, late := tally(t, errs, account.ErrChanged); used != 1 || late != n-1 {
		t.Errorf("the link was used %d times, and %d were late", used, late)
	}
	got, err := repo.ByID(ctx, d.ID)
	noError(t, err)
	for i, err := range errs {
		if err == nil && (got.PasswordHash != fmt.Sprint("$", i) || got.Epoch != told[i].Epoch) {
			t.Errorf("the winner was told %+v, and there is %+v", told[i], got)
		}
	}
	_, err = repo.Update(ctx, account.Actor{ID: d.ID, Epoch: got.Epoch, Role: account.Admin}, d.ID, account.Change{Name: ptr("R")}, now())
	noError(t, err)
	_, err = repo.Update(ctx, account.Actor{ID: d.ID, Epoch: got.Epoch, Role: account.Admin}, d.ID, account.Change{Role: ptr(account.Admin)}, now())
	noError(t, err)
}

// linkRace holds that a link is used once, also where using it makes an admin.
func linkRace(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 8
	for round, role := range []account.Role{account.Member, account.Admin} {
		d := developer(fmt.Sprint("invited", round))
		d.Role, d.State, d.Link = role, account.Invited, account.Link{Hash: []byte{byte(round), 7}, Expires: now()}
		create(t, repo, d)
		use := func(i int) error {
			_, err := repo.Update(ctx, account.Actor{}, d.ID, account.Change{
				State: ptr(account.Active), PasswordHash: ptr(fmt.Sprint("$", i)), EndSignIns: true, IfLink: d.Link.Hash,
			}, now())
			return err
		}
		errs := race(n, use)
		if used, late := tally(t, errs, account.ErrChanged); used != 1 || late != n-1 {
			t.Errorf("a link of one with the role %s was used %d times, and %d were late", role, used, late)
		}
		got, err := repo.ByID(ctx, d.ID)
		noError(t, err)
		for i, err := range errs {
			if err == nil && got.PasswordHash != fmt.Sprint("$", i) {
				t.Errorf("%d used the link, and the password is that of %s", i, got.PasswordHash)
			}
		}
		if got.State != account.Active || got.Link.Hash != nil || got.Epoch != 1 {
			t.Errorf("after the link was used: %+v", got)
		}
	}
}
