package repotest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// found asks for people, page by page, and gives their names in order. Nobody comes twice.
func found(t *testing.T, repo account.Repository, q account.PeopleQuery) (names []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 2
	}
	seen := map[string]bool{}
	for range 1000 {
		list, next, err := repo.People(t.Context(), q)
		noError(t, err)
		if len(list) > q.Limit {
			t.Fatalf("%d on a page of %d", len(list), q.Limit)
		}
		for _, d := range list {
			if seen[d.ID] {
				t.Fatalf("%s comes twice", d.Name)
			}
			seen[d.ID] = true
			names = append(names, d.Name)
		}
		if next == "" {
			return names
		}
		q.After = next
	}
	t.Fatal("there is no end of pages")
	return nil
}

// inAnyOrder holds who is found, whatever comes first.
func inAnyOrder(t *testing.T, repo account.Repository, q account.PeopleQuery, want ...string) {
	t.Helper()
	got := found(t, repo, q)
	slices.Sort(got)
	slices.Sort(want)
	same(t, fmt.Sprintf("%+v", q), got, want)
}

func findPeople(t *testing.T, _ context.Context, repo account.Repository) {
	inAnyOrder(t, repo, account.PeopleQuery{})
	ada, zoe, sarah, bob, eve := admin("Ada Lovelace"), developer("Zo\u00eb \u00c5ngstr\u00f6m"), developer("\u05e9\u05e8\u05d4 \u05db\u05d4\u05df"), developer("bob b"), developer("Eve Adams")
	for _, d := range []*account.Developer{&ada, &zoe, &sarah, &bob, &eve} {
		d.EmailKey = fmt.Sprintf("u%s@example.org", d.ID)
		d.Email = d.EmailKey
	}
	bob.Email, bob.EmailKey, bob.ShortName = "Robert.Tables@Example.com", "robert.tables@example.com", "bobby"
	zoe.Groups, eve.Groups, zoe.State, eve.State = []string{"staff", "night shift"}, []string{"staff"}, account.Disabled, account.Invited
	create(t, repo, ada, zoe, sarah, bob, eve)
	all := []string{ada.Name, bob.Name, eve.Name, zoe.Name, sarah.Name}
	same(t, "everybody by name", found(t, repo, account.PeopleQuery{}), all)
	for search, want := range map[string][]string{
		"a": {ada.Name, zoe.Name, eve.Name}, "AD": {ada.Name, eve.Name}, "lovelace ada": {ada.Name}, "ada zoe": nil,
		"ang": {zoe.Name}, "\u00c5NG": {zoe.Name}, "zoe": {zoe.Name}, "ZOE\u0308": {zoe.Name}, "\u05e9\u05e8": {sarah.Name},
		"tables": {bob.Name}, "robert.tables@example.com": {bob.Name}, "bobb": {bob.Name}, "example": all, "b": {bob.Name}, "b b": {bob.Name},
		"ob": nil, "%": nil, "_": nil, "*": nil, "=role:admin": nil, "=": nil, "' OR 1=1": nil, "$ne": nil, ".*": nil, "[a": {ada.Name, zoe.Name, eve.Name},
		"\x00": nil, "\xff": nil, strings.Repeat("x", 1<<12): nil, "   ": all,
	} {
		inAnyOrder(t, repo, account.PeopleQuery{Search: search}, want...)
	}
	for _, c := range []struct {
		q    account.PeopleQuery
		want []string
	}{
		{account.PeopleQuery{Role: account.Admin}, []string{ada.Name}},
		{account.PeopleQuery{Role: account.Member}, []string{bob.Name, eve.Name, zoe.Name, sarah.Name}},
		{account.PeopleQuery{State: ptr(account.Active)}, []string{ada.Name, bob.Name, sarah.Name}},
		{account.PeopleQuery{State: ptr(account.Disabled)}, []string{zoe.Name}},
		{account.PeopleQuery{State: ptr(account.Waiting)}, nil},
		{account.PeopleQuery{Group: "staff"}, []string{eve.Name, zoe.Name}},
		{account.PeopleQuery{Group: "sta"}, nil},
		{account.PeopleQuery{Group: "staff", State: ptr(account.Invited), Search: "a"}, []string{eve.Name}},
		{account.PeopleQuery{Role: account.Member, State: ptr(account.Active), Search: "example"}, []string{bob.Name, sarah.Name}},
	} {
		inAnyOrder(t, repo, c.q, c.want...)
	}
}

