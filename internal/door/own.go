package door

import (
	"context"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
)

// ChangePassword gives the visitor's account a new password, and tells how many other sessions that
// has ended: always all of them (docs/decisions/0012).
//
// Faults: those of ChangeDeveloper.
func (d *Door) ChangePassword(ctx context.Context, v *Visit, password, current string) (ended int, err error) {
	_, ended, err = d.change(ctx, v, v.Developer.ID, DeveloperChange{Password: &password, CurrentPassword: current})
	return ended, err
}

// CloseAccount is RemoveDeveloper by who has proved who they are as recently as the visit asks for.
//
// Faults: NotFound, Forbidden, Conflict (the last admin), Invalid with the field current_password,
// Throttled, Busy.
func (d *Door) CloseAccount(ctx context.Context, v *Visit, target, current string) error {
	dev, err := d.reach(ctx, v, target)
	if err == nil {
		err = d.asPerson(ctx, v, dev)
	}
	if err != nil {
		return err
	}
	if err := d.proveFresh(ctx, v, current); err != nil {
		return err
	}
	return d.RemoveDeveloper(ctx, v, target)
}

// OwnData is what is kept of somebody besides their entries, without secrets.
type OwnData struct {
	Profile  account.Developer
	Sessions History
	Devices  []account.Device
	Tokens   []TokenInfo
}

// OwnData gives what is kept of the visitor. The entries of the book that are theirs may be many:
// OwnEntries gives them page by page.
//
// Faults: Invalid with the field current_password, Throttled, Busy.
func (d *Door) OwnData(ctx context.Context, v *Visit, current string) (OwnData, error) {
	if err := d.asPerson(ctx, v, v.Developer); err != nil {
		return OwnData{}, err
	}
	if err := d.proveFresh(ctx, v, current); err != nil {
		return OwnData{}, err
	}
	if err := d.accounts.Confirm(ctx, v.actor(account.Member)); err != nil {
		return OwnData{}, d.refused(ctx, v, translate(err), v.Developer)
	}
	out := OwnData{Profile: v.Developer}
	var err error
	if out.Sessions, err = d.History(ctx, v, v.Developer.ID); err != nil {
		return OwnData{}, err
	}
	if out.Devices, err = d.devices.List(ctx, v.Developer.ID); err != nil {
		return OwnData{}, unavailable(err)
	}
	if out.Tokens, err = d.Tokens(ctx, v, v.Developer.ID); err != nil {
		return OwnData{}, err
	}
	d.note(ctx, v, book.ActionDataTaken, v.Developer.ID, "")
	return out, nil
}

// OwnEntries reads the entries of the visitor, newest first, whoever they are: an admin's, too, are
// their own alone here.
func (d *Door) OwnEntries(ctx context.Context, v *Visit, before string) (entries []book.Entry, next string, err error) {
	return d.Entries(ctx, v, book.Query{User: v.Developer.ID, Before: before, Limit: MaxPage})
}

func nameTaken() error {
	const text = "Somebody has this short name already. Choose another one."
	return &fault.Error{
		Kind: fault.Invalid, Public: text, Err: account.ErrNameTaken, Fields: []fault.Field{{Name: "short_name", Text: text}},
	}
}
