package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/mongo"
)

// sharedMongo opens a database, and gives it also as the original application sees it.
func sharedMongo(t *testing.T, opts mongo.Options) (*mongo.DB, *driver.Database) {
	t.Helper()
	address := mongoURL(t, servers.Mongo(t))
	return openMongoURL(t, address, opts), databaseOf(t, address)
}

// databaseOf opens the database that an address names.
func databaseOf(t *testing.T, address string) *driver.Database {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return mongoClient(t, address).Database(u.Path[1:])
}

// insert stores documents as the original application does, one after the other.
func insert(t *testing.T, c *driver.Collection, docs ...bson.D) (ids []string) {
	t.Helper()
	for _, doc := range docs {
		r, err := c.InsertOne(t.Context(), doc)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := r.InsertedID.(bson.ObjectID); ok {
			ids = append(ids, id.Hex())
		}
	}
	return ids
}

func flaskDeveloper(name, email string) bson.D {
	return bson.D{
		{Key: "name", Value: name},
		{Key: "email", Value: email},
		{Key: "password", Value: "pbkdf2:sha256:1$salt$" + name},
		{Key: "skills", Value: bson.A{"Python"}},
		{Key: "created_at", Value: now},
	}
}

func expectDeveloper(t *testing.T, repo account.Repository, emailKey, name string) account.Developer {
	t.Helper()
	d, err := repo.ByEmail(t.Context(), emailKey)
	switch {
	case name == "" && !errors.Is(err, account.ErrNotFound):
		t.Fatalf("%s is %q, %v; want nobody", emailKey, d.Name, err)
	case name != "" && (err != nil || d.Name != name):
		t.Fatalf("%s is %q, %v; want %s", emailKey, d.Name, err, name)
	}
	return d
}

