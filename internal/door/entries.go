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
		entries = d.asOwner(entries)
	}
	return entries, next, nil
}

// asOwner returns of somebody's own entries what they may see: with nothing said of why something
// failed, which is for those who run the program (ASVS 16.5.1).
func (d *Door) asOwner(entries []book.Entry) []book.Entry {
	audience := func(e book.Entry) book.Audience {
		switch event, ok := d.events[e.Action]; {
		case ok:
			return event.Seen
		case e.Type == book.Error:
			return book.OwnerInShort
		}
		return book.Owner
	}
	whole := func(e book.Entry) bool { return audience(e) == book.Owner }
	if !slices.ContainsFunc(entries, func(e book.Entry) bool { return !whole(e) }) {
		return entries
	}
	entries = slices.Clone(entries) // others have them too
	entries = slices.DeleteFunc(entries, func(e book.Entry) bool { return audience(e) == book.Admins })
	for i := range entries {
		if !whole(entries[i]) {
			entries[i].Text = ""
		}
	}
	return entries
}

// Gone tells of whom the entries name who has no account any more. The visitor themselves is not asked
// for, so a page of their own entries costs no question.
func (d *Door) Gone(ctx context.Context, v *Visit, entries []book.Entry) (map[string]bool, error) {
	var ids []string
	for i := range entries {
		ids = entries[i].People(ids)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == v.Developer.ID })
	gone := map[string]bool{}
	for some := range slices.Chunk(ids, account.MostAsked) {
		list, err := d.accounts.Gone(ctx, some)
		if err != nil {
			return nil, unavailable(err)
		}
		for _, id := range list {
			gone[id] = true
		}
	}
	return gone, nil
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
// DeleteEntry; the book is a file of its own, so the admin is looked at while that is held for the
// write.
func (d *Door) HideEntry(ctx context.Context, v *Visit, target string) (book.Entry, error) {
	e, err := d.entry(ctx, target)
	if err != nil {
		return e, err
	}
	if err := d.book.SoftDelete(ctx, target, d.now(), d.stillAdmin(v)); err != nil {
		return e, d.refused(ctx, v, translate(err), account.Developer{ID: target})
	}
	d.enter(ctx, v, book.Entry{Action: book.ActionEntryHidden, Target: target, TargetName: e.Named()})
	return e, nil
}

// DeleteEntry removes the entry of a request for good, which leaves a trace.
func (d *Door) DeleteEntry(ctx context.Context, v *Visit, target string) error {
	if !id.Valid(target) {
		return translate(book.ErrNotFound)
	}
	if err := d.book.Delete(ctx, target, d.stillAdmin(v)); err != nil {
		return d.refused(ctx, v, translate(err), account.Developer{ID: target})
	}
	d.note(ctx, v, book.ActionEntryDeleted, target, "")
	return nil
}

// stillAdmin holds the visitor against what is stored now.
func (d *Door) stillAdmin(v *Visit) book.May {
	by := v.actor(account.Admin)
	return func(ctx context.Context) error { return d.accounts.Confirm(ctx, by) }
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
