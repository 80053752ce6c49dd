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

// Take implements account.Throttle. A refused attempt is one round trip for each counter up to the
// one that refuses, one that is let through two. What was counted before a refusal is taken back;
// until then it counts.
func (t *throttle) Take(ctx context.Context, counters []account.Attempt, now time.Time) (time.Duration, error) {
	for i, a := range counters {
		wait, err := t.take(ctx, a.Key, a.Policy, now)
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

func (t *throttle) take(ctx context.Context, key string, p account.Policy, now time.Time) (time.Duration, error) {
	for range casTries {
		var stored counter
		err := t.counters.FindOne(ctx, byID(text(key))).Decode(&stored)
		if err != nil && !errors.Is(err, driver.ErrNoDocuments) {
			return 0, err
		}
		known := err == nil
		next, wait := p.Take(account.Counter{Failures: stored.Failures, Last: stored.Last, Until: stored.Until}, now)
		if wait > 0 {
			return wait, nil
		}
		done, err := t.keep(ctx, key, known, stored.Mark, next)
		if done || err != nil {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(mathrand.N(casPause)):
		}
	}
	return 0, errContended
}

// keep stores a counter, and reports whether nobody else was faster.
func (t *throttle) keep(ctx context.Context, key string, known bool, mark int64, c account.Counter) (bool, error) {
	doc := counter{ID: text(key), Failures: c.Failures, Last: c.Last, Until: c.Until, Mark: mathrand.Int64()}
	if !known {
		_, err := t.counters.InsertOne(ctx, doc)
		if isDuplicate(err) {
			return false, nil
		}
		return err == nil, err
	}
	r, err := t.counters.ReplaceOne(ctx, bson.D{{Key: "_id", Value: doc.ID}, {Key: "mark", Value: mark}}, doc)
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
