package repotest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// write is a change that somebody makes.
type write struct {
	name string
	role account.Role // what it takes
	do   doing
}

type doing func(ctx context.Context, repo account.Repository, by account.Actor, p people) error

// people are whom changes are about.
type people struct{ self, member, admin, disabled account.Developer }

func newPeople(t *testing.T, repo account.Repository, self account.Developer) people {
	t.Helper()
	p := people{self, developer("m" + newID()), admin("a" + newID()), admin("d" + newID())}
	p.disabled.State = account.Disabled
	create(t, repo, p.member, p.admin, p.disabled)
	return p
}

func update(c account.Change, whom func(p people) account.Developer) doing {
	return func(ctx context.Context, repo account.Repository, by account.Actor, p people) error {
		_, err := repo.Update(ctx, by, whom(p).ID, c, now().Add(time.Hour))
		return err
	}
}

func remove(whom func(p people) account.Developer) doing {
	return func(ctx context.Context, repo account.Repository, by account.Actor, p people) error {
		return repo.Delete(ctx, by, whom(p).ID)
	}
}

func add(d func(name string) account.Developer) doing {
	return func(ctx context.Context, repo account.Repository, by account.Actor, _ people) error {
		return repo.Create(ctx, by, d("new"+newID()))
	}
}

// writes are all kinds of change. Each finds its people as newPeople made them.
func writes() []write {
	self := func(p people) account.Developer { return p.self }
	member := func(p people) account.Developer { return p.member }
	admins := func(p people) account.Developer { return p.admin }
	disabled := func(p people) account.Developer { return p.disabled }
	name, address, skills := ptr("changed"), ptr(newID()+"@example.org"), ptr([]string{"a"})
	move := account.Change{Email: address, EmailKey: address}
	promote := account.Change{Role: ptr(account.Admin), Name: name}
	password := account.Change{PasswordHash: ptr("$changed"), EndSignIns: true}
	return []write{
		{"create a member", account.Admin, add(developer)},
		{"create an admin", account.Admin, add(admin)},
		{"create a disabled admin", account.Admin, add(func(name string) account.Developer {
			d := admin(name)
			d.State = account.Disabled
			return d
		})},
		{"a member's name", account.Admin, update(account.Change{Name: name}, member)},
		{"a member's skills", account.Admin, update(account.Change{Skills: skills}, member)},
		{"a member's password", account.Admin, update(password, member)},
		{"a member's address", account.Admin, update(move, member)},
		{"promote", account.Admin, update(promote, member)},
		{"demote", account.Admin, update(demotion(), admins)},
		{"disable a member", account.Admin, update(account.Change{State: ptr(account.Disabled)}, member)},
		{"disable an admin", account.Admin, update(account.Change{State: ptr(account.Disabled)}, admins)},
		{"enable an admin", account.Admin, update(account.Change{State: ptr(account.Active)}, disabled)},
		{"an admin's name", account.Admin, update(account.Change{Name: name}, admins)},
		{"an admin's password", account.Admin, update(password, admins)},
		{"delete a member", account.Admin, remove(member)},
		{"delete an admin", account.Admin, remove(admins)},
		{"delete a disabled admin", account.Admin, remove(disabled)},
		{"one's own name", account.Member, update(account.Change{Name: name}, self)},
		{"one's own password", account.Member, update(password, self)},
		{"one's own end", account.Member, remove(self)},
	}
}

// loss is a way to cease to be what one was. It gives the actor as they go on acting.
type loss struct {
	name  string
	roles []account.Role // of the account that can lose it so
	lose  func(t *testing.T, s *sitting)
}

// sitting is somebody who is signed in.
type sitting struct {
	db  Opened
	by  account.Actor
	end func(t *testing.T) // their session
}

func changed(c account.Change) func(t *testing.T, s *sitting) {
	return func(t *testing.T, s *sitting) {
		t.Helper()
		_, err := s.db.Accounts.Update(t.Context(), account.Actor{}, s.by.ID, c, now())
		noError(t, err)
	}
}

