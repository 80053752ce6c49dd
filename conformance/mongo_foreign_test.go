package conformance

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// TestMongoForeign: a collection that is another program's is told by its name, with what is wrong
// and with the way out, and gets no index. One of ours is not, though it is damaged.
func TestMongoForeign(t *testing.T) {
	t.Parallel()
	db := mongoDatabase(t, servers.Mongo(t))
	ctx := t.Context()
	model := func(name string, unique bool, fields ...string) mongo.IndexModel {
		keys := bson.D{}
		for _, field := range fields {
			keys = append(keys, bson.E{Key: field, Value: 1})
		}
		o := options.Index().SetName(name)
		if unique {
			o.SetUnique(true)
		}
		return mongo.IndexModel{Keys: keys, Options: o}
	}
	for _, c := range []struct {
		name     string
		document bson.D
		index    *mongo.IndexModel
		says     string // "" for a collection that will do
	}{
		{"scs", bson.D{{Key: "token", Value: "abc"}, {Key: "data", Value: []byte{1}}}, nil, "no sessions"},
		{"unique", nil, ptr(model("token_1", true, "token")), "unique"},
		{"name", nil, ptr(model("subject_1", false, "topic")), "other fields"},
		{"shape", nil, ptr(model("expires_1", false, "expires", "user")), "other fields"},
		{"more", nil, ptr(model("mine", false, "created")), ""},
		{"damaged", bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "version", Value: "one"}}, nil, ""},
		{"nothing", nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			collection := db.Collection("foreign_" + c.name)
			if c.document != nil {
				if _, err := collection.InsertOne(ctx, c.document); err != nil {
					t.Fatal(err)
				}
			}
			if c.index != nil {
				if _, err := collection.Indexes().CreateOne(ctx, *c.index); err != nil {
					t.Fatal(err)
				}
			}
			st := mongoStoreOf(t, collection)
			for range 2 {
				err := st.CreateIndexes(ctx)
				if c.says == "" {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				for _, part := range []string{collection.Name(), c.says, "give New a collection"} {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("%v, want %q in it", err, part)
					}
				}
			}
			if c.says == "" {
				story(t, st)
			} else if list, err := collection.Indexes().ListSpecifications(ctx); err != nil || len(list) > 2 {
				t.Errorf("%d indexes (%v), want none of ours", len(list), err)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }
