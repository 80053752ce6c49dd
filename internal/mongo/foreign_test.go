package mongo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/mongo"
)

func raw(t testing.TB, doc bson.D) bson.Raw {
	t.Helper()
	b, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	someID = bson.ObjectID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	noon   = time.Date(2021, 2, 3, 12, 0, 0, 0, time.UTC)
)

// What the original application wrote, and what nobody should have written.
func TestForeignEntries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  bson.D
		want book.Entry
	}{
		"nothing": {bson.D{}, book.Entry{}},
		"a request": {
			bson.D{
				{Key: "type", Value: "request"},
				{Key: "client_addr", Value: "192.0.2.1"},
				{Key: "url", Value: "http://flask.test/auth/login?next=/s3cr3t"},
				{Key: "http_method", Value: "POST"},
				{Key: "body", Value: "email=ada&password=s3cr3t"},
				{Key: "created_at", Value: noon},
				{Key: "deleted", Value: false},
			},
			book.Entry{
				Type: "request", ClientAddr: "192.0.2.1", URL: "http://flask.test/auth/login?[redacted]", Method: "POST",
				Body: "[25 bytes of text/plain]", CreatedAt: noon,
			},
		},
		"a body as document": {
			bson.D{{Key: "body", Value: bson.D{{Key: "password", Value: "s3cr3t"}}}},
			book.Entry{Body: `{"[redacted]":"1 other fields"}`},
		},
		"a body as list":     {bson.D{{Key: "body", Value: bson.A{"s3cr3t"}}}, book.Entry{Body: "[17 bytes of text/plain]"}},
		"times as text":      {bson.D{{Key: "created_at", Value: "2021-02-03T12:00:00"}}, book.Entry{CreatedAt: noon}},
		"times with zone":    {bson.D{{Key: "created_at", Value: "2021-02-03T13:00:00.000+01:00"}}, book.Entry{CreatedAt: noon}},
		"HTTP's times":       {bson.D{{Key: "created_at", Value: "Wed, 03 Feb 2021 12:00:00 GMT"}}, book.Entry{CreatedAt: noon}},
		"Python's times":     {bson.D{{Key: "created_at", Value: "2021-02-03 12:00:00.000000"}}, book.Entry{CreatedAt: noon}},
		"times that are not": {bson.D{{Key: "created_at", Value: bson.D{{Key: "a", Value: 1}}}}, book.Entry{}},
		"odd types": {
			bson.D{
				{Key: "type", Value: 1},
				{Key: "client_addr", Value: bson.A{"x"}},
				{Key: "url", Value: nil},
				{Key: "http_method", Value: true},
				{Key: "status", Value: "200"},
				{Key: "duration", Value: 1.5},
				{Key: "seq", Value: "x"},
				{Key: "user", Value: someID},
				{Key: "text", Value: 2.5},
			},
			book.Entry{
				Type: "1", ClientAddr: "[array, 14 bytes]", Method: "true", Duration: time.Microsecond,
				User: "0102030405060708090a0b0c", Text: "2.5",
			},
		},
		"hostile text": {
			bson.D{{Key: "client_addr", Value: "\x1b[2J\xff\n"}, {Key: "user_name", Value: strings.Repeat("x", 1000)}, {Key: "host", Value: "a\nb"}},
			book.Entry{ClientAddr: `\x1b[2J\xff\n`, UserName: strings.Repeat("x", 253) + "…", Host: `a\nb`},
		},
	} {
		c.doc = append(c.doc, bson.E{Key: "_id", Value: someID})
		c.want.ID = someID.Hex()
		got := mongo.ReadEntry(raw(t, c.doc))
		if c.want.Body == "[17 bytes of text/plain]" && strings.HasSuffix(got.Body, " bytes of text/plain]") {
			c.want.Body = got.Body // of a list only the size is told
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestForeignDevelopers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  bson.D
		want account.Developer
	}{
		"of the original": {
			bson.D{
				{Key: "name", Value: "Ada"},
				{Key: "email", Value: "Ada@Example.org"},
				{Key: "password", Value: "pbkdf2:sha256:1$x$y"},
				{Key: "skills", Value: bson.A{"Python", "Go"}},
				{Key: "created_at", Value: noon},
			},
			account.Developer{
				Name: "Ada", Email: "Ada@Example.org", PasswordHash: "pbkdf2:sha256:1$x$y", Skills: []string{"Python", "Go"},
				CreatedAt: noon, Role: account.Member,
			},
		},
		"nothing":             {bson.D{}, account.Developer{Role: account.Member}},
		"skills as text":      {bson.D{{Key: "skills", Value: "Go, C"}}, account.Developer{Role: account.Member, Skills: []string{"Go, C"}}},
		"skills of all kinds": {bson.D{{Key: "skills", Value: bson.A{1, nil}}}, account.Developer{Role: account.Member, Skills: []string{"1", ""}}},
		"no role":             {bson.D{{Key: "role", Value: ""}}, account.Developer{}},
		"an odd role":         {bson.D{{Key: "role", Value: bson.A{"admin"}}}, account.Developer{Role: "[array, 18 bytes]"}},
		"not disabled":        {bson.D{{Key: "disabled", Value: nil}}, account.Developer{Role: account.Member}},
		"odd and disabled":    {bson.D{{Key: "disabled", Value: "no"}}, account.Developer{Role: account.Member, State: account.Disabled}},
		"without an address":  {bson.D{{Key: "email_key", Value: someID}}, account.Developer{Role: account.Member}},
	} {
		c.doc = append(c.doc, bson.E{Key: "_id", Value: someID})
		c.want.ID = someID.Hex()
		if c.want.CreatedAt.IsZero() { // Flask writes down no time: the ObjectID has it
			c.want.CreatedAt = someID.Timestamp().UTC()
		}
		got := mongo.ReadDeveloper(raw(t, c.doc))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]bson.D{
		"ours":        {{Key: "created_at", Value: noon}, {Key: "seq", Value: int64(1) << 62}},
		"dated":       {{Key: "created_at", Value: time.UnixMilli(-1)}},
		"the oldest":  {{Key: "created_at", Value: time.Time{}}},
		"too old":     {{Key: "created_at", Value: bson.DateTime(-1 << 62)}},
		"undated":     {},
		"of text":     {{Key: "created_at", Value: "2021-02-03"}, {Key: "seq", Value: int64(7)}},
		"without one": {{Key: "created_at", Value: nil}},
	} {
		cursor, again, err := mongo.CursorOf(raw(t, append(doc, bson.E{Key: "_id", Value: someID})))
		if err != nil || cursor != again {
			t.Errorf("%s: %q comes back as %q, %v", name, cursor, again, err)
		}
	}
}

