package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/book"
)

// minuteLayout begins the _id of a count, which goes on with a space and the outcome: so ids sort
// by time.
const minuteLayout = "2006-01-02T15:04"

// minute is a count as it is stored.
type minute struct {
	ID      string    `bson:"_id"`
	At      time.Time `bson:"at"`
	Outcome string    `bson:"outcome"`
	N       int       `bson:"n"`
}

// count adds the requests to the counts per minute, in one round trip. A batch is of one moment, so
// there are very few.
func (e *entries) count(ctx context.Context, list []book.Entry) error {
	counts := make(map[minute]int, 4)
	for i := range list {
		if list[i].Counts() {
			at, outcome := list[i].CreatedAt.UTC().Truncate(time.Minute), book.Outcome(list[i].Status)
			counts[minute{ID: minuteID(at) + " " + outcome, At: at, Outcome: outcome}]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	models := make([]driver.WriteModel, 0, len(counts))
	for m, n := range counts {
		models = append(models, driver.NewUpdateOneModel().SetUpsert(true).SetFilter(byID(m.ID)).SetUpdate(bson.D{
			{Key: "$setOnInsert", Value: bson.D{{Key: "at", Value: m.At}, {Key: "outcome", Value: m.Outcome}}},
			{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(n)}}},
		}))
	}
	_, err := e.minutes.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

func minuteID(t time.Time) string { return t.UTC().Format(minuteLayout) }

// Minutes implements book.Repository.
func (e *entries) Minutes(ctx context.Context, since time.Time) ([]book.Minute, error) {
	list, err := e.since(ctx, since)
	return list, e.db.fail(ctx, "counts per minute", err)
}

func (e *entries) since(ctx context.Context, since time.Time) ([]book.Minute, error) {
	cursor, err := e.minutes.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: minuteID(since)}}}},
		options.Find().SetSort(bson.D{key("_id", 1)}))
	if err != nil {
		return nil, err
	}
	var stored []minute
	if err := cursor.All(ctx, &stored); err != nil {
		return nil, err
	}
	list := make([]book.Minute, len(stored))
	for i, m := range stored {
		list[i] = book.Minute{At: m.At.UTC(), Outcome: m.Outcome, Count: m.N}
	}
	return list, nil
}