func losses() []loss {
	both, admins := []account.Role{account.Admin, account.Member}, []account.Role{account.Admin}
	return []loss{
		{"demoted", admins, changed(demotion())},
		{"disabled", both, changed(account.Change{State: ptr(account.Disabled)})},
		{"a new password", both, changed(account.Change{EndSignIns: true})},
		{"deleted", both, func(t *testing.T, s *sitting) {
			noError(t, s.db.Accounts.Delete(t.Context(), account.Actor{}, s.by.ID))
		}},
		{"session ended", both, func(t *testing.T, s *sitting) { s.end(t) }},
		{"another's session", both, func(t *testing.T, s *sitting) {
			s.by.Session, _ = s.db.SignIn(t, newID())
		}},
		{"no session's id", both, func(_ *testing.T, s *sitting) { s.by.Session = "' OR '1'='1" }},
		{"the token ended", both, endedToken},
		{"another's token", both, othersToken},
		{"no token's id", both, func(_ *testing.T, s *sitting) { s.by.Token = "' OR '1'='1" }},
		{"nobody", both, func(_ *testing.T, s *sitting) { s.by.ID = newID() }},
		{"another epoch", both, func(_ *testing.T, s *sitting) { s.by.Epoch = 7 }},
	}
}

// authorityLost holds that whoever is no longer what they were changes nothing, in whatever way
// they lost it and whatever they want to change.
func authorityLost(t *testing.T, ctx context.Context, db Opened) {
	create(t, db.Accounts, admin("root"))
	bystanders := newPeople(t, db.Accounts, account.Developer{})
	for _, role := range []account.Role{account.Admin, account.Member} {
		for i, l := range losses() {
			if l.roles[len(l.roles)-1] == account.Admin && role != account.Admin {
				continue
			}
			p := bystanders
			p.self = developer(fmt.Sprint(role, i))
			p.self.Role = role
			create(t, db.Accounts, p.self)
			sid, end := db.SignIn(t, p.self.ID)
			s := &sitting{db, account.Actor{ID: p.self.ID, Role: role, Session: sid}, end}
			noError(t, db.Accounts.Confirm(ctx, s.by))
			l.lose(t, s)
			refused(t, ctx, s, p, l.name)
		}
	}
}

// refused holds that an actor can make no change of those that take no more than their role.
func refused(t *testing.T, ctx context.Context, s *sitting, p people, why string) {
	t.Helper()
	repo := s.db.Accounts
	before, err := repo.List(ctx, "", 1000)
	noError(t, err)
	mustBe(t, repo.Confirm(ctx, s.by), account.ErrAuthority)
	for _, w := range writes() {
		by := s.by
		if w.role == account.Admin && by.Role != account.Admin {
			continue
		}
		if w.role == account.Member && by.Role == account.Admin && why != "demoted" {
			by.Role = account.Member
		}
		if err := w.do(ctx, repo, by, p); !errors.Is(err, account.ErrAuthority) {
			t.Errorf("%s, %s: error is %v", why, w.name, err)
		}
		after, err := repo.List(ctx, "", 1000)
		noError(t, err)
		same(t, why+", "+w.name, after, before)
	}
}

// authorityKept holds that who is what they say makes every change, and that a member is no admin.
func authorityKept(t *testing.T, ctx context.Context, db Opened) {
	create(t, db.Accounts, admin("root"))
	for i, w := range writes() {
		for _, role := range []account.Role{account.Admin, account.Member} {
			self := developer(fmt.Sprint(role, i))
			self.Role = role
			create(t, db.Accounts, self)
			p := newPeople(t, db.Accounts, self)
			sid, _ := db.SignIn(t, self.ID)
			by := account.Actor{ID: self.ID, Role: w.role, Session: sid}
			err := w.do(ctx, db.Accounts, by, p)
			if w.role == account.Admin && role == account.Member {
				if !errors.Is(err, account.ErrAuthority) {
					t.Errorf("%s by a member: error is %v", w.name, err)
				}
			} else if err != nil {
				t.Errorf("%s by one with the role %s: %v", w.name, role, err)
			}
		}
	}
}

func demotion() account.Change { return account.Change{Role: ptr(account.Member)} }

// Of two admins who demote each other at once exactly one succeeds.
func mutualDemotion(t *testing.T, ctx context.Context, db Opened) {
	pair := []account.Developer{admin("one"), admin("two")}
	create(t, db.Accounts, pair...)
	for range 8 {
		errs := race(2, func(i int) error {
			by := account.Actor{ID: pair[i].ID, Role: account.Admin}
			_, err := db.Accounts.Update(ctx, by, pair[1-i].ID, demotion(), now())
			return err
		})
		if done, refused := tally(t, errs, account.ErrAuthority); done != 1 || refused != 1 {
			t.Fatalf("%d demoted and %d refused, want 1 each: %v", done, refused, errs)
		}
		hasAdmin(t, db.Accounts, true)
		for i, err := range errs {
			d, e := db.Accounts.ByID(ctx, pair[i].ID)
			noError(t, e)
			if stays := err == nil; stays != (d.Role == account.Admin) {
				t.Fatalf("%s is %s, and the error of what they did is %v", d.Name, d.Role, err)
			}
			promotion := account.Change{Role: ptr(account.Admin)}
			_, e = db.Accounts.Update(ctx, account.Actor{}, d.ID, promotion, now())
			noError(t, e)
		}
	}
}

