package conformance

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/session/store"
)

// TestMongoDamage: what somebody else did to a document costs that record at most. Nobody is signed
// in by it, others are not held up, it can be ended, and no error tells what it holds.
func TestMongoDamage(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	set := func(field string, value any) bson.D {
		return bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: value}}}}
	}
	unset := func(field string) bson.D { return bson.D{{Key: "$unset", Value: bson.D{{Key: field, Value: ""}}}} }
	db := mongoDatabase(t, servers.Mongo(t))
	for name, c := range map[string]struct {
		damage bson.D
		load   error // nil: it can be read nevertheless
		patch  error
		clear  error // what a patch that needs none of the old values gets
		listed bool
	}{
		"digest":            {set("digest", "short"), store.ErrUnreadable, store.ErrNotFound, store.ErrNotFound, true},
		"short digest":      {set("digest", bson.Binary{Data: []byte{1}}), store.ErrUnreadable, store.ErrNotFound, store.ErrNotFound, true},
		"no digest":         {unset("digest"), store.ErrUnreadable, store.ErrNotFound, store.ErrNotFound, true},
		"version":           {set("version", secret), store.ErrUnreadable, store.ErrUnreadable, store.ErrUnreadable, true},
		"short version":     {set("version", int32(1)), nil, nil, nil, true},
		"no version yet":    {set("version", int64(0)), store.ErrUnreadable, nil, nil, true},
		"key id":            {set("key_id", 7), store.ErrUnreadable, nil, nil, true},
		"created":           {unset("created"), store.ErrUnreadable, nil, nil, true},
		"signed in":         {set("signed_in", secret), store.ErrUnreadable, nil, nil, true},
		"last seen":         {set("last_seen", int64(5)), store.ErrUnreadable, nil, nil, true},
		"deadline":          {unset("deadline"), store.ErrUnreadable, nil, nil, true},
		"idle":              {set("idle", int64(-1)), store.ErrUnreadable, nil, nil, true},
		"idle overflows":    {set("idle", int64(math.MaxInt64)), store.ErrUnreadable, nil, nil, true},
		"persist":           {set("persist", "yes"), store.ErrUnreadable, nil, nil, true},
		"state":             {set("state", 7), store.ErrUnreadable, nil, nil, true},
		"parent":            {set("parent", "none"), store.ErrUnreadable, nil, nil, true},
		"address":           {set("addr", bson.D{}), store.ErrUnreadable, nil, nil, true},
		"expires":           {set("expires", "soon"), store.ErrNotFound, store.ErrNotFound, store.ErrNotFound, false},
		"no end":            {unset("expires"), store.ErrNotFound, store.ErrNotFound, store.ErrNotFound, false},
		"subject":           {set("subject", 7), store.ErrUnreadable, nil, nil, false},
		"no subject":        {unset("subject"), nil, nil, nil, false},
		"values":            {set("values", secret), store.ErrUnreadable, store.ErrUnreadable, nil, true},
		"no values":         {unset("values"), nil, nil, nil, true},
		"a value":           {set("values.a", secret), store.ErrUnreadable, nil, nil, true},
		"a key":             {set("values.%zz", bson.Binary{}), store.ErrUnreadable, nil, nil, true},
		"a kind of binary":  {set("values.a", bson.Binary{Subtype: bson.TypeBinaryUUID, Data: make([]byte, 16)}), store.ErrUnreadable, nil, nil, true},
		"more than we know": {set("note", secret), nil, nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			st, collection := mongoStore(t, db)
			r, whole := record("ada", store.Values{"b": {1}}), record("ada", nil)
			for _, r := range []store.Record{r, whole} {
				if err := st.Create(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := collection.UpdateByID(ctx, bson.ObjectID(r.ID), c.damage); err != nil {
				t.Fatal(err)
			}
			check := func(method string, err, want error) {
				t.Helper()
				if !errors.Is(err, want) || (want == nil && err != nil) {
					t.Errorf("%s: %v, want %v", method, err, want)
				}
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s tells what is stored: %v", method, err)
				}
			}
			got, err := st.Load(ctx, r.ID, now)
			check("Load", err, c.load)
			if err != nil && got.Values != nil {
				t.Errorf("Load gave values %v beside its error", got.Values)
			}
			if errors.Is(err, store.ErrUnreadable) && got.ID != r.ID {
				t.Errorf("Load gave record %v beside its error, want %v", got.ID, r.ID)
			}
			want := 1
			if c.listed {
				want = 2
			}
			if list, err := st.BySubject(ctx, "ada", now); err != nil || len(list) != want {
				t.Errorf("BySubject: %d records, %v; want %d", len(list), err, want)
			}
			p := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"c": {1}}}
			_, err = st.Patch(ctx, p)
			check("Patch", err, c.patch)
			p.Clear = true
			_, err = st.Patch(ctx, p)
			check("Patch that clears", err, c.clear)
			err = st.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: now, Expires: now.Add(2 * time.Hour)}, now)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Touch: %v", err)
			}
			if err := st.Delete(ctx, r.ID); err != nil {
				t.Errorf("Delete: %v", err)
			}
			if _, err := st.Load(ctx, r.ID, now); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Load after deleting: %v, want ErrNotFound", err)
			}
			if n, err := st.DeleteExpired(ctx, now.AddDate(1, 0, 0), 100); n != 1 || err != nil {
				t.Errorf("DeleteExpired: %d, %v; want the other one", n, err)
			}
		})
	}
}

// TestMongoGreatVersion: a version that cannot be counted up any more takes no patch.
func TestMongoGreatVersion(t *testing.T) {
	t.Parallel()
	st, _ := mongoStore(t, mongoDatabase(t, servers.Mongo(t)))
	r := record("ada", nil)
	r.Version = math.MaxInt64
	if err := st.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Patch(t.Context(), store.Patch{ID: r.ID, Digest: r.Digest, Now: now}); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("Patch: %v, want ErrUnreadable", err)
	}
}

// TestMongoStrangers: documents that are no records, in a collection that should hold none, do no
// harm and come to none.
func TestMongoStrangers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st, collection := mongoStore(t, mongoDatabase(t, servers.Mongo(t)))
	for _, d := range []bson.D{
		{{Key: "_id", Value: "text"}, {Key: "subject", Value: "ada"}, {Key: "expires", Value: bson.NewDateTimeFromTime(now.Add(time.Hour))}},
		{{Key: "_id", Value: 7}, {Key: "subject", Value: "ada"}},
		{{Key: "_id", Value: bson.NewObjectID()}, {Key: "created_at", Value: "2021"}},
	} {
		if _, err := collection.InsertOne(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	r := record("ada", nil)
	if err := st.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	list, err := st.BySubject(ctx, "ada", now)
	if err != nil || len(list) != 1 || list[0].ID != r.ID {
		t.Errorf("BySubject: %v, %v", list, err)
	}
	list = nil
	err = st.Each(ctx, now, func(r store.Record) error { list = append(list, r); return nil })
	if err != nil || len(list) != 1 || list[0].ID != r.ID {
		t.Errorf("Each: %v, %v", list, err)
	}
}
