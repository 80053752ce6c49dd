package rig

import (
	"cmp"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// ferretProgram is what scripts/setup builds into the cache folder.
const ferretProgram = "ferretdb-v1.24.2"

// Ferret is a FerretDB of one test, which the test may stop, end, and start again on the same data.
// It takes all clients at once, and its updates are not atomic: who needs that to be otherwise uses
// the shared one of conformance/server.
type Ferret struct {
	*Process
	dir string
}

// StartFerret starts one with no data.
func StartFerret(t testing.TB) *Ferret {
	t.Helper()
	dir, err := os.MkdirTemp("", "doorbook-") // short: the path of a unix socket may have no more than 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	f := &Ferret{dir: dir}
	f.Process = f.start(t)
	return f
}

func (f *Ferret) start(t testing.TB) *Process {
	t.Helper()
	users, _ := os.UserCacheDir()
	path := filepath.Join(cmp.Or(os.Getenv("DOORBOOK_CACHE"), filepath.Join(users, "doorbook")), ferretProgram)
	_, err := os.Stat(path)
	Need(t, err == nil, "there is no FerretDB (make setup builds it)")
	return begin(t, exec.Command(path, f.dir), "unix", f.socket())
}

func (f *Ferret) socket() string { return filepath.Join(f.dir, "ferretdb.sock") }

// Again starts it once more after it has ended, at the same socket and with the same data.
func (f *Ferret) Again() {
	f.t.Helper()
	_ = os.Remove(f.socket()) // one that was killed leaves it behind
	f.Process = f.start(f.t)
}

// URL is the address of a database of it, for a user with a password. Any will do.
func (f *Ferret) URL(user, password, database string) string {
	return "mongodb://" + url.UserPassword(user, password).String() + "@" + url.PathEscape(f.socket()) + "/" + database + "?authMechanism=PLAIN"
}

// Mongo connects to the database that a URL names, to look into it.
func Mongo(t testing.TB, address string) *mongo.Database {
	t.Helper()
	path, _, _ := strings.Cut(address, "?") // the host may be a socket's, which package url does not take
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(path[strings.LastIndexByte(path, '/')+1:])
}

// Files gives the names of the files that hold its data.
func (f *Ferret) Files() []string {
	f.t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "*.sqlite*"))
	if err != nil || len(files) == 0 {
		f.t.Fatalf("no data in %s: %v", f.dir, err)
	}
	return files
}
