package mongo

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// index is one that Open makes.
type index struct {
	collection string
	keys       bson.D
	unique     bool
	partial    string // only of documents that have this field
}

func key(name string, direction int) bson.E { return bson.E{Key: name, Value: direction} }

// newestFirst is the order of the book behind what a query asks for.
func newestFirst(fields ...bson.E) bson.D {
	return append(bson.D(fields), key("created_at", -1), key("seq", -1), key("_id", -1))
}

// indexes serve every query but those by _id. What the original application wrote has none of our
// fields, so indexes over them leave it out where they can.
func indexes(beside bool) []index {
	list := []index{
		{collection: "developers", keys: bson.D{key("email_key", 1)}, unique: true, partial: "email_key"},
		{collection: "developers", keys: bson.D{key("email_key", -1), key("_id", 1)}}, // finds those without a key too
		{collection: "developers", keys: bson.D{key("email", 1)}},
		{collection: "developers", keys: bson.D{key("role", 1)}, partial: "role"},
		{collection: "developers", keys: bson.D{key("short_name", 1)}, unique: true, partial: "short_name"},
		{collection: "developers", keys: bson.D{key("link.hash", 1)}, partial: "link.hash"},
		{collection: "developers", keys: bson.D{key("name_key", 1), key("_id", 1)}},
		{collection: "developers", keys: bson.D{key("words", 1)}, partial: "words"},
		{collection: "developers", keys: bson.D{key("words_seen", 1)}}, // finds those without words
		{collection: "throttle", keys: bson.D{key("last_at", 1)}},
		{collection: "devices", keys: bson.D{key("account", 1), key("last_seen", -1), key("_id", 1)}},
		{collection: "devices", keys: bson.D{key("last_seen", 1)}},
		{collection: "sign_ins", keys: bson.D{key("account", 1), key("over", -1), key("_id", 1)}},
		{collection: "sign_ins", keys: bson.D{key("over", 1)}},
		{collection: "tokens", keys: bson.D{key("hash", 1)}, unique: true},
		{collection: "tokens", keys: bson.D{key("account", 1), key("created_at", -1), key("_id", -1)}},
		{collection: "tokens", keys: bson.D{key("ends_at", 1)}},
		{collection: "logs", keys: newestFirst()},
		{collection: "logs", keys: newestFirst(key("type", 1))},
		{collection: "logs", keys: newestFirst(key("user", 1)), partial: "user"},
		{collection: "logs", keys: newestFirst(key("user", 1), key("type", 1)), partial: "user"},
	}
	if beside {
		list = append(list, index{collection: "logs", keys: oldestFirst(), partial: "seq"}) // what Trim may delete
	}
	return list
}

// name is the index's, by which nobody else calls one.
func (ix index) name() string {
	return "doorbook_" + keysText(ix.keys)
}

// makeIndexes makes those that are missing. The unique one comes first: nothing is written before
// it stands.
func (db *DB) makeIndexes(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	for _, ix := range indexes(db.entries.beside) {
		err := db.makeIndex(ctx, ix)
		if hasCode(err, codeIndexOptions, codeIndexKeys) && db.served(ctx, ix) {
			continue
		}
		if err != nil {
			return db.explainIndex(ctx, ix, err)
		}
	}
	return nil
}

func (db *DB) makeIndex(ctx context.Context, ix index) error {
	c := db.base.Collection(ix.collection)
	opts := options.Index().SetName(ix.name())
	if ix.unique {
		opts.SetUnique(true)
	}
	if ix.partial != "" {
		opts.SetPartialFilterExpression(onlyWith(ix.partial))
		_, err := c.Indexes().CreateOne(ctx, driver.IndexModel{Keys: ix.keys, Options: opts})
		if !hasCode(err, codeNotImplemented) {
			return err
		}
		opts.SetPartialFilterExpression(nil) // FerretDB: it leaves out documents without the field by itself
	}
	_, err := c.Indexes().CreateOne(ctx, driver.IndexModel{Keys: ix.keys, Options: opts})
	return err
}

// served reports whether an index of another name does the same.
func (db *DB) served(ctx context.Context, ix index) bool {
	list, err := db.base.Collection(ix.collection).Indexes().List(ctx)
	if err != nil {
		return false
	}
	want, served := keysText(ix.keys), false
	err = all(ctx, list, func(doc bson.Raw) {
		var other struct {
			Key                     bson.D
			Unique, Sparse, Hidden  bool
			Collation               bson.Raw
			PartialFilterExpression bson.D `bson:"partialFilterExpression"`
		}
		if bson.Unmarshal(doc, &other) != nil || keysText(other.Key) != want || other.Sparse || other.Hidden || other.Collation != nil {
			return
		}
		same := len(other.PartialFilterExpression) == 0 ||
			ix.partial != "" && fmt.Sprint(other.PartialFilterExpression) == fmt.Sprint(onlyWith(ix.partial))
		served = served || same && (other.Unique || !ix.unique)
	})
	return err == nil && served
}

// keysText tells keys in one way, of whatever type their directions are.
func keysText(keys bson.D) string {
	parts := make([]string, len(keys))
	for i, e := range keys {
		parts[i] = fmt.Sprintf("%s_%v", e.Key, e.Value)
	}
	return strings.Join(parts, "_")
}

// onlyWith matches documents that have a field.
func onlyWith(field string) bson.D {
	return bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}}
}

// explainIndex says what an operator can do about an index that cannot be made.
func (db *DB) explainIndex(ctx context.Context, ix index, err error) error {
	switch {
	case isDuplicate(err):
		// The server's own text holds such an address.
		return fmt.Errorf("%d values of %s in %s belong to several documents each; remove the field from all but one of them",
			db.countShared(ctx, ix), ix.keys[0].Key, ix.collection)
	case hasCode(err, codeIndexOptions, codeIndexKeys):
		return fmt.Errorf("the collection %s has an index of its own that stands in the way; drop it: %w", ix.collection, err)
	}
	return fmt.Errorf("make an index of %s: %w", ix.collection, err)
}

// countShared counts the values that a unique index cannot hold. It gives 0 when the database does
// not say.
func (db *DB) countShared(ctx context.Context, ix index) int {
	field := ix.keys[0].Key
	cursor, err := db.base.Collection(ix.collection).Aggregate(ctx, driver.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}}}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$" + field}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}}}}},
		{{Key: "$match", Value: bson.D{{Key: "n", Value: bson.D{{Key: "$gt", Value: 1}}}}}},
		{{Key: "$count", Value: "shared"}},
	})
	if err != nil {
		return 0
	}
	var found []struct{ Shared int }
	if cursor.All(ctx, &found) != nil || len(found) == 0 {
		return 0
	}
	return found[0].Shared
}
