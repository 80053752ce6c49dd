package server

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// ferretProgram is what scripts/setup builds into the cache folder, of conformance/ferretdb.
const ferretProgram = "ferretdb-v1.24.2"

// Mongo gives the URL of a server that speaks MongoDB's protocol: FerretDB with SQLite behind it,
// which gets one message at a time for each database, because its updates are not atomic. Of what a
// MongoDB has it lacks transactions, TTL indexes, change streams and updates by pipeline.
// DOORBOOK_TEST_MONGO_URL names a real one that runs already: tests then use only databases of
// their own.
func (r *Rack) Mongo(t testing.TB) string {
	t.Helper()
	direct := r.MongoDirect(t)
	return r.need(t, "MongoDB", mongoVariable, func() (string, func(), error) { return startFront(direct) })
}

// MongoDirect gives the URL of the same server, but all clients at once: to take the time.
// Concurrent updates of one document may be lost, unless the server is a real one.
func (r *Rack) MongoDirect(t testing.TB) string {
	t.Helper()
	return r.need(t, "FerretDB", mongoVariable, startFerretDB)
}

// RealMongo reports whether Mongo gives a real MongoDB. A test that needs one, and no FerretDB,
// says what it could not show.
func RealMongo() bool { return os.Getenv(mongoVariable) != "" }

const (
	mongoVariable = "DOORBOOK_TEST_MONGO_URL"
	mongoScheme   = "mongodb://"
)

func startFerretDB() (string, func(), error) {
	path, err := ferretPath()
	if err != nil {
		return "", nil, err
	}
	h := home{} // FerretDB does not mind to be root, who alone may enter root's cache folder
	if h.dir, err = os.MkdirTemp("", "doorbook-"); err != nil {
		return "", nil, err
	}
	address := mongoScheme + url.PathEscape(h.path("ferretdb.sock")) + "/"
	stop, err := h.start(syscall.SIGTERM, func(ctx context.Context) error { return pingMongo(ctx, address) }, path, h.dir)
	if err != nil {
		h.remove()
		return "", nil, err
	}
	return address, stop, nil
}

// ferretPath finds the program, which scripts/setup has made.
func ferretPath() (string, error) {
	cache := os.Getenv("DOORBOOK_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(user, "doorbook")
	}
	path := filepath.Join(cache, ferretProgram)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s: %w (make setup builds it)", ferretProgram, errMissing)
	}
	return path, nil
}

// startFront puts a front before a server, at whose unix socket it answers.
func startFront(direct string) (string, func(), error) {
	socket, err := url.PathUnescape(strings.Trim(strings.TrimPrefix(direct, mongoScheme), "/"))
	if err != nil {
		return "", nil, err
	}
	f, err := newFront(func() (net.Conn, error) { return net.Dial("unix", socket) })
	if err != nil {
		return "", nil, err
	}
	return mongoScheme + f.address() + "/", f.close, nil
}

func pingMongo(ctx context.Context, address string) error {
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	ctx, cancel := context.WithTimeout(ctx, startTime/10)
	defer cancel()
	return client.Ping(ctx, nil)
}
