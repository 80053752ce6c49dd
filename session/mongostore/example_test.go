package mongostore_test

import (
	"context"
	"log"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/mongostore"
)

// A collection of its own in the database that the program has anyway.
func ExampleNew() {
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://db.internal:27017"))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	store, err := mongostore.New(client.Database("app").Collection("sessions"))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.CreateIndexes(ctx); err != nil {
		log.Fatal(err)
	}
	keys, err := session.KeyFile("session.key")
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
	if err != nil {
		log.Fatal(err)
	}
	go sessions.RunSweeper(ctx, time.Minute)
}
