package fromflask_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fromflask"
)

func TestEntry(t *testing.T) {
	t.Parallel()
	want := book.Entry{ID: hexID(1), Type: book.Request, ClientAddr: "192.0.2.1", URL: "/", Method: "GET", CreatedAt: idTime(1)}
	changed := func(change func(*book.Entry)) book.Entry {
		e := want
		change(&e)
		return e
	}
	redacted := changed(func(e *book.Entry) { e.Body = book.Redacted })
	for _, tt := range []struct {
		name      string
		different bson.M
		want      book.Entry
	}{
		{"as it should be", nil, want},
		{"an activity", bson.M{"type": "activity"}, changed(func(e *book.Entry) { e.Type = book.Activity })},
		{"an error", bson.M{"type": "ERROR "}, changed(func(e *book.Entry) { e.Type = book.Error })},
		{"no time", bson.M{"created_at": nil}, want},
		{"time as text", bson.M{"created_at": "2020-02-29 12:34:56"}, changed(func(e *book.Entry) { e.CreatedAt = time.Date(2020, 2, 29, 12, 34, 56, 0, time.UTC) })},
		{"not deleted", bson.M{"deleted": nil}, want},

		{"a body as document", bson.M{"body": bson.M{"password": "hunter2"}}, redacted},
		{"a body as text", bson.M{"body": "password=hunter2"}, redacted},
		{"a body as list", bson.M{"body": bson.A{"hunter2"}}, redacted},
		{"a body in bytes", bson.M{"body": bson.Binary{Data: []byte{0xff, 0}}}, redacted},
		{"a body as number", bson.M{"body": 7}, redacted},
		{"a body too long to look at", bson.M{"body": strings.Repeat(" ", 1<<20)}, redacted},
		{"no body", bson.M{"body": nil}, want},
		{"a body that is null", bson.M{"body": bson.Null{}}, want},
		{"an empty text", bson.M{"body": ""}, want},
		{"an empty object as text", bson.M{"body": "{}"}, want},
		{"empty bytes as Python writes them", bson.M{"body": "b''"}, want},
		{"an empty list", bson.M{"body": bson.A{}}, want},
		{"no bytes", bson.M{"body": bson.Binary{}}, want},

		{"hostile address and method", bson.M{"client_addr": "\x1b[2J" + strings.Repeat("x", 300), "http_method": "GET\nPOST"}, changed(func(e *book.Entry) {
			e.ClientAddr, e.Method = `\x1b[2J`+strings.Repeat("x", 246)+"…", `GET\nPOST`
		})},
		{"types that nobody expects", bson.M{"client_addr": 1, "http_method": bson.A{}, "url": true}, changed(func(e *book.Entry) {
			e.ClientAddr, e.Method, e.URL = "", "", book.Redacted
		})},
		{"no URL", bson.M{"url": nil}, changed(func(e *book.Entry) { e.URL = "" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			totals := p.copy((&installation{}).log(get(1, tt.different)), nil)
			if diff := cmp.Diff(fromflask.Tally{Read: 1, Copied: 1}, totals.Entries); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]book.Entry{tt.want}, p.entries()); diff != "" {
				t.Error(diff)
			}
			if redacted := tt.want.Body != ""; redacted != (totals.Redacted == 1) {
				t.Errorf("%d bodies left out", totals.Redacted)
			}
		})
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	const r = "[redacted]"
	for _, tt := range []struct{ url, want string }{
		{"/", "/"},
		{"http://localhost:5000", "/"},
		{"https://ada:hunter2@example.org/login?next=/secret#hunter2", "/login?" + r},
		{"/developers/0123456789abcdef01234567", "/developers/0123456789abcdef01234567"},
		{"/logs/0123456789abcdef01234567/", "/logs/0123456789abcdef01234567/"},
		{"/auth/login?email=ada@example.org&password=hunter2", "/auth/login?" + r + "&" + r},
		{"/wp-login.php", "/wp-login.php"},
		{"/.env", "/.env"},
		{"/static/css/bootstrap.min.css", "/static/css/bootstrap.min.css"},
		{"/städte/köln", "/städte/köln"},
		{"/reset/eyJhbGciOiJIUzI1NiJ9.e30.abc", "/reset/" + r},
		{"/reset/9f86d081884c7d659a2feaa0c55ad015", "/reset/" + r},
		{"/confirm/ada@example.org/yes", "/confirm/" + r + "/yes"},
		{"/a%3Fpassword=hunter2", "/" + r},
		{"/a%0Ab", "/" + r},
		{"/" + strings.Repeat("a/", 400), "/" + strings.Repeat("a/", 254) + "…"},
		{"*", r},
		{"mailto:ada@example.org", r},
		{"http://[::1", r},
		{"\x7f", r},
		{"", r},
		{"/" + strings.Repeat("x", 1<<20), r},
	} {
		p := newPlace(t)
		p.copy((&installation{}).log(get(1, bson.M{"url": tt.url})), nil)
		if got := p.entries()[0].URL; got != tt.want {
			t.Errorf("%.80q is kept as %q, want %q", tt.url, got, tt.want)
		}
	}
}

func TestEntriesThatAreNotCopied(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	totals := p.copy((&installation{}).log(
		get(1, bson.M{"type": "visit"}), get(2, bson.M{"type": nil}), get(3, bson.M{"deleted": true}), get(4, bson.M{"deleted": 1}),
		get(5, bson.M{"_id": 5}), get(6, nil),
	), nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 6, Copied: 1, Deleted: 2, Refused: 3}, totals.Entries); diff != "" {
		t.Error(diff)
	}
	want := []string{"type " + hexID(1), "type " + hexID(2), "id  its _id is of type 32-bit integer"}
	if diff := cmp.Diff(want, p.outcome(fromflask.Refused)); diff != "" {
		t.Error(diff)
	}
	if got := p.entries(); len(got) != 1 || got[0].ID != hexID(6) {
		t.Error(got)
	}
}

// TestMinutes: nobody knows how imported requests ended, so the plot of those that were answered
// here has none of them.
func TestMinutes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.copy((&installation{}).log(get(1, nil), get(61, nil), get(62, bson.M{"type": "activity"})), nil)
	if minutes, err := p.book.Minutes(t.Context(), idTime(0)); err != nil || len(minutes) > 0 {
		t.Errorf("%v, %v", minutes, err)
	}
}

func TestOldEntriesAreCounted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	totals := p.copy((&installation{}).log(get(1, nil), get(20, nil), get(30, nil)), func(c *fromflask.Config) {
		c.Keeps, c.Clock = 10*time.Second, func() time.Time { return idTime(30) }
	})
	if totals.Old != 1 || totals.Entries.Copied != 3 {
		t.Errorf("%+v", totals)
	}
}