// A developer whom the original application registers is found by the address, however it was
// typed, at once.
func TestReposMongoFlaskDevelopers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db, flask := sharedMongo(t, mongo.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	repo, developers := db.Accounts(), flask.Collection("developers")
	ctx := t.Context()

	ids := insert(t, developers, flaskDeveloper("Ada", "Ada@Example.org"), flaskDeveloper("Eve", "ada@example.org"),
		flaskDeveloper("Bob", "bob@example.org"), flaskDeveloper("Nemo", "not an address"),
		bson.D{}, bson.D{{Key: "email", Value: bson.A{"list@example.org"}}}, bson.D{{Key: "_id", Value: "text"}, {Key: "email", Value: "id@example.org"}})
	d := expectDeveloper(t, repo, "ada@example.org", "Ada") // the oldest one has it
	if d.ID != ids[0] || d.Role != account.Member || d.State != account.Active || d.Epoch != 0 || d.EmailKey != "ada@example.org" || !d.CreatedAt.Equal(now) {
		t.Errorf("read as %+v", d)
	}
	expectDeveloper(t, repo, "bob@example.org", "Bob")
	for _, nobody := range []string{"not an address", "list@example.org", "id@example.org", "", ids[1]} {
		expectDeveloper(t, repo, nobody, "")
	}
	if n, err := developers.CountDocuments(ctx, bson.D{{Key: "email_key", Value: nil}}); n != 1 || err != nil {
		t.Errorf("%d developers are without a key, %v; want the one without an ObjectID", n, err)
	}
	if list, err := repo.List(ctx, "", 10); len(list) != len(ids) || err != nil {
		t.Errorf("%d developers, %v", len(list), err)
	}
	if strings.Contains(log.String(), "example.org") || !strings.Contains(log.String(), ids[1]) {
		t.Errorf("the log tells addresses, or not whom it is about: %s", &log)
	}

	// Ours keep the original's fields, and leave alone what else it has there.
	name, epoch := "Ada L.", int64(0)
	if _, err := developers.UpdateByID(ctx, mustID(t, ids[0]), bson.D{{Key: "$set", Value: bson.D{{Key: "theirs", Value: 7}}}}); err != nil {
		t.Fatal(err)
	}
	if d, err := repo.Update(ctx, account.Actor{}, ids[0], account.Change{Name: &name, IfEpoch: &epoch, EndSignIns: true}, now); err != nil || d.Epoch != 1 {
		t.Fatalf("epoch %d, %v", d.Epoch, err)
	}
	doc, err := developers.FindOne(ctx, bson.D{{Key: "_id", Value: mustID(t, ids[0])}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	expectTypes(t, doc, map[string]bson.Type{
		"_id": bson.TypeObjectID, "name": bson.TypeString, "email": bson.TypeString, "password": bson.TypeString,
		"skills": bson.TypeArray, "created_at": bson.TypeDateTime, "theirs": bson.TypeInt32,
	})
}

// Nobody gets an address that the original application has just given to somebody.
func TestReposMongoFlaskRegistersFirst(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	repo := db.Accounts()
	insert(t, flask.Collection("developers"), flaskDeveloper("Ada", "Ada@Example.org"))
	d := account.Developer{ID: id.New(now), Name: "Eve", Email: "ada@example.org", EmailKey: "ada@example.org", Role: account.Member}
	if err := repo.Create(t.Context(), account.Actor{}, d); !errors.Is(err, account.ErrEmailTaken) {
		t.Errorf("Create: %v", err)
	}
	insert(t, flask.Collection("developers"), flaskDeveloper("Bob", "bob@example.org"))
	d.Email, d.EmailKey = "eve@example.org", "eve@example.org"
	if err := repo.Create(t.Context(), account.Actor{}, d); err != nil {
		t.Fatal(err)
	}
	taken := "bob@example.org"
	if _, err := repo.Update(t.Context(), account.Actor{}, d.ID, account.Change{Email: &taken, EmailKey: &taken}, now); !errors.Is(err, account.ErrEmailTaken) {
		t.Errorf("Update: %v", err)
	}
}

// When the original application changes an address, the new one opens and the old one does not.
func TestReposMongoFlaskChangesAddress(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	repo, developers := db.Accounts(), flask.Collection("developers")
	ids := insert(t, developers, flaskDeveloper("Ada", "ada@example.org"), flaskDeveloper("Bob", "bob@example.org"))
	expectDeveloper(t, repo, "ada@example.org", "Ada")
	change := func(id, email string) {
		t.Helper()
		if _, err := developers.UpdateByID(t.Context(), mustID(t, id), bson.D{{Key: "$set", Value: bson.D{{Key: "email", Value: email}}}}); err != nil {
			t.Fatal(err)
		}
	}
	change(ids[0], "lovelace@example.org")
	expectDeveloper(t, repo, "lovelace@example.org", "Ada")
	expectDeveloper(t, repo, "ada@example.org", "")
	change(ids[0], "Ada@Example.org")
	expectDeveloper(t, repo, "lovelace@example.org", "") // now it is seen
	expectDeveloper(t, repo, "ada@example.org", "Ada")
	change(ids[1], "ada@example.org") // it is Ada's
	expectDeveloper(t, repo, "ada@example.org", "Ada")
	expectDeveloper(t, repo, "bob@example.org", "")
}

// More developers than one round puts right, many of them with one address.
func TestReposMongoFlaskManyDevelopers(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	db, flask := openMongoURL(t, address, mongo.Options{}), databaseOf(t, address)
	var docs []bson.D
	for i := range 75 {
		docs = append(docs, flaskDeveloper(fmt.Sprint("One", i), "one@example.org"), flaskDeveloper(fmt.Sprint("Dev", i), fmt.Sprintf("dev%d@example.org", i)))
	}
	if _, err := flask.Collection("developers").InsertMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	expectDeveloper(t, db.Accounts(), "dev74@example.org", "Dev74")
	expectDeveloper(t, db.Accounts(), "one@example.org", "One0")
}

// What the original application wrote into the log stands between ours by its time, without a time
// at the end, and no document makes a page fail.
func TestReposMongoFlaskEntries(t *testing.T) {
	t.Parallel()
	db, flask := sharedMongo(t, mongo.Options{})
	logs, ctx := flask.Collection("logs"), t.Context()
	entry := func(kind string, at any) bson.D {
		return bson.D{
			{Key: "type", Value: kind},
			{Key: "client_addr", Value: "192.0.2.9"},
			{Key: "url", Value: "/auth/login?s3cr3t=s3cr3t"},
			{Key: "http_method", Value: "POST"},
			{Key: "body", Value: bson.D{{Key: "password", Value: "s3cr3t"}}},
			{Key: "created_at", Value: at},
			{Key: "deleted", Value: false},
		}
	}
	ours := func(ms int) string {
		e := book.Entry{ID: id.New(now), Type: book.Request, URL: "/", Method: "GET", CreatedAt: now.Add(time.Duration(ms) * time.Millisecond), Status: 200}
		if err := db.Entries().Append(ctx, []book.Entry{e}); err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	undated := insert(t, logs, entry("activity", nil), bson.D{}, entry("request", "2020-01-01T00:00:00"), entry("request", bson.A{1}),
		bson.D{{Key: "type", Value: 7}, {Key: "body", Value: bson.A{}}})
	one := ours(1)
	flasks := insert(t, logs, entry("request", now.Add(time.Millisecond)), entry("request", now.Add(time.Millisecond)), entry("activity", now.Add(2*time.Millisecond)))
	two := ours(1) // of the same millisecond: ours come first, in their order
	insert(t, logs, bson.D{{Key: "_id", Value: "no ObjectID"}, {Key: "created_at", Value: now}})
	hidden := insert(t, logs, bson.D{{Key: "created_at", Value: now}, {Key: "deleted", Value: true}})

	want := slices.Concat([]string{flasks[2], two, one, flasks[1], flasks[0]}, reversedIDs(undated))
	for _, limit := range []int{1, 2, 3, 7, 100} {
		var got []string
		q := book.Query{Limit: limit}
		for pages := 0; ; pages++ {
			list, next, err := db.Entries().Find(ctx, q)
			if err != nil || pages > 20 {
				t.Fatalf("limit %d: page %d: %v", limit, pages, err)
			}
			for _, e := range list {
				got = append(got, e.ID)
				if text := fmt.Sprint(e); strings.Contains(text, "s3cr3t") {
					t.Errorf("a secret is told: %s", text)
				}
			}
			if q.Before = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
	requests, _, err := db.Entries().Find(ctx, book.Query{Type: book.Request, Limit: 100})
	if err != nil || len(requests) != 6 {
		t.Errorf("%d requests, %v; want 6", len(requests), err)
	}
	for _, entry := range append(undated, flasks...) {
		if _, err := db.Entries().ByID(ctx, entry); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
	}

	// What we hide, the original application does not show, in its own way; and the other way
	// round.
	if _, err := db.Entries().ByID(ctx, hidden[0]); !errors.Is(err, book.ErrNotFound) {
		t.Errorf("a hidden one: %v", err)
	}
	for _, entry := range []string{flasks[0], one} {
		if err := db.Entries().SoftDelete(ctx, entry, now); err != nil {
			t.Fatal(err)
		}
		doc, err := logs.FindOne(ctx, bson.D{{Key: "_id", Value: mustID(t, entry)}, {Key: "deleted", Value: true}}).Raw()
		if err != nil {
			t.Fatal(err)
		}
		if entry == one {
			expectTypes(t, doc, map[string]bson.Type{
				"_id": bson.TypeObjectID, "type": bson.TypeString, "client_addr": bson.TypeString, "url": bson.TypeString,
				"http_method": bson.TypeString, "body": bson.TypeString, "created_at": bson.TypeDateTime, "deleted": bson.TypeBoolean,
				"deleted_at": bson.TypeDateTime, "route": 0, "user": 0, "text": 0,
			})
		}
	}
	if err := db.Entries().SoftDelete(ctx, flasks[2], now); !errors.Is(err, book.ErrKept) {
		t.Errorf("hiding an activity: %v", err)
	}

	// Age takes what has no time by the time of its id, which is of today.
	if n, err := db.Entries().Trim(ctx, time.Now().Add(-time.Hour), 0, 100); err != nil || n.Total() != 7 {
		t.Errorf("%d trimmed, %v; want those that have a time", n, err)
	}
	if n, err := db.Entries().Trim(ctx, time.Now().Add(time.Hour), 0, 100); err != nil || n.Total() != len(undated) {
		t.Errorf("%d trimmed, %v; want those without a time", n, err)
	}
}

func reversedIDs(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

func mustID(t *testing.T, s string) bson.ObjectID {
	t.Helper()
	id, err := bson.ObjectIDFromHex(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// expectTypes compares the types of fields; 0 means that there is none.
func expectTypes(t *testing.T, doc bson.Raw, want map[string]bson.Type) {
	t.Helper()
	for name, kind := range want {
		if got := doc.Lookup(name).Type; got != kind {
			t.Errorf("%s is %v, want %v", name, got, kind)
		}
	}
}
