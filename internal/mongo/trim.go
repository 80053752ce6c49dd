package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/book"
)

const (
	trimChunk   = 500  // entries deleted in one command
	minutesMost = 1000 // counts deleted in one Trim
)

var _ book.Repository = (*entries)(nil)

// Trim implements book.Repository. The age of an entry without a time is that of its _id. The size
// is that of the entries as they are before compression, as the server counts it (after a crash of
// the server its count may be off until `validate`); what it gives back to the file system, and
// when, is its own matter. It is safe to run on every node.
//
// What goes for its size goes by age alone, whatever its kind: to go by kind it would take an index
// more, which every request would pay for. Two nodes that trim at once may both tell of the same
// entries.
//
// Beside the original application (Options.Beside) only what Doorbook wrote is deleted, and by age
// alone.
func (e *entries) Trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (book.Trimmed, error) {
	if limit <= 0 || ctx.Err() != nil {
		return book.Trimmed{}, ctx.Err()
	}
	n, err := e.trim(ctx, olderThan, maxBytes, limit)
	return n, e.db.fail(ctx, "trim the book", err)
}

func (e *entries) trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (total book.Trimmed, err error) {
	aged := func(f func(context.Context, time.Time, int) (int, error)) func(int) (book.Trimmed, error) {
		return func(limit int) (book.Trimmed, error) {
			n, err := f(ctx, olderThan, limit)
			return book.Trimmed{Old: n}, err
		}
	}
	steps := []func(limit int) (book.Trimmed, error){aged(e.trimOld)}
	if !e.beside {
		steps = append(steps, aged(e.trimUndated), func(limit int) (book.Trimmed, error) {
			n, err := e.trimLarge(ctx, maxBytes, limit)
			return book.Trimmed{Early: n}, err
		})
	}
	for _, step := range steps {
		for total.Total() < limit {
			n, err := step(min(trimChunk, limit-total.Total()))
			total.Old += n.Old
			total.Early = total.Early.Plus(n.Early)
			if err != nil {
				return total, err
			}
			if n.Total() == 0 {
				break
			}
		}
	}
	old := bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: minuteID(olderThan)}}}}
	_, err = sweep(ctx, e.minutes, old, bson.D{key("_id", 1)}, minutesMost)
	return total, err
}

func (e *entries) trimUndated(ctx context.Context, olderThan time.Time, limit int) (int, error) {
	const oldest, newest = 0, 1<<32 - 1 // seconds that an _id can tell
	before := time.Unix(min(max(olderThan.Unix(), oldest), newest), 0)
	old := bson.E{Key: "_id", Value: bson.D{{Key: "$lt", Value: bson.NewObjectIDFromTimestamp(before)}}}
	return sweep(ctx, e.logs, bson.D{noDate(), old}, bson.D{key("_id", 1)}, limit)
}

func (e *entries) trimOld(ctx context.Context, olderThan time.Time, limit int) (int, error) {
	old := bson.D{{Key: "$gte", Value: bson.DateTime(firstDate)}, {Key: "$lt", Value: olderThan}}
	filter := bson.D{{Key: "created_at", Value: old}}
	if e.beside { // an index has these alone, however much of the other's lies before them
		filter = append(filter, bson.E{Key: "seq", Value: bson.D{{Key: "$gt", Value: int64(0)}}})
	}
	return sweep(ctx, e.logs, filter, oldestFirst(), limit)
}

// trimLarge deletes about as many entries as it takes to come below maxBytes.
func (e *entries) trimLarge(ctx context.Context, maxBytes int64, limit int) (book.Kinds, error) {
	if maxBytes <= 0 {
		return book.Kinds{}, nil
	}
	bytes, count, err := e.size(ctx)
	if err != nil || bytes <= maxBytes || count == 0 {
		return book.Kinds{}, err
	}
	n := int(min(int64(limit), 1+(bytes-maxBytes)/max(1, bytes/count)))
	return e.deleteFirst(ctx, n)
}

// deleteFirst deletes the oldest entries. What has no time comes first: null sorts below every
// date.
func (e *entries) deleteFirst(ctx context.Context, n int) (book.Kinds, error) {
	fields := bson.D{key("_id", 1), key("type", 1), key("user", 1), key("action", 1)}
	cursor, err := e.logs.Find(ctx, bson.D{}, options.Find().SetSort(oldestFirst()).SetLimit(int64(n)).SetProjection(fields))
	if err != nil {
		return book.Kinds{}, err
	}
	var (
		ids    bson.A
		kinds  book.Kinds
		events = book.NewCatalog()
	)
	err = all(ctx, cursor, func(doc bson.Raw) {
		v := doc.Lookup("_id")
		ids = append(ids, bson.RawValue{Type: v.Type, Value: append([]byte(nil), v.Value...)})
		e := book.Entry{Type: book.Type(readText(doc.Lookup("type")))}
		if action, err := doc.LookupErr("action"); err == nil {
			e.Action = readText(action)
		}
		if user, err := doc.LookupErr("user"); err == nil { // a stranger has none
			e.User = readText(user)
		}
		kinds.Add(events, &e)
	})
	if err != nil || len(ids) == 0 {
		return book.Kinds{}, err
	}
	r, err := e.logs.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil || r.DeletedCount == 0 {
		return book.Kinds{}, err
	}
	return kinds, nil
}

func oldestFirst() bson.D { return bson.D{key("created_at", 1), key("seq", 1), key("_id", 1)} }

// size is of the collection logs, over all shards.
func (e *entries) size(ctx context.Context) (bytes, count int64, err error) {
	storage := bson.D{{Key: "storageStats", Value: bson.D{}}}
	cursor, err := e.logs.Aggregate(ctx, driver.Pipeline{{{Key: "$collStats", Value: storage}}})
	if err == nil {
		err = all(ctx, cursor, func(doc bson.Raw) {
			if v, err := doc.LookupErr("storageStats", "size"); err == nil {
				bytes += readInt(v)
			}
			if v, err := doc.LookupErr("storageStats", "count"); err == nil {
				count += readInt(v)
			}
		})
	}
	if hasCode(err, codeNamespaceNotFound) {
		err = nil
	}
	return bytes, count, err
}
