package conformance

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fromflask"
	"github.com/doorbook/doorbook/internal/id"
	mongodb "github.com/doorbook/doorbook/internal/mongo"
)

// TestPasswordsInFlasksLog does to a log of both what docs/from-flask.md says: no password is left
// in Flask's entries, and Doorbook's are untouched.
func TestPasswordsInFlasksLog(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/from-flask.md")
	if err != nil {
		t.Fatal(err)
	}
	updates := regexp.MustCompile(`(?m)^    db\.logs\.updateMany\((\{.*?\}), (\{\$set: \{.*?\}\})\)`).FindAllStringSubmatch(string(guide), -1)
	if len(updates) != 2 {
		t.Fatalf("the guide has %d updates", len(updates))
	}
	address := mongoURL(t, servers.Mongo(t))
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	logs := mongoClient(t, address).Database(u.Path[1:]).Collection(fromflask.Logs)
	to, err := mongodb.Open(t.Context(), address, mongodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	now := time.Now()
	ours := book.Entry{ID: id.New(now), Type: book.Request, URL: "/ours?password=x", Method: "GET", Body: "kept", CreatedAt: now, Status: 200}
	if err := to.Entries().Append(t.Context(), []book.Entry{ours}); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []bson.D{
		{{Key: "url", Value: "/auth/login"}, {Key: "body", Value: bson.D{{Key: "password", Value: "hunter2"}}}},
		{{Key: "url", Value: "/auth/login"}, {Key: "body", Value: "email=a&password=hunter2"}},
		{{Key: "url", Value: "/auth/login?email=a&password=hunter2"}},
	} {
		if _, err := logs.InsertOne(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	for _, update := range updates {
		if _, err := logs.UpdateMany(t.Context(), shellDoc(t, update[1]), shellDoc(t, update[2])); err != nil {
			t.Fatal(err)
		}
	}
	cursor, err := logs.Find(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var left []bson.M
	if err := cursor.All(t.Context(), &left); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(left); len(left) != 4 || strings.Contains(text, "hunter2") || !strings.Contains(text, "/ours?password=") || !strings.Contains(text, "kept") {
		t.Errorf("left: %s", text)
	}
}

// shellDoc reads a document as mongosh takes it.
func shellDoc(t *testing.T, text string) (doc bson.D) {
	t.Helper()
	text = regexp.MustCompile(`([$\w]+):`).ReplaceAllString(text, `"$1":`)
	text = regexp.MustCompile(`: /(.*)/`).ReplaceAllString(text, `: {"$$regex": "$1"}`)
	if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}