func pagePeople(t *testing.T, ctx context.Context, repo account.Repository) {
	const n = 23
	var want []string
	for i := range n {
		d := developer(fmt.Sprintf("twin twin%d", i%3)) // many of one name
		d.EmailKey = fmt.Sprint(i, "@example.org")
		d.Email = d.EmailKey
		create(t, repo, d)
		want = append(want, d.Name)
	}
	for _, limit := range []int{1, 2, 22, 23, 24, 1000} {
		inAnyOrder(t, repo, account.PeopleQuery{Limit: limit}, want...)
		inAnyOrder(t, repo, account.PeopleQuery{Limit: limit, Search: "tw"}, want...)
		inAnyOrder(t, repo, account.PeopleQuery{Limit: limit, Search: "tw exam"}, want...)
	}
	// Who is gone when the next page is asked for stops nobody.
	list, next, err := repo.People(ctx, account.PeopleQuery{Limit: 5})
	noError(t, err)
	noError(t, repo.Delete(ctx, account.Actor{}, list[4].ID))
	if got := found(t, repo, account.PeopleQuery{Limit: 5, After: next}); len(got) != n-5 {
		t.Errorf("%d come after the first five, want %d", len(got), n-5)
	}
	for _, after := range []string{"x", "!", "AAAA", strings.Repeat("A", 1<<16), "a\nb"} {
		_, _, err := repo.People(ctx, account.PeopleQuery{Limit: 5, After: after})
		mustBe(t, err, account.ErrBadPage)
	}
	for _, limit := range []int{0, -1} {
		list, _, err := repo.People(ctx, account.PeopleQuery{Limit: limit})
		noError(t, err)
		same(t, "nobody wanted", list, []account.Developer{})
	}
}

func wordsFollow(t *testing.T, ctx context.Context, repo account.Repository) {
	d, other := developer("ada"), developer("eve")
	root := admin("root")
	create(t, repo, d, other, root)
	update := func(c account.Change) {
		t.Helper()
		_, err := repo.Update(ctx, account.Actor{}, d.ID, c, now())
		noError(t, err)
	}
	update(account.Change{Name: ptr("Grace")})
	inAnyOrder(t, repo, account.PeopleQuery{Search: "grace"}, "Grace")
	update(account.Change{Email: ptr("hopper@example.org"), EmailKey: ptr("hopper@example.org"), ShortName: ptr("amazing")})
	inAnyOrder(t, repo, account.PeopleQuery{Search: "ada"})
	inAnyOrder(t, repo, account.PeopleQuery{Search: "hop amaz"}, "Grace")
	update(account.Change{Role: ptr(account.Admin), Groups: ptr([]string{"navy"})})
	inAnyOrder(t, repo, account.PeopleQuery{Role: account.Admin, Group: "navy"}, "Grace")
	noError(t, repo.Delete(ctx, account.Actor{}, other.ID))
	update(account.Change{State: ptr(account.Disabled), Role: ptr(account.Member), EndSignIns: true, Groups: ptr([]string(nil))})
	inAnyOrder(t, repo, account.PeopleQuery{Role: account.Admin}, "root")
	inAnyOrder(t, repo, account.PeopleQuery{Group: "navy"})
	inAnyOrder(t, repo, account.PeopleQuery{State: ptr(account.Disabled)}, "Grace")
	same(t, "by name", found(t, repo, account.PeopleQuery{}), []string{"Grace", "root"})
	noError(t, repo.Delete(ctx, account.Actor{}, d.ID))
	inAnyOrder(t, repo, account.PeopleQuery{Search: "grace"})
	inAnyOrder(t, repo, account.PeopleQuery{}, "root")
}

func presence(t *testing.T, ctx context.Context, db Opened) {
	here, away := developer("here"), developer("away")
	create(t, db.Accounts, here, away)
	for range 3 {
		home, _ := db.SignIn(t, here.ID)
		db.SignIn(t, here.ID, home) // for another host: the same device
	}
	_, end := db.SignIn(t, here.ID)
	end(t)
	ids := []string{here.ID, away.ID, newID()}
	got, err := db.Accounts.Presence(ctx, ids, db.SignedIn)
	noError(t, err)
	if len(got) != 1 || got[here.ID].Sessions != 3 || !got[here.ID].LastSeen.Equal(db.SignedIn) {
		t.Errorf("present are %+v", got)
	}
	got, err = db.Accounts.Presence(ctx, ids, db.SignedIn.Add(2*time.Hour))
	noError(t, err)
	if len(got) != 0 {
		t.Errorf("present when all has expired: %+v", got)
	}
	got, err = db.Accounts.Presence(ctx, nil, db.SignedIn)
	noError(t, err)
	if len(got) != 0 {
		t.Errorf("nobody is asked for: %+v", got)
	}
}
