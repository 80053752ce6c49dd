package conformance

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// mongoClient opens a client, with which a test ends.
func mongoClient(t testing.TB, address string, more ...*options.ClientOptions) *mongo.Client {
	t.Helper()
	own := options.Client().ApplyURI(address).SetMaxPoolSize(20)
	client, err := mongo.Connect(append([]*options.ClientOptions{own}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// mongoOwn gives the address of a database that nobody else uses, and its name, and drops it when
// the test is over.
func mongoOwn(t testing.TB, address string) (own, name string) {
	t.Helper()
	name = "t_" + strings.ToLower(rand.Text())
	base, settings, _ := strings.Cut(address, "?") // net/url takes no unix socket for a host, nor several hosts
	hosts, _, _ := strings.Cut(strings.TrimPrefix(base, "mongodb://"), "/")
	own = "mongodb://" + hosts + "/" + name + "?" + settings
	client := mongoClient(t, address)
	t.Cleanup(func() { mongoDrop(t, client.Database(name)) })
	return own, name
}

func mongoDrop(t testing.TB, db *mongo.Database) {
	t.Helper()
	if err := db.Drop(context.Background()); err != nil {
		t.Errorf("drop %s: %v", db.Name(), err)
	}
}

// mongoURL gives that address, with time for a busy machine: FerretDB needs seconds for many
// changes at once.
func mongoURL(t testing.TB, address string) string {
	t.Helper()
	own, _ := mongoOwn(t, address)
	if !strings.HasSuffix(own, "?") {
		own += "&"
	}
	return own + "timeoutMS=300000&connectTimeoutMS=300000&serverSelectionTimeoutMS=300000"
}

// mongoDatabase gives that database.
func mongoDatabase(t testing.TB, address string, more ...*options.ClientOptions) *mongo.Database {
	t.Helper()
	own, name := mongoOwn(t, address)
	return mongoClient(t, own, more...).Database(name)
}
