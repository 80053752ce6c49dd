package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/doorbook/doorbook/session"
)

// Store is a session.Store with one document for each record, in one collection. It is safe for
// concurrent use, also by many processes on one database. Closing the client is the caller's
// business.
type Store struct {
	records *mongo.Collection
	grace   time.Duration
}

var _ session.Store = (*Store)(nil)

// Option changes a Store while it is made.
type Option func(*Store)

// Grace sets how long a dead record is left to the sweepers before the server removes it by its own
// clock, in whole seconds. Default: 24 hours, which no node's clock should be wrong by. 0 means
// that the server removes nothing. It counts when CreateIndexes makes the index, or finds one of
// another grace; one that exists stays when it is 0.
func Grace(d time.Duration) Option { return func(s *Store) { s.grace = d } }

const defaultGrace = 24 * time.Hour

// errNoCollection: there is nothing to keep records in.
var errNoCollection = errors.New("mongostore: no collection")

// New gives a store in a collection that holds nothing else. It sends nothing yet: see
// [Store.CreateIndexes].
//
// Whatever the client, the database or the collection say, the store writes to a majority of the
// replica set and to its journals before a change counts as done, reads from the primary, and
// encodes documents in its own way.
func New(collection *mongo.Collection, with ...Option) (*Store, error) {
	if collection == nil {
		return nil, errNoCollection
	}
	majority, journaled := writeconcern.Majority(), true
	majority.Journal = &journaled
	s := &Store{
		records: collection.Clone(options.Collection().
			SetWriteConcern(majority).SetReadPreference(readpref.Primary()).SetReadConcern(readconcern.Local()).
			SetRegistry(bson.NewRegistry()).SetBSONOptions(&options.BSONOptions{})),
		grace: defaultGrace,
	}
	for _, option := range with {
		option(s)
	}
	return s, nil
}

// Create implements session.Store. There is always room.
func (s *Store) Create(ctx context.Context, r session.Record) error {
	_, err := s.records.InsertOne(ctx, encoded(r))
	if mongo.IsDuplicateKeyError(err) {
		return session.ErrExists
	}
	return explained(ctx, "create", err)
}

// Load implements session.Store. A record of which a part is damaged comes with the rest, without
// its values, beside an error that wraps session.ErrUnreadable; one whose end cannot be read does
// not live.
func (s *Store) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	// By _id alone, which MongoDB answers without planning; whether it lives is seen here.
	raw, err := s.records.FindOne(ctx, bson.D{el(fieldID, objectID(id))}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return session.Record{}, session.ErrNotFound
	}
	if err != nil {
		return session.Record{}, explained(ctx, "load", err)
	}
	r, err := decoded(raw)
	if !r.Live(now) {
		return session.Record{}, session.ErrNotFound
	}
	return r, explained(ctx, "load", err)
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, id session.ID, digest session.Digest, t session.Touch, now time.Time) error {
	var c changes
	c.touch(t)
	result, err := s.records.UpdateOne(ctx, guard(id, digest, now), c.update())
	if err == nil && result.MatchedCount == 0 {
		err = session.ErrNotFound
	}
	return explained(ctx, "touch", err)
}
