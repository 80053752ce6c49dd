package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// LeaveMark keeps a mark by which nodes recognise each other's secret key, in place of the one that
// was left last, which it gives; nil for the first one.
func (db *DB) LeaveMark(ctx context.Context, mark []byte) (before []byte, err error) {
	var doc struct {
		Mark []byte `bson:"mark"`
	}
	err = db.state.FindOneAndReplace(ctx, byID("key"), bson.D{{Key: "mark", Value: mark}},
		options.FindOneAndReplace().SetUpsert(true)).Decode(&doc)
	if errors.Is(err, driver.ErrNoDocuments) {
		err = nil
	}
	return doc.Mark, db.fail(ctx, "leave a mark", err)
}
