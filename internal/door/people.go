package door

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
)

// Person finds a developer for an admin, or the command line.
//
// Faults: NotFound, Forbidden, Busy.
func (d *Door) Person(ctx context.Context, v *Visit, target string) (account.Developer, error) {
	dev, err := d.accounts.ByID(ctx, target)
	switch {
	case err != nil:
		return dev, translate(err)
	case !v.Admin() && !v.program:
		return dev, d.forbid(ctx, v, dev)
	}
	return dev, nil
}

// PersonChange is what an admin may ask to change of somebody; nil stays as it is.
type PersonChange struct {
	Role     *account.Role
	Disabled *bool
	Groups   *[]string

	CurrentPassword string // of the visitor, where MustProve says so
}

// ChangePerson changes what somebody may do. It takes an admin whose sign-in is recent, or the
// command line. A disabled account is signed out everywhere; enabled again it is what it was, but
// for its sessions.
//
// Faults: NotFound, Forbidden, Invalid with fields, Conflict (the last admin; nobody has taken the
// account yet), Throttled, Busy.
func (d *Door) ChangePerson(ctx context.Context, v *Visit, target string, in PersonChange) (account.Developer, error) {
	dev, err := d.manage(ctx, v, target, in.CurrentPassword)
	if err != nil {
		return dev, err
	}
	return d.ChangeDeveloper(ctx, v, target, DeveloperChange{Role: in.Role, Disabled: in.Disabled, Groups: in.Groups, proved: true})
}

// Deletion is what is typed to delete somebody's account.
type Deletion struct {
	Email           string // the account's address, so that nobody deletes another one than they mean
	CurrentPassword string // of the visitor, where MustProve says so
}

// DeletePerson deletes somebody's account and ends their sessions. It takes an admin whose sign-in
// is recent, or the command line.
//
// Faults: NotFound, Forbidden, Invalid with the fields email and current_password, Conflict (the
// last admin), Throttled, Busy.
func (d *Door) DeletePerson(ctx context.Context, v *Visit, target string, in Deletion) (account.Developer, error) {
	dev, err := d.Person(ctx, v, target)
	if err != nil {
		return dev, err
	}
	if err := d.asPerson(ctx, v, dev); err != nil {
		return dev, err
	}
	if key, err := account.CanonicalEmail(in.Email); err != nil || key != dev.EmailKey {
		text := "Type the e-mail address of the account that is to be deleted."
		if strings.TrimSpace(in.Email) != "" {
			text = "The address that you typed is not the one of this account. " + text
		}
		return dev, &fault.Error{Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: "email", Text: text}}}
	}
	if err := d.proveFresh(ctx, v, in.CurrentPassword); err != nil {
		return dev, err
	}
	return dev, d.RemoveDeveloper(ctx, v, target)
}

// PersonInfo is somebody as a list of people shows them.
type PersonInfo struct {
	account.Developer
	Sessions int       // that live
	LastSeen time.Time // of those; zero where there are none
}

// People finds people, for an admin or the command line, with where they are signed in, and gives
// where the next page begins, "" for nowhere. A page may hold fewer than the limit, and be followed
// by another all the same.
//
// Faults: Forbidden, Malformed (the page to continue from), Busy.
func (d *Door) People(ctx context.Context, v *Visit, q account.PeopleQuery) (list []PersonInfo, next string, err error) {
	if !v.Admin() && !v.program {
		return nil, "", d.forbid(ctx, v, account.Developer{})
	}
	q.Group = account.GroupName(q.Group)
	found, next, err := d.accounts.People(ctx, q)
	switch {
	case errors.Is(err, account.ErrBadPage):
		return nil, "", fault.New(fault.Malformed, "The page to continue from is not one of ours.")
	case err != nil:
		return nil, "", unavailable(err)
	}
	ids := make([]string, len(found))
	for i, dev := range found {
		ids[i] = dev.ID
	}
	present, err := d.accounts.Presence(ctx, ids, d.now())
	if err != nil {
		return nil, "", unavailable(err)
	}
	for _, dev := range found {
		p := present[dev.ID]
		list = append(list, PersonInfo{Developer: dev, Sessions: p.Sessions, LastSeen: p.LastSeen})
	}
	return list, next, nil
}

// MostWaiting is how many who wait are counted at most.
const MostWaiting = 25

// Waiting tells an admin how many wait for approval, up to MostWaiting, and whether there are more.
//
// Faults: Forbidden, Busy.
func (d *Door) Waiting(ctx context.Context, v *Visit) (n int, more bool, err error) {
	if !v.Admin() {
		return 0, false, d.forbid(ctx, v, account.Developer{})
	}
	list, next, err := d.accounts.People(ctx, account.PeopleQuery{State: new(account.Waiting), Limit: MostWaiting})
	if err != nil {
		return 0, false, unavailable(err)
	}
	return len(list), next != "", nil
}

// OnlyAdmin reports whether somebody is the last admin that can sign in, who cannot be demoted,
// disabled or deleted. It is for showing: what holds is the repository's word.
//
// Faults: Busy.
func (d *Door) OnlyAdmin(ctx context.Context, target string) (bool, error) {
	list, _, err := d.accounts.People(ctx, account.PeopleQuery{Role: account.Admin, State: new(account.Active), Limit: 2})
	if err != nil {
		return false, unavailable(err)
	}
	return len(list) == 1 && list[0].ID == target, nil
}

// SignedInOn tells in how many sessions somebody is signed in.
//
// Faults: Busy.
func (d *Door) SignedInOn(ctx context.Context, target string) (int, error) {
	present, err := d.accounts.Presence(ctx, []string{target}, d.now())
	if err != nil {
		return 0, unavailable(err)
	}
	return present[target].Sessions, nil
}

// MostCounted is how many people CountPeople counts.
const MostCounted = account.MaxPeople

// CountPeople counts who may sign in and is in a group, or who may sign in at all for "": up to
// MostCounted, and whether there are more. It takes an admin.
//
// Faults: Forbidden, Busy.
func (d *Door) CountPeople(ctx context.Context, v *Visit, group string) (n int, more bool, err error) {
	if !v.Admin() {
		return 0, false, d.forbid(ctx, v, account.Developer{})
	}
	q := account.PeopleQuery{State: new(account.Active), Group: account.GroupName(group), Limit: MostCounted}
	list, next, err := d.accounts.People(ctx, q)
	if err != nil {
		return 0, false, unavailable(err)
	}
	return len(list), next != "", nil
}

// PersonAt finds who has an e-mail address. It takes an admin.
//
// Faults: Forbidden, NotFound, Invalid, Busy.
func (d *Door) PersonAt(ctx context.Context, v *Visit, email string) (account.Developer, error) {
	if !v.Admin() {
		return account.Developer{}, d.forbid(ctx, v, account.Developer{})
	}
	key, err := account.CanonicalEmail(email)
	if err != nil {
		return account.Developer{}, fault.Wrap(fault.Invalid, "That is no e-mail address.", err)
	}
	dev, err := d.accounts.ByEmail(ctx, key)
	if errors.Is(err, account.ErrNotFound) {
		return dev, fault.New(fault.NotFound, "Nobody has that address.")
	} else if err != nil {
		return dev, unavailable(err)
	}
	return dev, nil
}
