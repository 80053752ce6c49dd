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

	"github.com/doorbook/doorbook/session/store"
)

// Store is a store.Store with one document for each record, in one collection. It is safe for
// concurrent use, also by many processes on one database. Closing the client is the caller's
// business.
type Store struct {
	records *mongo.Collection
	grace   time.Duration
}

var _ store.Store = (*Store)(nil)

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

// New returns a store in a collection that holds nothing else. It sends nothing yet: see
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

// Create implements store.Store. There is always room.
func (s *Store) Create(ctx context.Context, r store.Record) error {
	_, err := s.records.InsertOne(ctx, encoded(r))
	if mongo.IsDuplicateKeyError(err) {
		return store.ErrExists
	}
	return explained(ctx, "create", err)
}

// Load implements store.Store. A record of which a part is damaged comes with the rest, without
// its values, beside an error that wraps store.ErrUnreadable; one whose end cannot be read does
// not live.
func (s *Store) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	// By _id alone, which MongoDB answers without planning; whether it lives is seen here.
	raw, err := s.records.FindOne(ctx, bson.D{el(fieldID, objectID(id))}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return store.Record{}, store.ErrNotFound
	}
	if err != nil {
		return store.Record{}, explained(ctx, "load", err)
	}
	r, err := decoded(raw)
	if !r.Live(now) {
		return store.Record{}, store.ErrNotFound
	}
	return r, explained(ctx, "load", err)
}

// Touch implements store.Store.
func (s *Store) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	var c changes
	c.touch(t)
	result, err := s.records.UpdateOne(ctx, guard(id, digest, now), c.update())
	if err == nil && result.MatchedCount == 0 {
		err = store.ErrNotFound
	}
	return explained(ctx, "touch", err)
}