// A developer whom the original application marked as deleted, and whom the import therefore leaves
// out, cannot sign in.
func TestDeletedDeveloper(t *testing.T) {
	t.Parallel()
	d := mongo.ReadDeveloper(raw(t, bson.D{{Key: "_id", Value: someID}, {Key: "email", Value: "ada@example.org"}, {Key: "deleted", Value: true}}))
	if d.State != account.Disabled {
		t.Error("may sign in")
	}
}

// A date that JSON cannot tell breaks no page of the API.
func TestFarFuture(t *testing.T) {
	t.Parallel()
	e := mongo.ReadEntry(raw(t, bson.D{{Key: "_id", Value: someID}, {Key: "created_at", Value: bson.DateTime(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())}}))
	if _, err := json.Marshal(e.CreatedAt); err != nil {
		t.Error(err)
	}
	d := mongo.ReadDeveloper(raw(t, bson.D{{Key: "_id", Value: someID}, {Key: "created_at", Value: bson.DateTime(-1 << 60)}}))
	if _, err := json.Marshal(d.CreatedAt); err != nil {
		t.Error(err)
	}
}

// What another program wrote about a developer is bounded, as it is of entries.
func TestDeveloperIsBounded(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 8<<20)
	d := mongo.ReadDeveloper(raw(t, bson.D{{Key: "_id", Value: someID}, {Key: "name", Value: huge}, {Key: "password", Value: huge}}))
	if n := len(d.Name) + len(d.PasswordHash); n > 64<<10 {
		t.Errorf("%d bytes of one developer", n)
	}
}

// FuzzRead: no document makes reading fail, and what is not ours is harmless to show.
func FuzzRead(f *testing.F) {
	for _, doc := range []bson.D{
		{},
		{{Key: "url", Value: "/?a=b"}, {Key: "body", Value: bson.D{{Key: "a", Value: bson.A{1, bson.D{}}}}}, {Key: "created_at", Value: "x"}},
		{{Key: "skills", Value: bson.A{"a", bson.A{}}}, {Key: "email", Value: bson.Regex{Pattern: "a"}}, {Key: "seq", Value: 1}},
	} {
		f.Add([]byte(raw(f, doc)))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		mongo.ReadDeveloper(doc)
		e := mongo.ReadEntry(doc)
		if _, ours := bson.Raw(doc).Lookup("seq").Int64OK(); ours {
			return
		}
		if len(e.URL) > 2048 || len(e.Body) > 4096 || len(e.Text) > 1024 || len(e.Method) > 256 || !utf8.ValidString(e.URL+e.Body+e.Text+e.Method) {
			t.Errorf("not bounded, or not text: %+v", e)
		}
	})
}
