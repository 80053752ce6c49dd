package mongo

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// throttle is account.Throttle over the collection throttle. Every change gives a counter a new
// random mark, and a counter that was read is replaced only while it has the mark that was read: so
// of any number of attempts at once, on any number of nodes, each counts.
type throttle struct {
	db       *DB
	counters *driver.Collection
}

// casPause is the longest pause before a change is tried again, and casTries how often that is.
const (
	casPause = 10 * time.Millisecond
	casTries = 200
)

var errContended = errors.New("the counter is changed all the time")

// counter is how it is stored.
type counter struct {
	ID       any       `bson:"_id"`
	Failures int       `bson:"failures"`
	Last     time.Time `bson:"last_at"`
	Until    time.Time `bson:"until_at,omitempty"`
	Mark     int64     `bson:"mark"`
}

// Take implements account.Throttle. A refused attempt is one round trip and writes nothing; one
// that is let through is one more for each counter. Only where another attempt comes in between may
// one counter refuse what another has counted already: that is taken back, and until then it
// counts.
func (t *throttle) Take(ctx context.Context, counters []account.Attempt, now time.Time) (time.Duration, error) {
	stored, err := t.read(ctx, counters)
	if err != nil {
		return 0, t.db.fail(ctx, "throttle", err)
	}
	for _, a := range counters {
		if _, wait := a.Policy.Take(stored[a.Key].counter(), now); wait > 0 {
			return wait, nil
		}
	}
	for i, a := range counters {
		wait, err := t.take(ctx, a, stored[a.Key], now)
		if err == nil && wait == 0 {
			continue
		}
		for _, counted := range counters[:i] {
			err = errors.Join(err, t.refund(context.WithoutCancel(ctx), counted.Key))
		}
		return wait, t.db.fail(ctx, "throttle", err)
	}
	return 0, nil
}

// read finds the counters that are stored, by their keys.
func (t *throttle) read(ctx context.Context, counters []account.Attempt) (map[string]*counter, error) {
	keys := bson.A{}
	for _, a := range counters {
		keys = append(keys, text(a.Key))
	}
	cursor, err := t.counters.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: keys}}}})
	if err != nil {
		return nil, err
	}
	stored, broken := make(map[string]*counter), error(nil)
	err = all(ctx, cursor, func(doc bson.Raw) {
		c := new(counter)
		broken = errors.Join(broken, bson.Unmarshal(doc, c))
		stored[readText(doc.Lookup("_id"))] = c
	})
	return stored, errors.Join(err, broken)
}

// take counts an attempt in one counter, which was as stored when it was read; nil for none.
func (t *throttle) take(ctx context.Context, a account.Attempt, stored *counter, now time.Time) (time.Duration, error) {
	for range casTries {
		next, wait := a.Policy.Take(stored.counter(), now)
		if wait > 0 {
			return wait, nil
		}
		done, err := t.keep(ctx, a.Key, stored, next)
		if done || err != nil {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(mathrand.N(casPause)):
		}
		found, err := t.read(ctx, []account.Attempt{a})
		if err != nil {
			return 0, err
		}
		stored = found[a.Key]
	}
	return 0, errContended
}

// counter is what is remembered under a key; a nil c stands for nothing.
func (c *counter) counter() account.Counter {
	if c == nil {
		return account.Counter{}
	}
	return account.Counter{Failures: c.Failures, Last: c.Last, Until: c.Until}
}

// keep stores a counter, and reports whether nobody else was faster.
func (t *throttle) keep(ctx context.Context, key string, stored *counter, c account.Counter) (bool, error) {
	doc := counter{ID: text(key), Failures: c.Failures, Last: c.Last, Until: c.Until, Mark: mathrand.Int64()}
	if stored == nil {
		_, err := t.counters.InsertOne(ctx, doc)
		if isDuplicate(err) {
			return false, nil
		}
		return err == nil, err
	}
	r, err := t.counters.ReplaceOne(ctx, bson.D{{Key: "_id", Value: doc.ID}, {Key: "mark", Value: stored.Mark}}, doc)
	return err == nil && r.MatchedCount == 1, err
}

// Settle implements account.Throttle. A counter without failures stays until it is swept.
func (t *throttle) Settle(ctx context.Context, forgiven, refunded []string) error {
	var errs []error
	for _, key := range forgiven {
		_, err := t.counters.DeleteOne(ctx, byID(text(key)))
		errs = append(errs, err)
	}
	for _, key := range refunded {
		errs = append(errs, t.refund(ctx, key))
	}
	return t.db.fail(ctx, "throttle: settle", errors.Join(errs...))
}

func (t *throttle) refund(ctx context.Context, key string) error {
	filter := bson.D{{Key: "_id", Value: text(key)}, {Key: "failures", Value: bson.D{{Key: "$gt", Value: 0}}}}
	_, err := t.counters.UpdateOne(ctx, filter, bson.D{
		{Key: "$inc", Value: bson.D{{Key: "failures", Value: -1}}},
		{Key: "$unset", Value: bson.D{{Key: "until_at", Value: ""}}},
		{Key: "$set", Value: bson.D{{Key: "mark", Value: mathrand.Int64()}}},
	})
	return err
}

// Sweep implements account.Throttle. It is safe to run on every node.
func (t *throttle) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	old := bson.E{Key: "last_at", Value: bson.D{{Key: "$lt", Value: before}}}
	n, err := sweep(ctx, t.counters, bson.D{old}, bson.D{key("last_at", 1)}, limit)
	return n, t.db.fail(ctx, "throttle: sweep", err)
}

// sweep deletes the first documents of an order that match, and still do when it comes to them.
func sweep(ctx context.Context, c *driver.Collection, filter, order bson.D, limit int) (int, error) {
	cursor, err := c.Find(ctx, filter, options.Find().SetSort(order).SetLimit(int64(limit)).SetProjection(bson.D{key("_id", 1)}))
	if err != nil {
		return 0, err
	}
	var ids bson.A
	err = all(ctx, cursor, func(doc bson.Raw) {
		v := doc.Lookup("_id")
		ids = append(ids, bson.RawValue{Type: v.Type, Value: append([]byte(nil), v.Value...)})
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	r, err := c.DeleteMany(ctx, append(bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, filter...))
	if err != nil {
		return 0, err
	}
	return int(r.DeletedCount), nil
}
