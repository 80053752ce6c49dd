package fromflask

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// entries copies the logs, in the order in which they were written.
func (r *run) entries(ctx context.Context) error {
	t := &r.totals.Entries
	batch := make([]book.Entry, 0, r.Batch)
	for doc, err := range r.Source.Documents(ctx, Logs) {
		if err != nil {
			return err
		}
		t.Read++
		switch e, deleted, why := readEntry(doc); {
		case why != nil:
			r.refuse(Entry, t, e.ID, why)
		case deleted:
			t.Deleted++
		default:
			batch = append(batch, e)
		}
		if len(batch) == r.Batch {
			if err := r.write(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if t.Read%int64(r.Batch) == 0 {
			r.progress(Logs, *t)
		}
	}
	if err := r.write(ctx, batch); err != nil {
		return err
	}
	r.progress(Logs, *t)
	return ctx.Err()
}

// write writes the entries that are not there. A batch is all or none, so a first copy takes one
// commit for each; where one of its entries is there, all are looked at, and those that are not
// there are written together.
func (r *run) write(ctx context.Context, batch []book.Entry) error {
	if len(batch) == 0 {
		return ctx.Err()
	}
	if r.Book.Append(ctx, batch) == nil {
		r.copied(batch...)
		return nil
	}
	var missing []book.Entry
	for _, e := range batch {
		there, err := r.look(ctx, e)
		if err != nil {
			return err
		}
		if !there {
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 || len(missing) < len(batch) && r.Book.Append(ctx, missing) == nil {
		r.copied(missing...)
		return nil
	}
	for _, e := range missing {
		if err := r.one(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// one writes an entry of a batch that could not be written.
func (r *run) one(ctx context.Context, e book.Entry) error {
	err := r.Book.Append(ctx, []book.Entry{e})
	switch {
	case err == nil:
		r.copied(e)
		return nil
	case !errors.Is(err, book.ErrExists):
		return err
	}
	there, err := r.look(ctx, e) // twice in the source, which a sharded collection allows
	if err == nil && !there {    // hidden here: nobody finds it, and it stays so
		r.totals.Entries.There++
	}
	return err
}

// look counts and reports an entry that is there.
func (r *run) look(ctx context.Context, e book.Entry) (bool, error) {
	there, err := r.Book.ByID(ctx, e.ID)
	if errors.Is(err, book.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if fields := changes(there, e); len(fields) > 0 {
		r.totals.Entries.Differs++
		r.Item(Item{Kind: Entry, ID: e.ID, Outcome: Differs, Reason: Changed, Detail: strings.Join(fields, ", ")})
	} else {
		r.totals.Entries.There++
	}
	return true, nil
}

// changes names the fields of the original that are not the same.
func changes(there, here book.Entry) (fields []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"type", there.Type == here.Type},
		{"client_addr", there.ClientAddr == here.ClientAddr},
		{"url", there.URL == here.URL},
		{"http_method", there.Method == here.Method},
		{"body", there.Body == here.Body},
		{"created_at", there.CreatedAt.Equal(here.CreatedAt)},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func (r *run) copied(entries ...book.Entry) {
	var oldest time.Time
	if r.Keeps > 0 {
		oldest = r.Clock().Add(-r.Keeps)
	}
	for i := range entries {
		r.totals.Entries.Copied++
		if entries[i].Body != "" {
			r.totals.Redacted++
		}
		if entries[i].CreatedAt.Before(oldest) {
			r.totals.Old++
		}
	}
}
