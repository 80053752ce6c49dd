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
	w := writer{r}
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
			if err := w.write(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if t.Read%int64(r.Batch) == 0 {
			r.progress(Logs, *t)
		}
	}
	if err := w.write(ctx, batch); err != nil {
		return err
	}
	r.progress(Logs, *t)
	return ctx.Err()
}

// writer writes batches of entries.
type writer struct{ *run }

// write writes the entries that are not there. A batch is all or none, so after a copy that broke off whole batches are
// there: whoever copies for the first time asks for one entry in each, not for every one.
func (w writer) write(ctx context.Context, batch []book.Entry) error {
	if len(batch) == 0 {
		return ctx.Err()
	}
	if !w.DryRun {
		there, err := w.there(ctx, batch[0])
		if err != nil {
			return err
		}
		if !there && w.Book.Append(ctx, batch) == nil {
			w.copied(batch...)
			return nil
		}
	}
	var missing []book.Entry
	for _, e := range batch {
		there, err := w.look(ctx, e)
		if err != nil {
			return err
		}
		if !there {
			missing = append(missing, e)
		}
	}
	if w.DryRun || len(missing) == 0 || w.Book.Append(ctx, missing) == nil {
		w.copied(missing...)
		return nil
	}
	for _, e := range missing {
		if err := w.one(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// one writes an entry of a batch that could not be written. It may be there although nobody finds it: hidden, or twice in
// the source (which a sharded collection allows).
func (w writer) one(ctx context.Context, e book.Entry) error {
	failed := w.Book.Append(ctx, []book.Entry{e})
	if failed == nil {
		w.copied(e)
		return nil
	}
	if there, err := w.look(ctx, e); there || err != nil {
		return err
	}
	// Finish is the question that finds hidden entries too. It changes nothing: the original knew no duration.
	if w.Book.Finish(ctx, e.ID, 0) == nil {
		w.totals.Entries.There++
		return nil
	}
	return failed
}

func (w writer) there(ctx context.Context, e book.Entry) (bool, error) {
	_, err := w.Book.ByID(ctx, e.ID)
	if errors.Is(err, book.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// look counts and reports an entry that is there.
func (w writer) look(ctx context.Context, e book.Entry) (bool, error) {
	there, err := w.Book.ByID(ctx, e.ID)
	if errors.Is(err, book.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if fields := changes(there, e); len(fields) > 0 {
		w.totals.Entries.Differs++
		w.Item(Item{Kind: Entry, ID: e.ID, Outcome: Differs, Reason: Changed, Detail: strings.Join(fields, ", ")})
	} else {
		w.totals.Entries.There++
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

func (w writer) copied(entries ...book.Entry) {
	var oldest time.Time
	if w.Keeps > 0 {
		oldest = w.Clock().Add(-w.Keeps)
	}
	for i := range entries {
		w.totals.Entries.Copied++
		if entries[i].Body != "" {
			w.totals.Redacted++
		}
		if entries[i].CreatedAt.Before(oldest) {
			w.totals.Old++
		}
	}
}