// Admins who take away each other in a ring, by whatever means, leave one.
func ringOfAdmins(t *testing.T, ctx context.Context, db Opened) {
	const n = 9
	ring := make([]account.Developer, n)
	for i := range ring {
		ring[i] = admin(fmt.Sprint("ring", i))
	}
	create(t, db.Accounts, ring...)
	errs := race(n, func(i int) (err error) {
		by, target := account.Actor{ID: ring[i].ID, Role: account.Admin}, ring[(i+1)%n].ID
		switch i % 3 {
		case 0:
			err = db.Accounts.Delete(ctx, by, target)
		case 1:
			_, err = db.Accounts.Update(ctx, by, target, demotion(), now())
		default:
			_, err = db.Accounts.Update(ctx, by, target, account.Change{State: ptr(account.Disabled)}, now())
		}
		return err
	})
	done, refused := tally(t, errs, account.ErrAuthority)
	if done == 0 || refused == 0 {
		t.Errorf("%d taken away and %d refused", done, refused)
	}
	hasAdmin(t, db.Accounts, true)
	list, err := db.Accounts.List(ctx, "", n)
	noError(t, err)
	left := 0
	for _, d := range list {
		if d.IsAdmin() {
			left++
		}
	}
	if left != n-done {
		t.Errorf("%d admins are left of %d after %d were taken away", left, n, done)
	}
}

// Nobody makes an admin after having ceased to be one, however close the two are.
func demotedWhileCreating(t *testing.T, ctx context.Context, db Opened) {
	root := admin("root")
	create(t, db.Accounts, root)
	for round := range 12 {
		boss := admin(fmt.Sprint("boss", round))
		create(t, db.Accounts, boss)
		demoted := make(chan struct{})
		errs := race(2, func(i int) error {
			if i == 0 {
				defer close(demoted)
				by := account.Actor{ID: root.ID, Role: account.Admin}
				_, err := db.Accounts.Update(ctx, by, boss.ID, demotion(), now())
				return err
			}
			return createUntilRefused(t, ctx, db.Accounts, boss, demoted)
		})
		noError(t, errors.Join(errs...))
	}
}

func createUntilRefused(
	t *testing.T, ctx context.Context, repo account.Repository, boss account.Developer,
	demoted chan struct{},
) error {
	by := account.Actor{ID: boss.ID, Role: account.Admin}
	for i := 0; ; i++ {
		late := false
		select {
		case <-demoted:
			late = true
		default:
		}
		d := admin(fmt.Sprint(boss.Name, "-", i))
		switch err := repo.Create(ctx, by, d); {
		case errors.Is(err, account.ErrAuthority):
			if _, err := repo.ByEmail(ctx, d.EmailKey); !errors.Is(err, account.ErrNotFound) {
				t.Errorf("the refused one is there: %v", err)
			}
			return nil
		case err != nil:
			return err
		case late:
			return errors.New("an admin was made by somebody who was none any more")
		}
	}
}

// A setup that is sent twice makes one admin.
func setupTwice(t *testing.T, ctx context.Context, db Opened) {
	token := []byte("hash")
	noError(t, db.Accounts.OpenSetup(ctx, token, now().Add(time.Minute)))
	errs := race(2, func(int) error {
		err := db.Accounts.CompleteSetup(ctx, token, admin("root"), now())
		if errors.Is(err, account.ErrEmailTaken) { // by the other one
			err = account.ErrSetupOver
		}
		return err
	})
	if done, refused := tally(t, errs, account.ErrSetupOver); done != 1 || refused != 1 {
		t.Errorf("%d admins and %d refused, want 1 each", done, refused)
	}
	got, err := db.Accounts.ByEmail(ctx, "root@example.org")
	noError(t, err)
	if !got.IsAdmin() {
		t.Errorf("the first admin is %+v", got)
	}
	isOpen(t, db.Accounts, token, now(), false)
}
