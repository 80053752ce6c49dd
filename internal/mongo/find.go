package mongo

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/book"
)

// maxLimit is the most entries that one Find gives.
const maxLimit = 1000

// firstDate is the time of the oldest entry that has one, in Unix milliseconds: the first of
// January of the year 1. Entries that other programs wrote without a time, or with one that is no
// date, are listed after all others.
const firstDate = -62_135_596_800_000

// place says where an entry stands in the book. The zero place is before the newest.
type place struct {
	dated bool
	ms    int64 // when it is dated
	ours  bool  // has a seq
	seq   int64
	id    bson.ObjectID
}

// Find implements book.Repository. Limits outside of 1 to 1000 count as the nearest one; a Before
// that is no cursor is book.ErrBadCursor.
func (e *entries) Find(ctx context.Context, q book.Query) ([]book.Entry, string, error) {
	list, next, err := e.find(ctx, q)
	if err != nil {
		return nil, "", e.db.fail(ctx, "find entries", err)
	}
	return list, next, nil
}

func (e *entries) find(ctx context.Context, q book.Query) (list []book.Entry, next string, err error) {
	q.Limit = min(max(q.Limit, 1), maxLimit)
	from := place{dated: true}
	if q.Before != "" {
		if from, err = parseCursor(q.Before); err != nil {
			return nil, "", err
		}
	}
	var last place
	more := false
	add := func(doc bson.Raw) {
		if more = len(list) == q.Limit; !more {
			var entry book.Entry
			entry, last = readEntry(doc)
			list = append(list, entry)
		}
	}
	if from.dated {
		if err := e.page(ctx, q, dated(from), newestFirst(), q.Limit+1, add); err != nil {
			return nil, "", err
		}
	}
	// Whoever has a user has a time: both are Doorbook's.
	if !more && q.User == "" {
		if err := e.page(ctx, q, undated(from), bson.D{key("_id", -1)}, q.Limit+1-len(list), add); err != nil {
			return nil, "", err
		}
	}
	if more {
		next = last.cursor()
	}
	return list, next, nil
}

// page calls add with entries that match the query and the condition.
func (e *entries) page(ctx context.Context, q book.Query, condition, order bson.D, limit int, add func(doc bson.Raw)) error {
	filter := make(bson.D, 0, 6)
	if q.User != "" {
		filter = append(filter, bson.E{Key: "user", Value: text(q.User)})
	}
	if q.Type != "" {
		filter = append(filter, bson.E{Key: "type", Value: text(string(q.Type))})
	}
	filter = append(append(filter, condition...), listed())
	opts := options.Find().SetSort(order).SetLimit(int64(limit))
	if e.fields != nil {
		opts.SetProjection(e.fields)
	}
	cursor, err := e.logs.Find(ctx, filter, opts)
	if err != nil {
		return err
	}
	return all(ctx, cursor, add)
}

// findFields gives what lists read of an entry: the original application kept whole bodies, and of
// a document beyond the size that is read anyway the body is not fetched. A server that cannot
// leave it out (FerretDB) gives all.
func (e *entries) findFields(ctx context.Context) (bson.D, error) {
	fields := bson.D{{Key: "body", Value: bson.D{{Key: "$cond", Value: bson.A{
		bson.D{{Key: "$lte", Value: bson.A{bson.D{{Key: "$bsonSize", Value: "$$ROOT"}}, most}}}, "$body", "$$REMOVE",
	}}}}}
	for _, name := range []string{
		"type", "client_addr", "url", "http_method", "created_at", "seq", "status", "duration", "route", "user", "user_name",
		"session", "request_id", "action", "target", "target_name", "text", "token", "token_name",
		"application", "host", "rule", "bytes",
	} {
		fields = append(fields, key(name, 1))
	}
	err := e.logs.FindOne(ctx, byID(bson.NilObjectID), options.FindOne().SetProjection(fields)).Err()
	var refusal driver.CommandError
	switch {
	case err == nil || errors.Is(err, driver.ErrNoDocuments):
		return fields, nil
	case errors.As(err, &refusal) && refusal.Code != 0:
		e.db.log.LogAttrs(ctx, slog.LevelInfo, "this server gives lists of the book with all that other programs stored")
		return nil, nil
	}
	return nil, err
}

// dated matches entries with a time, after a place. What has no seq comes after what has one of the
// same millisecond.
func dated(from place) bson.D {
	when := bson.D{{Key: "$gte", Value: bson.DateTime(firstDate)}}
	objects := bson.E{Key: "_id", Value: bson.D{{Key: "$type", Value: "objectId"}}} // others have no address here
	if from == (place{dated: true}) {
		return bson.D{{Key: "created_at", Value: when}, objects}
	}
	at := bson.DateTime(from.ms)
	lower := bson.E{Key: "_id", Value: bson.D{{Key: "$lt", Value: from.id}}}
	same := bson.D{{Key: "created_at", Value: at}, {Key: "seq", Value: nil}, lower}
	after := bson.A{bson.D{{Key: "created_at", Value: bson.D{{Key: "$lt", Value: at}}}}}
	if from.ours {
		same[1].Value = from.seq
		after = append(after,
			bson.D{{Key: "created_at", Value: at}, {Key: "seq", Value: bson.D{{Key: "$lt", Value: from.seq}}}},
			bson.D{{Key: "created_at", Value: at}, {Key: "seq", Value: nil}})
	}
	// The range is what an index is asked for; the rest decides among entries of one millisecond.
	return bson.D{
		{Key: "created_at", Value: append(when, bson.E{Key: "$lte", Value: at})},
		objects,
		{Key: "$or", Value: append(after, same)},
	}
}

// undated matches entries without a time, after a place.
func undated(from place) bson.D {
	id := bson.D{{Key: "$type", Value: "objectId"}}
	if !from.dated {
		id = bson.D{{Key: "$lt", Value: from.id}}
	}
	return bson.D{noDate(), {Key: "_id", Value: id}}
}

func noDate() bson.E {
	return bson.E{Key: "created_at", Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: bson.DateTime(firstDate)}}}}}
}

// The first byte of a cursor says what its entry has.
const (
	cursorUndated = iota + 1
	cursorDated
	cursorOurs
	cursorSize = 1 + 8 + 8 + 12
)

// cursor names the last entry of a page: the next one is what comes after it. It opens nothing, so
// it is not signed.
func (p place) cursor() string {
	b := make([]byte, cursorSize)
	switch {
	case !p.dated:
		b[0], p.ms, p.seq = cursorUndated, 0, 0
	case !p.ours:
		b[0], p.seq = cursorDated, 0
	default:
		b[0] = cursorOurs
	}
	binary.BigEndian.PutUint64(b[1:], uint64(p.ms))
	binary.BigEndian.PutUint64(b[9:], uint64(p.seq))
	copy(b[17:], p.id[:])
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads what cursor wrote, and nothing else.
func parseCursor(s string) (p place, err error) {
	if len(s) != base64.RawURLEncoding.EncodedLen(cursorSize) {
		return place{}, book.ErrBadCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != cursorSize {
		return place{}, book.ErrBadCursor
	}
	p = place{
		dated: b[0] != cursorUndated, ours: b[0] == cursorOurs,
		ms: int64(binary.BigEndian.Uint64(b[1:])), seq: int64(binary.BigEndian.Uint64(b[9:])), id: bson.ObjectID(b[17:]),
	}
	if b[0] < cursorUndated || b[0] > cursorOurs || p.cursor() != s || p.dated && p.ms < firstDate {
		return place{}, book.ErrBadCursor
	}
	return p, nil
}
