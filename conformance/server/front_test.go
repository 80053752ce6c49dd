package server_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/doorbook/doorbook/conformance/server"
)

var servers server.Rack

func TestMain(m *testing.M) {
	code := m.Run()
	servers.Close()
	os.Exit(code)
}

// count lets many add one to a number at once, over connections of their own, and gives the sum.
func count(t *testing.T, address, name string, unheard bool) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(address).SetHeartbeatInterval(500 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	numbers := client.Database("front_" + name).Collection("numbers")
	defer func() { _ = numbers.Database().Drop(context.Background()) }()
	if _, err := numbers.InsertOne(ctx, bson.M{"_id": 1, "n": 0}); err != nil {
		t.Fatal(err)
	}
	mute := numbers.Clone(options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	var all sync.WaitGroup
	for range adders {
		all.Go(func() {
			for i := range addsEach {
				into := numbers
				if unheard && i%2 == 0 {
					into = mute
				}
				if _, err := into.UpdateOne(ctx, bson.M{"_id": 1}, bson.M{"$inc": bson.M{"n": 1}}); err != nil && into != mute {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var got struct{ N int }
	if err := numbers.FindOne(ctx, bson.M{"_id": 1}).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got.N
}

const adders, addsEach = 16, 25

// TestFront: nothing that many write at once is lost, also where the writer wants no answer.
func TestFront(t *testing.T) {
	address := servers.Mongo(t)
	t.Run("heard", func(t *testing.T) {
		if n := count(t, address, "heard", false); n != adders*addsEach {
			t.Errorf("%d updates are left of %d", n, adders*addsEach)
		}
	})
	t.Run("unheard", func(t *testing.T) {
		if n := count(t, address, "unheard", true); n != adders*addsEach {
			t.Errorf("%d updates are left of %d", n, adders*addsEach)
		}
	})
	t.Run("direct", func(t *testing.T) {
		t.Logf("without the front: %d updates are left of %d", count(t, servers.MongoDirect(t), "direct", false), adders*addsEach)
	})
}
