package conformance

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/conformance/server"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/mongostore"
	"github.com/doorbook/doorbook/session/store"
)

// needsRealMongo reports whether a test has to end here, because FerretDB cannot show what it
// would. CI has no other server either, but for the job that names one.
func needsRealMongo(t *testing.T, what string) (done bool) {
	t.Helper()
	if server.RealMongo() {
		return false
	}
	text := what + ": needs a real MongoDB (set DOORBOOK_TEST_MONGO_URL), FerretDB does not have it"
	if os.Getenv("CI") != "true" {
		t.Skip(text)
	}
	t.Log(text)
	return true
}

// indexes gives the keys of a collection's indexes, with their options.
func indexes(t *testing.T, collection *mongo.Collection) []string {
	t.Helper()
	list, err := collection.Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, index := range list {
		var keys bson.D
		if err := bson.Unmarshal(index.KeysDocument, &keys); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%s_%v", keys[0].Key, keys[0].Value)
		if index.ExpireAfterSeconds != nil {
			text += fmt.Sprintf(" after %d", *index.ExpireAfterSeconds)
		}
		if index.Sparse != nil && *index.Sparse {
			text += " sparse"
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

// TestMongoIndexes: many nodes make the indexes at once and again, and there is one of each. That a
// server removes what is dead can be set later.
func TestMongoIndexes(t *testing.T) {
	t.Parallel()
	db := mongoDatabase(t, servers.Mongo(t))
	for _, c := range []struct {
		grace time.Duration
		after string
	}{{24 * time.Hour, " after 86400"}, {1500 * time.Millisecond, " after 2"}, {1 << 62, " after 2147483647"}, {0, ""}} {
		t.Run(c.grace.String(), func(t *testing.T) {
			_, collection := mongoStore(t, db)
			if c.grace == 0 { // which says nothing about an index that exists
				collection = db.Collection("plain")
			}
			st, err := mongostore.New(collection, mongostore.Grace(c.grace))
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 2 {
						if err := st.CreateIndexes(t.Context()); err != nil {
							t.Errorf("CreateIndexes: %v", err)
						}
					}
				})
			}
			all.Wait()
			want := []string{"_id_1", "expires_1" + c.after, "subject_1 sparse"}
			got := indexes(t, collection)
			if !server.RealMongo() { // FerretDB keeps neither option
				want[1], want[2] = strings.TrimSuffix(want[1], c.after), strings.TrimSuffix(want[2], " sparse")
			}
			if !slices.Equal(got, want) {
				t.Errorf("indexes %q, want %q", got, want)
			}
		})
	}
}

// TestMongoPlans calls every method, and asks the server how it runs each command that the store
// has sent: all of them by an index, none by reading or sorting the whole collection.
func TestMongoPlans(t *testing.T) {
	t.Parallel()
	if needsRealMongo(t, "explain") {
		return
	}
	var sent commands
	db := mongoDatabase(t, servers.Mongo(t), sent.watch())
	st, collection := mongoStore(t, db)
	ctx := t.Context()
	template, r := record("ada", nil), record("bob", nil)
	for _, r := range []store.Record{template, r} {
		if err := st.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	mongoMultiply(t, collection, template.ID, 2000)
	patch := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"a": {1}}}
	const byID, bySubject, byExpiry, byEither = "IDHACK|EXPRESS|_id_", "subject_1", "expires_1", "IDHACK|EXPRESS|_id_|expires_1"
	for _, c := range []struct {
		name    string
		indexes []string // of each command
		run     func() error
	}{
		{"Load", []string{byID}, func() error { _, err := st.Load(ctx, r.ID, now); return err }},
		{"Patch", []string{byID}, func() error { _, err := st.Patch(ctx, patch); return err }},
		{"Patch that conflicts", []string{byID, byID}, func() error {
			late := patch
			late.IfVersion = 99
			_, _ = st.Patch(ctx, late)
			return nil
		}},
		{"Touch", []string{byID}, func() error { return st.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) }},
		{"Delete", []string{byID}, func() error { return st.Delete(ctx, session.ID{1}) }},
		{"BySubject", []string{bySubject}, func() error { _, err := st.BySubject(ctx, "bob", now); return err }},
		{"BySubject of odd bytes", []string{bySubject}, func() error { _, err := st.BySubject(ctx, "\xff", now); return err }},
		{"Each", []string{byID, byID, byID, byID, byID}, func() error {
			return st.Each(ctx, now, func(store.Record) error { return nil })
		}},
		{"DeleteExpired", []string{byExpiry, byEither}, func() error {
			_, err := st.DeleteExpired(ctx, now.Add(2*time.Hour), 10)
			return err
		}},
	} {
		seen, err := sent.during(c.run)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if len(seen) != len(c.indexes) {
			t.Errorf("%s sent %d commands, want %d", c.name, len(seen), len(c.indexes))
			continue
		}
		for i, command := range seen {
			plan := winningPlan(t, db, command)
			if !regexp.MustCompile(c.indexes[i]).MatchString(plan) || regexp.MustCompile(`COLLSCAN|"SORT"`).MatchString(plan) {
				t.Errorf("%s: %v is run as\n%s\nwant the index %s", c.name, command, plan, c.indexes[i])
			}
		}
	}
}

