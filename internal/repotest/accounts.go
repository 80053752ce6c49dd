package repotest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Opened is an empty database as the suite of accounts wants it.
type Opened struct {
	Accounts account.Repository
	Tokens   account.Tokens
	// SignIn begins a session of a subject in the same database, as it does while people use the
	// program, on its own or issued by that of an id. It gives its id, and what ends it.
	// Its sessions begin at SignedIn, and live for an hour.
	SignedIn time.Time
	SignIn   func(t *testing.T, subject string, by ...string) (id string, end func(t *testing.T))
}

// Accounts proves an account.Repository.
func Accounts(t *testing.T, open func(t *testing.T) Opened) {
	runAll := func(name string, test func(t *testing.T, ctx context.Context, db Opened)) {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
	run := func(name string, test func(t *testing.T, ctx context.Context, repo account.Repository)) {
		runAll(name, func(t *testing.T, ctx context.Context, db Opened) { test(t, ctx, db.Accounts) })
	}
	run("create and find", createAndFind)
	run("the address is taken", addressTaken)
	run("one address, many at once", addressRace)
	run("who is gone", whoIsGone)
	run("list", listDevelopers)
	run("update", updateDeveloper)
	run("update refused", updateRefused)
	run("state, short name, groups, link", whatElse)
	run("the short name is taken", shortNameTaken)
	run("a link is used once", linkRace)
	run("a link of an admin is used once", adminLinkRace)
	run("registration", joining)
	run("people", findPeople)
	run("people: paging", pagePeople)
	run("people: words follow", wordsFollow)
	runAll("people: who is here", presence)
	run("delete", deleteDeveloper)
	run("the last admin", lastAdmin)
	run("the last admins at once", lastAdminRace)
	run("hostile ids", hostileDevelopers)
	run("cancelled", cancelledAccounts)
	run("setup", setup)
	run("setup refused", setupRefused)
	run("setup, two at once", setupRace)
	runAll("setup, sent twice", setupTwice)
	runAll("authority lost", authorityLost)
	runAll("authority kept", authorityKept)
	runAll("two demote each other", mutualDemotion)
	runAll("a ring of admins", ringOfAdmins)
	runAll("demoted while creating an admin", demotedWhileCreating)
}

func developer(name string) account.Developer {
	return account.Developer{
		ID: newID(), Name: name, Email: name + "@Example.org", EmailKey: name + "@example.org", Skills: []string{"Go", "日本語", `"quoted"`},
		PasswordHash: "$argon2id$v=19$m=1,t=1,p=1$AAAA$" + name, Role: account.Member, CreatedAt: now(), UpdatedAt: now(),
	}
}

func admin(name string) account.Developer {
	d := developer(name)
	d.Role = account.Admin
	return d
}

func create(t *testing.T, repo account.Repository, list ...account.Developer) {
	t.Helper()
	for _, d := range list {
		noError(t, repo.Create(t.Context(), account.Actor{}, d))
	}
}

func createAndFind(t *testing.T, ctx context.Context, repo account.Repository) {
	plain := developer("plain")
	bare := account.Developer{ID: newID(), EmailKey: "bare", CreatedAt: now(), UpdatedAt: now().Add(time.Millisecond), State: account.Disabled}
	odd := developer("odd")
	odd.Name = "Robert'); DROP TABLE developers;-- \"\\ \U0001F980 e\u0301 <script> %s ${x}"
	create(t, repo, plain, bare, odd)
	for _, d := range []account.Developer{plain, bare, odd} {
		got, err := repo.ByID(ctx, d.ID)
		noError(t, err)
		same(t, "by id", got, d)
		got, err = repo.ByEmail(ctx, d.EmailKey)
		noError(t, err)
		same(t, "by e-mail", got, d)
		if got.CreatedAt.Location() != time.UTC {
			t.Errorf("times are in %v, want UTC", got.CreatedAt.Location())
		}
	}
	_, err := repo.ByEmail(ctx, "PLAIN@example.org")
	mustBe(t, err, account.ErrNotFound)
	_, err = repo.ByEmail(ctx, plain.Email) // what was typed is not what is compared
	mustBe(t, err, account.ErrNotFound)
}

func addressTaken(t *testing.T, ctx context.Context, repo account.Repository) {
	first := developer("ada")
	create(t, repo, first)
	second := developer("eve")
	second.EmailKey = first.EmailKey
	mustBe(t, repo.Create(ctx, account.Actor{}, second), account.ErrEmailTaken)
	_, err := repo.ByID(ctx, second.ID)
	mustBe(t, err, account.ErrNotFound)
	mustBe(t, repo.Create(ctx, account.Actor{}, first), account.ErrEmailTaken)
	reused := developer("other")
	reused.ID = first.ID
	if err := repo.Create(ctx, account.Actor{}, reused); err == nil {
		t.Error("an id was taken twice")
	}
	got, err := repo.ByID(ctx, first.ID)
	noError(t, err)
	same(t, "the first", got, first)
}

func addressRace(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 50
	errs := race(n, func(i int) error {
		d := developer(fmt.Sprint("racer", i))
		d.EmailKey = "one@example.org"
		return repo.Create(ctx, account.Actor{}, d)
	})
	if made, taken := tally(t, errs, account.ErrEmailTaken); made != 1 || taken != n-1 {
		t.Errorf("%d created and %d refused, want 1 and %d", made, taken, n-1)
	}
	list, err := repo.List(ctx, "", 100)
	noError(t, err)
	if len(list) != 1 {
		t.Errorf("%d developers, want 1", len(list))
	}
}

func listDevelopers(t *testing.T, ctx context.Context, repo account.Repository) {
	list, err := repo.List(ctx, "", 10)
	noError(t, err)
	same(t, "an empty list", list, []account.Developer{})

	var all []account.Developer
	for i := range 7 {
		d := developer(fmt.Sprint("dev", i))
		d.ID = fmt.Sprintf("65f00000%016x", 10*i+1)
		all = append(all, d)
	}
	for _, i := range []int{3, 0, 6, 1, 5, 2, 4} {
		create(t, repo, all[i])
	}
	var got []account.Developer
	for after, pages := "", 0; ; pages++ {
		page, err := repo.List(ctx, after, 3)
		noError(t, err)
		if len(page) == 0 || pages > 5 {
			break
		}
		if len(page) > 3 {
			t.Fatalf("%d on a page, want at most 3", len(page))
		}
		got = append(got, page...)
		after = page[len(page)-1].ID
	}
	same(t, "all pages", got, all)
	for _, limit := range []int{0, -1} {
		page, err := repo.List(ctx, "", limit)
		noError(t, err)
		same(t, "nothing wanted", page, []account.Developer{})
	}
}

func updateDeveloper(t *testing.T, ctx context.Context, repo account.Repository) {
	d, other := developer("ada"), developer("bob")
	create(t, repo, d, other)
	later := now().Add(time.Hour)
	admin := account.Admin
	steps := []struct {
		name   string
		change account.Change
		apply  func()
	}{
		{"nothing", account.Change{}, func() {}},
		{"name", account.Change{Name: ptr("Ada L.")}, func() { d.Name = "Ada L." }},
		{"e-mail", account.Change{Email: ptr("L@x.org"), EmailKey: ptr("l@x.org")}, func() { d.Email, d.EmailKey = "L@x.org", "l@x.org" }},
		{"its own e-mail", account.Change{EmailKey: ptr("l@x.org")}, func() {}},
		{"skills", account.Change{Skills: ptr([]string{"a"})}, func() { d.Skills = []string{"a"} }},
		{"no skills", account.Change{Skills: ptr([]string(nil))}, func() { d.Skills = nil }},
		{"password", account.Change{PasswordHash: ptr("$new")}, func() { d.PasswordHash = "$new" }},
		{"password, and sign-ins end", account.Change{PasswordHash: ptr("$newer"), EndSignIns: true}, func() { d.PasswordHash = "$newer"; d.Epoch++ }},
		{"in that epoch", account.Change{Name: ptr("Ada"), IfEpoch: ptr(int64(1))}, func() { d.Name = "Ada" }},
		{"role", account.Change{Role: &admin}, func() { d.Role = admin }},
		{"empty name", account.Change{Name: ptr("")}, func() { d.Name = "" }},
	}
	for i, s := range steps {
		at := later.Add(time.Duration(i) * time.Millisecond)
		got, err := repo.Update(ctx, account.Actor{}, d.ID, s.change, at)
		noError(t, err)
		s.apply()
		d.UpdatedAt = at
		same(t, s.name+": what Update gives", got, d)
		got, err = repo.ByID(ctx, d.ID)
		noError(t, err)
		same(t, s.name+": what is stored", got, d)
	}
	_, err := repo.ByEmail(ctx, "ada@example.org")
	mustBe(t, err, account.ErrNotFound)
	got, err := repo.ByID(ctx, other.ID)
	noError(t, err)
	same(t, "the other developer", got, other)
}

func updateRefused(t *testing.T, ctx context.Context, repo account.Repository) {
	d, other := developer("ada"), developer("bob")
	create(t, repo, d, other)
	_, err := repo.Update(ctx, account.Actor{}, d.ID, account.Change{Name: ptr("X"), EmailKey: &other.EmailKey}, now().Add(time.Hour))
	mustBe(t, err, account.ErrEmailTaken)
	_, err = repo.Update(ctx, account.Actor{}, d.ID, account.Change{Name: ptr("X"), IfEpoch: ptr(d.Epoch + 1)}, now().Add(time.Hour))
	mustBe(t, err, account.ErrChanged)
	got, err := repo.ByID(ctx, d.ID)
	noError(t, err)
	same(t, "after the refusals", got, d)

	ghost := newID()
	_, err = repo.Update(ctx, account.Actor{}, ghost, account.Change{Name: ptr("X")}, now())
	mustBe(t, err, account.ErrNotFound)
	_, err = repo.ByID(ctx, ghost)
	mustBe(t, err, account.ErrNotFound)
}

func deleteDeveloper(t *testing.T, ctx context.Context, repo account.Repository) {
	d, other := developer("ada"), developer("bob")
	create(t, repo, d, other)
	noError(t, repo.Delete(ctx, account.Actor{}, d.ID))
	_, err := repo.ByID(ctx, d.ID)
	mustBe(t, err, account.ErrNotFound)
	_, err = repo.ByEmail(ctx, d.EmailKey)
	mustBe(t, err, account.ErrNotFound)
	mustBe(t, repo.Delete(ctx, account.Actor{}, d.ID), account.ErrNotFound)
	_, err = repo.ByID(ctx, other.ID)
	noError(t, err)
	create(t, repo, d) // the address is free again
}

func hostileDevelopers(t *testing.T, ctx context.Context, repo account.Repository) {
	d := developer("ada")
	create(t, repo, d)
	for _, s := range hostileIDs() {
		_, err := repo.ByID(ctx, s)
		mustBe(t, err, account.ErrNotFound)
		_, err = repo.ByEmail(ctx, s)
		mustBe(t, err, account.ErrNotFound)
		_, err = repo.Update(ctx, account.Actor{}, s, account.Change{Name: ptr("X")}, now())
		mustBe(t, err, account.ErrNotFound)
		mustBe(t, repo.Delete(ctx, account.Actor{}, s), account.ErrNotFound)
	}
	got, err := repo.ByID(ctx, d.ID)
	noError(t, err)
	same(t, "the developer", got, d)
}

func cancelledAccounts(t *testing.T, ctx context.Context, repo account.Repository) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	d := developer("ada")
	create(t, repo, d)
	mustBe(t, repo.Create(dead, account.Actor{}, developer("bob")), context.Canceled)
	_, err := repo.Update(dead, account.Actor{}, d.ID, account.Change{Name: ptr("X")}, now())
	mustBe(t, err, context.Canceled)
	mustBe(t, repo.Delete(dead, account.Actor{}, d.ID), context.Canceled)
	_, err = repo.ByID(dead, d.ID)
	mustBe(t, err, context.Canceled)
	_, err = repo.List(dead, "", 10)
	mustBe(t, err, context.Canceled)
	list, err := repo.List(ctx, "", 10)
	noError(t, err)
	same(t, "what is stored", list, []account.Developer{d})
}

func ptr[T any](v T) *T { return &v }
