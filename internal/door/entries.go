package door

import (
	"context"
	"errors"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
)

// Entries reads the book, newest first: an admin everybody's, a member their own.
func (d *Door) Entries(ctx context.Context, v *Visit, q book.Query) (entries []book.Entry, next string, err error) {
	if !v.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "Please sign in.")
	}
	if !v.Admin() {
		q.User = v.Developer.ID
	}
	entries, next, err = d.book.Find(ctx, q)
	switch {
	case errors.Is(err, book.ErrBadCursor):
		return nil, "", fault.New(fault.Malformed, "The page to continue from is not one of ours.")
	case err != nil:
		return nil, "", unavailable(err)
	}
	if !v.Admin() {
		entries = withoutCauses(entries)
	}
	return entries, next, nil
}

// withoutCauses returns the entries with nothing said of why something failed: that is for those
// who run the program (ASVS 16.5.1).
func withoutCauses(entries []book.Entry) []book.Entry {
	failure := func(e book.Entry) bool { return e.Type == book.Error && e.Text != "" }
	if !slices.ContainsFunc(entries, failure) {
		return entries
	}
	entries = slices.Clone(entries) // others have them too
	for i := range entries {
		if failure(entries[i]) {
			entries[i].Text = ""
		}
	}
	return entries
}

// Plot gives the requests of the last hours, of everybody: numbers tell nothing of anyone.
func (d *Door) Plot(ctx context.Context) ([]book.Bin, error) {
	bins, err := d.plotter.Bins(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return bins, nil
}

// HideEntry soft-deletes the entry of a request: it is no longer listed. It takes an admin, as does
// DeleteEntry; the book is a file of its own, so the admin is looked at right before the write.
func (d *Door) HideEntry(ctx context.Context, v *Visit, target string) (book.Entry, error) {
	e, err := d.entry(ctx, target)
	if err != nil {
		return e, err
	}
	if err := d.accounts.Confirm(ctx, v.actor(account.Admin)); err != nil {
		return e, d.refused(ctx, v, translate(err), target)
	}
	if err := d.book.SoftDelete(ctx, target, d.now()); err != nil {
		return e, translate(err)
	}
	d.note(ctx, v, book.ActionEntryHidden, target, "")
	return e, nil
}

// DeleteEntry removes the entry of a request for good, which leaves a trace.
func (d *Door) DeleteEntry(ctx context.Context, v *Visit, target string) error {
	if !id.Valid(target) {
		return translate(book.ErrNotFound)
	}
	if err := d.accounts.Confirm(ctx, v.actor(account.Admin)); err != nil {
		return d.refused(ctx, v, translate(err), target)
	}
	if err := d.book.Delete(ctx, target); err != nil {
		return translate(err)
	}
	d.note(ctx, v, book.ActionEntryDeleted, target, "")
	return nil
}

func (d *Door) entry(ctx context.Context, target string) (book.Entry, error) {
	if !id.Valid(target) {
		return book.Entry{}, translate(book.ErrNotFound)
	}
	e, err := d.book.ByID(ctx, target)
	if err != nil {
		return e, translate(err)
	}
	return e, nil
}
