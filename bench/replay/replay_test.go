package replay_test

import (
	"os"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/bench/ferretdb"
	"github.com/doorbook/doorbook/bench/replay"
)

// TestFront: until Replay everything reaches the server; then the same question has the same
// answer, another one its own, and writes are answered like the first of their kind.
func TestFront(t *testing.T) {
	if _, err := ferretdb.Path(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	server, err := ferretdb.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	front, err := replay.Listen(server.Dial)
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	client, err := mongo.Connect(options.Client().ApplyURI(front.URL("")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(t.Context()) }()
	things := client.Database("replay").Collection("things")
	insert := func(ids ...any) {
		t.Helper()
		var docs []any
		for _, id := range ids {
			docs = append(docs, bson.M{"_id": id})
		}
		if r, err := things.InsertMany(t.Context(), docs); err != nil || len(r.InsertedIDs) != len(ids) {
			t.Fatal(err)
		}
	}
	count := func() int64 {
		t.Helper()
		n, err := things.CountDocuments(t.Context(), bson.M{}) // an aggregate: always asked
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	found := func(id any) bool {
		t.Helper()
		err := things.FindOne(t.Context(), bson.M{"_id": id}).Err()
		if err != nil && err != mongo.ErrNoDocuments {
			t.Fatal(err)
		}
		return err == nil
	}
	if insert(1); !found(1) || found(2) || count() != 1 {
		t.Errorf("before Replay: %d documents", count())
	}
	if insert(2); !found(2) || front.Share() != 0 {
		t.Error("before Replay an answer was remembered")
	}
	front.Replay()
	insert(3)    // reaches the server
	insert(4)    // does not
	insert(5, 6) // of another length
	if found(4) || !found(3) || !found(3) || count() != 5 || front.Share() == 0 {
		t.Errorf("while replaying: %d documents, want 5; %v remembered", count(), front.Share())
	}
	if front.Pass(); count() != 5 || !found(5) {
		t.Error("after Pass")
	}
	insert(4)
	if !found(4) {
		t.Error("after Pass an answer was remembered")
	}
}
