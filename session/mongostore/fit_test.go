package mongostore

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestIndexHarm: an index is told when it would refuse sessions, remove them or stand in the place
// of ours, and only then.
func TestIndexHarm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		list bson.D // as the server has it
		says string
	}{
		{"id", bson.D{el("name", "_id_"), el("key", bson.D{el("_id", 1)}), el("unique", true)}, ""},
		{"ours", bson.D{el("name", "subject_1"), el("key", bson.D{el("subject", 1)}), el("sparse", true)}, ""},
		{"broom", bson.D{el("name", "expires_1"), el("key", bson.D{el("expires", 1)}), el("expireAfterSeconds", 86400)}, ""},
		{"more of theirs", bson.D{el("name", "a"), el("key", bson.D{el("subject", 1), el("created", 1)})}, ""},
		{"token", bson.D{el("name", "token_1"), el("key", bson.D{el("token", 1)}), el("unique", true)}, "unique"},
		{"person", bson.D{el("name", "one"), el("key", bson.D{el("subject", 1)}), el("unique", true)}, "unique"},
		{"name", bson.D{el("name", "expires_1"), el("key", bson.D{el("expires", 1), el("user", 1)})}, "other fields"},
		{"other name", bson.D{el("name", "subject_1"), el("key", bson.D{el("topic", 1)})}, "other fields"},
		{"part", bson.D{el("name", "x"), el("key", bson.D{el("expires", 1)}), el("partialFilterExpression", bson.D{el("a", 1)})}, "a part"},
		{"their broom", bson.D{el("name", "x"), el("key", bson.D{el("created", 1)}), el("expireAfterSeconds", int64(60))}, "that live"},
		{"a broom for others", bson.D{el("name", "x"), el("key", bson.D{el("createdAt", 1)}), el("expireAfterSeconds", 60.0)}, ""},
	} {
		raw, err := bson.Marshal(c.list)
		if err != nil {
			t.Fatal(err)
		}
		var i index
		if err := bson.Unmarshal(raw, &i); err != nil {
			t.Fatal(err)
		}
		if got := i.harm(); !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: %q, want %q", c.name, got, c.says)
		}
	}
}
