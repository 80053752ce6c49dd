package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/conformance/server"
	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/mongo"
)

// A developer with a huge address, whom anybody may register at the original application, gets no
// bigger than MongoDB allows. FerretDB has no such limit, so the size is looked at.
func TestReposMongoFlaskHugeAddress(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	developers := flask.Collection("developers")
	ids := insert(t, developers, flaskDeveloper("Huge", strings.Repeat("x", 9<<20)+"@example.org"))
	expectDeveloper(t, db.Accounts(), "ada@example.org", "")
	doc, err := developers.FindOne(t.Context(), bson.D{{Key: "_id", Value: mustID(t, ids[0])}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	if len(doc) > 9<<20+1000 || doc.Lookup("email_key").Type != bson.TypeObjectID {
		t.Errorf("a document of %d bytes, with the key %v", len(doc), doc.Lookup("email_key"))
	}
}

// Developers who take no key are passed over, and the others are found.
func TestReposMongoFlaskStuckDevelopers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	address := mongoURL(t, servers.Mongo(t))
	db := openMongoURL(t, address, mongo.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	developers := databaseOf(t, address).Collection("developers")
	rule := driver.IndexModel{Keys: bson.D{{Key: "email_seen", Value: 1}}, Options: options.Index().SetUnique(true)}
	if _, err := developers.Indexes().CreateOne(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	if err := db.Accounts().Create(t.Context(), account.Actor{}, newDeveloper("eve", account.Member)); err != nil {
		t.Fatal(err)
	}
	var docs []bson.D
	for range 60 { // more than one round puts right
		docs = append(docs, flaskDeveloper("Stuck", "eve@example.org"))
	}
	if _, err := developers.InsertMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	ids := insert(t, developers, flaskDeveloper("Bob", "Bob@example.org"))
	expectDeveloper(t, db.Accounts(), "bob@example.org", "Bob")
	expectDeveloper(t, db.Accounts(), "eve@example.org", "eve")
	expectDeveloper(t, db.Accounts(), "nobody@example.org", "")
	if strings.Contains(log.String(), "example.org") || !strings.Contains(log.String(), "takes no key") || strings.Contains(log.String(), ids[0]) {
		t.Errorf("the log tells addresses, or not what is odd: %.1000s", &log)
	}
	again := openMongoURL(t, address, mongo.Options{})
	expectDeveloper(t, again.Accounts(), "bob@example.org", "Bob")
}

// However many developers came in: a start gives keys to all of them, and a call to a bounded
// number, without saying of an address that it is nobody's.
func TestReposMongoFlaskFlood(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	developers := databaseOf(t, address).Collection("developers")
	come := func(from, to int) {
		t.Helper()
		var docs []bson.D
		for i := from; i < to; i++ {
			docs = append(docs, flaskDeveloper(fmt.Sprint("Dev", i), fmt.Sprintf("dev%d@example.org", i)))
		}
		if _, err := developers.InsertMany(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	come(0, 260)
	db := openMongoURL(t, address, mongo.Options{})
	if n, err := developers.CountDocuments(t.Context(), bson.D{{Key: "email_key", Value: nil}}); n != 0 || err != nil {
		t.Errorf("%d developers are without a key after the start, %v", n, err)
	}
	if _, err := developers.DeleteMany(t.Context(), bson.D{}); err != nil { // FerretDB looks at all of them for each one
		t.Fatal(err)
	}
	come(260, 520)
	if _, err := db.Accounts().ByEmail(t.Context(), "dev519@example.org"); err == nil || errors.Is(err, account.ErrNotFound) {
		t.Errorf("the first call: %v, want another error", err)
	}
	expectDeveloper(t, db.Accounts(), "dev519@example.org", "Dev519")
}

// Whom the original application has marked as deleted is no admin who could sign in, until an admin
// says otherwise.
func TestReposMongoFlaskDeletedAdmin(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	repo, ctx := db.Accounts(), t.Context()
	gone := append(flaskDeveloper("Ada", "ada@example.org"), bson.E{Key: "role", Value: "admin"}, bson.E{Key: "deleted", Value: true})
	ids := insert(t, flask.Collection("developers"), gone)
	if has, err := repo.HasAdmin(ctx); has || err != nil {
		t.Errorf("an admin who is deleted counts: %v", err)
	}
	root := newDeveloper("root", account.Admin)
	if err := repo.Create(ctx, account.Actor{}, root); err != nil {
		t.Fatal(err)
	}
	if err := repo.Delete(ctx, account.Actor{}, root.ID); !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("the last admin who can sign in: %v", err)
	}
	if d := expectDeveloper(t, repo, "ada@example.org", "Ada"); d.State != account.Disabled {
		t.Error("she may sign in")
	}
	active := account.Active
	if d, err := repo.Update(ctx, account.Actor{}, ids[0], account.Change{State: &active}, now); err != nil || d.State != account.Active {
		t.Errorf("enabled: %v, %v", d.State, err)
	}
	if err := repo.Delete(ctx, account.Actor{}, root.ID); err != nil {
		t.Error(err)
	}
}

// Beside the original application only what is Doorbook's own is deleted by itself, and by age
// alone.
func TestReposMongoFlaskOldLogs(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{Beside: true})
	ctx, logs := t.Context(), flask.Collection("logs")
	year := time.Now().AddDate(-1, 0, 0)
	insert(t, logs,
		bson.D{{Key: "type", Value: "request"}, {Key: "created_at", Value: year}, {Key: "deleted", Value: false}},
		bson.D{{Key: "_id", Value: bson.NewObjectIDFromTimestamp(year)}, {Key: "type", Value: "activity"}})
	old, recent := newEntry(), newEntry()
	old.CreatedAt, recent.CreatedAt, recent.ID = year, time.Now(), id.New(now.Add(time.Hour))
	if err := db.Entries().Append(ctx, []book.Entry{old, recent}); err != nil {
		t.Fatal(err)
	}
	keeper := book.NewKeeper(book.KeeperConfig{Repo: db.Entries(), MaxBytes: 1})
	if n, err := keeper.Trim(ctx); n != 1 || err != nil {
		t.Errorf("%d trimmed, %v; want ours alone", n, err)
	}
	if n, err := logs.CountDocuments(ctx, bson.D{}); n != 3 || err != nil {
		t.Errorf("%d entries are left, %v; want the original application's two and our new one", n, err)
	}
	if _, err := db.Entries().ByID(ctx, recent.ID); err != nil {
		t.Errorf("our new one: %v", err)
	}
}

// A list tells of small bodies what they are, and does not fetch huge ones where the server can
// leave them out.
func TestReposMongoFlaskHugeBody(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	body := func(n int) bson.D {
		return bson.D{{Key: "type", Value: "request"}, {Key: "created_at", Value: now}, {Key: "body", Value: strings.Repeat("x", n)}}
	}
	ours := newEntry()
	ours.Body, ours.CreatedAt = "a=b", now.Add(time.Second)
	if err := db.Entries().Append(t.Context(), []book.Entry{ours}); err != nil {
		t.Fatal(err)
	}
	insert(t, flask.Collection("logs"), body(8<<20), body(8))
	list, _, err := db.Entries().Find(t.Context(), book.Query{Limit: 10})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	huge := "[8388608 bytes of text/plain]"
	if server.RealMongo() {
		huge = ""
	}
	if list[0].Body != ours.Body || list[1].Body != "[8 bytes of text/plain]" || list[2].Body != huge {
		t.Errorf("bodies %q, %q, %q", list[0].Body, list[1].Body, list[2].Body)
	}
}

// Indexes that somebody else has made over the same fields are used, if they serve.
func TestReposMongoOtherIndexes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys   bson.D
		unique bool
		opens  bool
	}{
		"the same fields":         {bson.D{{Key: "email", Value: 1}}, false, true},
		"unique, too":             {bson.D{{Key: "email", Value: 1}}, true, true},
		"not unique, as it must":  {bson.D{{Key: "email_key", Value: 1}}, false, server.RealMongo()}, // which has both
		"unique, as it must":      {bson.D{{Key: "email_key", Value: 1}}, true, true},
		"in the other direction":  {bson.D{{Key: "email", Value: -1}}, false, true},
		"under the name of a key": {bson.D{{Key: "role", Value: 1}, {Key: "name", Value: 1}}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := mongoURL(t, servers.Mongo(t))
			other := driver.IndexModel{Keys: c.keys, Options: options.Index().SetName("theirs")}
			if c.unique {
				other.Options.SetUnique(true)
			}
			if _, err := databaseOf(t, address).Collection("developers").Indexes().CreateOne(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				db, err := mongo.Open(t.Context(), address, mongo.Options{})
				if err == nil {
					err = db.Close()
				}
				if opened := err == nil; opened != c.opens {
					t.Errorf("opened: %v, %v", opened, err)
				}
			}
		})
	}
}

// An entry that is stored stays so when it cannot be counted.
func TestReposMongoEntriesOutliveCounts(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db, shared := sharedMongo(t, mongo.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx := t.Context()
	if err := db.Entries().Append(ctx, []book.Entry{newEntry()}); err != nil {
		t.Fatal(err)
	}
	damage := bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: "many"}}}}
	if r, err := shared.Collection("minutes").UpdateMany(ctx, bson.D{}, damage); err != nil || r.ModifiedCount != 1 {
		t.Fatal(err)
	}
	kept := newEntry()
	if err := db.Entries().Append(ctx, []book.Entry{kept}); err != nil {
		t.Error(err)
	}
	if _, err := db.Entries().ByID(ctx, kept.ID); err != nil || !strings.Contains(log.String(), "counts per minute") {
		t.Errorf("the entry: %v; the log: %s", err, &log)
	}
}
