package conformance

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/mongostore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// mongoStore gives a store with a collection of its own. Its records live in other years than the
// server, which therefore removes none by itself.
func mongoStore(t testing.TB, db *mongo.Database) (*mongostore.Store, *mongo.Collection) {
	t.Helper()
	collection := db.Collection("s_" + strings.ToLower(rand.Text()))
	st := mongoStoreOf(t, collection)
	if err := st.CreateIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st, collection
}

func mongoStoreOf(t testing.TB, collection *mongo.Collection) *mongostore.Store {
	t.Helper()
	st, err := mongostore.New(collection, mongostore.Grace(0))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// mongoMultiply stores a document n times more, each under an id of its own.
func mongoMultiply(t testing.TB, collection *mongo.Collection, id session.ID, n int) {
	t.Helper()
	var document bson.D
	if err := collection.FindOne(t.Context(), bson.D{{Key: "_id", Value: bson.ObjectID(id)}}).Decode(&document); err != nil {
		t.Fatal(err)
	}
	copies := make([]bson.D, n)
	for i := range copies {
		copies[i] = slices.Clone(document)
		copies[i][0].Value = bson.NewObjectID()
	}
	if _, err := collection.InsertMany(t.Context(), copies); err != nil {
		t.Fatal(err)
	}
}

func TestMongo(t *testing.T) {
	t.Parallel()
	client := mongoClient(t, servers.Mongo(t))
	sessiontest.Run(t, func(t *testing.T) store.Store {
		t.Parallel() // each in a database of its own: in one they wait for each other at the front
		db := client.Database("t_" + strings.ToLower(rand.Text()))
		t.Cleanup(func() { mongoDrop(t, db) })
		st, _ := mongoStore(t, db)
		return st
	})
}

// TestMongoHistories: random histories of many goroutines and two managers, checked against the
// rules of package session.
func TestMongoHistories(t *testing.T) {
	t.Parallel()
	db := mongoDatabase(t, servers.Mongo(t))
	sessiontest.Histories(t, func(t *testing.T) store.Store {
		st, _ := mongoStore(t, db)
		return st
	}, 20)
}