// winningPlan gives the way in which the server would run a command, as JSON.
func winningPlan(t *testing.T, db *mongo.Database, command bson.Raw) string {
	t.Helper()
	elements, err := command.Elements()
	if err != nil {
		t.Fatal(err)
	}
	var plain bson.D // without what the driver adds for a session
	for _, e := range elements {
		switch name := e.Key(); name {
		case "$db", "lsid", "txnNumber", "$clusterTime", "$readPreference", "readConcern", "writeConcern", "maxTimeMS", "ordered":
		default:
			plain = append(plain, bson.E{Key: name, Value: e.Value()})
		}
	}
	raw, err := db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: plain}, {Key: "verbosity", Value: "queryPlanner"}}).Raw()
	if err != nil {
		t.Fatalf("explain %v: %v", plain, err)
	}
	plan, err := raw.LookupErr("queryPlanner", "winningPlan")
	if err != nil {
		t.Fatalf("no plan in %v", raw)
	}
	return plan.String()
}

// TestMongoBroom: the server removes what has been dead for longer than its grace, and nothing that
// was so for less. Its broom comes once in a minute.
func TestMongoBroom(t *testing.T) {
	t.Parallel()
	if needsRealMongo(t, "a TTL index") {
		return
	}
	db := mongoDatabase(t, servers.Mongo(t))
	collection := db.Collection("swept")
	st, err := mongostore.New(collection, mongostore.Grace(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	dead, young, live := record("ada", nil), record("ada", nil), record("ada", nil)
	dead.Expires, young.Expires, live.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	for _, r := range []store.Record{dead, young, live} {
		if err := st.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if n, err := collection.CountDocuments(t.Context(), bson.D{}); err != nil || n < 3 {
			break
		}
	}
	if _, err := st.Load(t.Context(), dead.ID, dead.Expires.Add(-time.Second)); err == nil {
		t.Error("the dead record is still there")
	}
	for _, r := range []store.Record{young, live} {
		if _, err := st.Load(t.Context(), r.ID, r.Expires.Add(-time.Second)); err != nil {
			t.Errorf("a record that was to stay: %v", err)
		}
	}
}

// TestMongoCollation: in a collection to which ada and Ada are the same they are two people
// nevertheless.
func TestMongoCollation(t *testing.T) {
	t.Parallel()
	if needsRealMongo(t, "collations") {
		return
	}
	db := mongoDatabase(t, servers.Mongo(t))
	folded := options.CreateCollection().SetCollation(&options.Collation{Locale: "en", Strength: 1})
	if err := db.CreateCollection(t.Context(), "folded", folded); err != nil {
		t.Fatal(err)
	}
	st := mongoStoreOf(t, db.Collection("folded"))
	if err := st.CreateIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"ada", "Ada", "ádá"} {
		if err := st.Create(t.Context(), record(subject, nil)); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"ada", "Ada", "ádá"} {
		if list, err := st.BySubject(t.Context(), subject, now); err != nil || len(list) != 1 || list[0].Subject != subject {
			t.Errorf("BySubject(%q): %v, %v; want the one of that name", subject, list, err)
		}
	}
}
