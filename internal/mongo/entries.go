package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/book"
)

// entries is book.Repository over the collections logs and minutes. Newest first means by
// created_at, and within a millisecond by seq.
type entries struct {
	db      *DB
	logs    *driver.Collection
	minutes *driver.Collection
	seq     atomic.Int64
	fields  bson.D // what lists read of an entry; nil: all
	beside  bool   // Options.Beside
}

// next gives n numbers in a row that are higher than any this process has given, and begins with
// the nanosecond it is: so entries of one millisecond stand in the order of appending on one
// machine, and nearly so on several, without asking anybody.
func (e *entries) next(n int) (first int64) {
	for {
		last := e.seq.Load()
		first = max(last+1, time.Now().UnixNano())
		if e.seq.CompareAndSwap(last, first+int64(n)-1) {
			return first
		}
	}
}

// Append implements book.Repository, in two round trips, and one more where there are endings. When
// an entry cannot be stored, what was stored of the batch is removed again; until then others may
// see it. When they are stored, and cannot be counted or endings cannot be written, that is logged.
func (e *entries) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(list) > 0 {
		if err := e.append(ctx, list); err != nil {
			return e.db.fail(ctx, "append to the book", err)
		}
	}
	err := e.db.fail(ctx, "complete entries", e.finish(ctx, endings))
	if err == nil || len(list) == 0 {
		return err
	}
	e.db.log.LogAttrs(ctx, slog.LevelError, "entries of the book were not completed",
		slog.Int("entries", len(endings)), slog.String("error", err.Error()))
	return nil
}

func (e *entries) append(ctx context.Context, list []book.Entry) error {
	first := e.next(len(list))
	docs, ids := make([]any, len(list)), make(bson.A, len(list))
	for i := range list {
		id, ok := objectID(list[i].ID)
		if !ok {
			return errors.New("the id of an entry is not one")
		}
		docs[i], ids[i] = entryDoc(id, first+int64(i), &list[i]), id
	}
	if _, err := e.logs.InsertMany(ctx, docs); err != nil {
		if isDuplicate(err) {
			err = book.ErrExists
		}
		return e.takeBack(ctx, ids, first, err)
	}
	if err := e.count(ctx, list); err != nil {
		e.db.log.LogAttrs(ctx, slog.LevelError, "entries of the book are missing in the counts per minute",
			slog.Int("entries", len(list)), slog.String("error", e.db.fail(ctx, "count", err).Error()))
	}
	return nil
}

// takeBack removes what a batch has stored, and gives why. The entry of another batch with the same
// id has another seq.
func (e *entries) takeBack(ctx context.Context, ids bson.A, first int64, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	_, err := e.logs.DeleteMany(ctx, bson.D{
		{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}},
		{Key: "seq", Value: bson.D{{Key: "$gte", Value: first}, {Key: "$lt", Value: first + int64(len(ids))}}},
	})
	if err != nil {
		return fmt.Errorf("%w (and what was stored of the batch may still be there: %w)", why, err)
	}
	return why
}

// finish completes entries, in one round trip. What is gone meanwhile is passed over.
func (e *entries) finish(ctx context.Context, endings []book.Ending) error {
	models := make([]driver.WriteModel, 0, len(endings))
	for _, ending := range endings {
		id, ok := objectID(ending.ID)
		if !ok {
			continue
		}
		set := bson.D{{Key: "duration", Value: ending.Duration.Microseconds()}}
		update := bson.D{{Key: "$unset", Value: bson.D{key("bytes", 1)}}}
		if ending.Bytes != 0 {
			set, update = append(set, bson.E{Key: "bytes", Value: ending.Bytes}), nil
		}
		update = append(update, bson.E{Key: "$set", Value: set})
		models = append(models, driver.NewUpdateOneModel().SetFilter(byID(id)).SetUpdate(update))
	}
	if len(models) == 0 {
		return nil
	}
	_, err := e.logs.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

// ByID implements book.Repository.
func (e *entries) ByID(ctx context.Context, id string) (book.Entry, error) {
	oid, ok := objectID(id)
	if !ok {
		return book.Entry{}, or(ctx.Err(), book.ErrNotFound)
	}
	doc, err := e.logs.FindOne(ctx, append(byID(oid), listed())).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return book.Entry{}, book.ErrNotFound
	}
	if err != nil {
		return book.Entry{}, e.db.fail(ctx, "find entry", err)
	}
	entry, _ := readEntry(doc)
	return entry, nil
}

// listed matches what is not deleted.
func listed() bson.E {
	return bson.E{Key: "deleted", Value: bson.D{{Key: "$ne", Value: true}}}
}

// isRequest matches what may be deleted.
func isRequest() bson.E { return bson.E{Key: "type", Value: string(book.Request)} }

// SoftDelete implements book.Repository.
func (e *entries) SoftDelete(ctx context.Context, id string, now time.Time, may ...book.May) error {
	if err := book.AllOf(ctx, may); err != nil {
		return err
	}
	err := e.change(ctx, "hide entry", id, bson.D{isRequest(), listed()},
		bson.D{{Key: "deleted", Value: true}, {Key: "deleted_at", Value: now}})
	if err == book.ErrNotFound {
		err = e.whyNot(ctx, id, listed())
	}
	return err
}

// Delete implements book.Repository.
func (e *entries) Delete(ctx context.Context, id string, may ...book.May) error {
	if err := book.AllOf(ctx, may); err != nil {
		return err
	}
	oid, ok := objectID(id)
	if !ok {
		return or(ctx.Err(), book.ErrNotFound)
	}
	r, err := e.logs.DeleteOne(ctx, append(byID(oid), isRequest()))
	if err != nil {
		return e.db.fail(ctx, "delete entry", err)
	}
	if r.DeletedCount == 0 {
		return e.whyNot(ctx, id)
	}
	return nil
}

// change sets fields of the entry if it meets the condition. ErrNotFound if there is no such entry.
func (e *entries) change(ctx context.Context, what, id string, condition, fields bson.D) error {
	oid, ok := objectID(id)
	if !ok {
		return or(ctx.Err(), book.ErrNotFound)
	}
	r, err := e.logs.UpdateOne(ctx, append(byID(oid), condition...), bson.D{{Key: "$set", Value: fields}})
	if err == nil && r.MatchedCount == 0 {
		err = book.ErrNotFound
	}
	return e.db.fail(ctx, what, err)
}

// whyNot tells why a request entry of that id was not found: another kind of entry has it, or none
// that meets the condition.
func (e *entries) whyNot(ctx context.Context, id string, condition ...bson.E) error {
	oid, _ := objectID(id)
	other := bson.E{Key: "type", Value: bson.D{{Key: "$ne", Value: string(book.Request)}}}
	_, err := e.logs.FindOne(ctx, append(append(byID(oid), other), condition...),
		options.FindOne().SetProjection(bson.D{key("_id", 1)})).Raw()
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return book.ErrNotFound
	case err != nil:
		return e.db.fail(ctx, "find entry", err)
	}
	return book.ErrKept
}
