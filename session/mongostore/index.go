package mongostore

import (
	"context"
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// CreateIndexes makes the indexes of the collection, and the collection, unless they exist. Every
// node may do so when it starts, at the same time. They are:
//
//   - {subject: 1}, sparse: finds the sessions of a person (BySubject). Strangers are not in it.
//   - {expires: 1}: finds what is dead (DeleteExpired). With it the server itself removes, once a
//     minute or so, what has been dead for the time that [Grace] sets. A server without such
//     indexes gets a plain one, and nothing is removed but by DeleteExpired
//     (session.Manager.RunSweeper).
//
// What a request needs is found by _id, whose index every collection has.
//
// Before that it looks at one document and at the indexes that exist. A collection that is another
// program's, or an index that would refuse or remove sessions or that stands in the place of ours,
// is an error that says so; nothing is changed then.
func (s *Store) CreateIndexes(ctx context.Context) error {
	err := s.fits(ctx)
	if err == nil {
		err = s.createIndexes(ctx)
	}
	if has(err, codeIndexOptionsConflict, codeIndexKeySpecsConflict) {
		err = fmt.Errorf("the collection %q has an index of other options in the place of ours: %w; %s", s.records.Name(), err, wayOut)
	}
	if err != nil {
		return fmt.Errorf("mongostore: create indexes: %w", err) // with the server's words: nothing of a session is in them
	}
	return nil
}

func (s *Store) createIndexes(ctx context.Context) error {
	subject := mongo.IndexModel{Keys: bson.D{el(fieldSubject, 1)}, Options: options.Index().SetSparse(true)}
	if _, err := s.records.Indexes().CreateOne(ctx, subject); err != nil {
		return err
	}
	plain := mongo.IndexModel{Keys: bson.D{el(fieldExpires, 1)}}
	if s.grace <= 0 {
		_, err := s.records.Indexes().CreateOne(ctx, plain)
		return err
	}
	seconds := int32(min(math.Ceil(s.grace.Seconds()), math.MaxInt32))
	broom := plain
	broom.Options = options.Index().SetExpireAfterSeconds(seconds)
	_, err := s.records.Indexes().CreateOne(ctx, broom)
	switch {
	case has(err, codeNotImplemented):
		_, err = s.records.Indexes().CreateOne(ctx, plain)
	case has(err, codeIndexOptionsConflict): // it is there, and of another grace or none
		err = s.records.Database().RunCommand(ctx, bson.D{
			el("collMod", s.records.Name()),
			el("index", bson.D{el("keyPattern", plain.Keys), el("expireAfterSeconds", seconds)}),
		}).Err()
	}
	return err
}
