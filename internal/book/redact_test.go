package book_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
)

const anID = "0123456789abcdef01234567"

var keep = book.Keep{
	Query: []book.Field{
		{Name: "before", Kind: book.ID},
		{Name: "limit", Kind: book.Number},
		{Name: "type", Kind: book.Word, Words: []string{"request", "activity"}},
		{Name: "token"},
		{Name: "q", Kind: book.Text},
	},
	Body: []book.Field{
		{Name: "name", Kind: book.Text},
		{Name: "skills", Kind: book.Text},
		{Name: "email", Kind: book.Email},
		{Name: "role", Kind: book.Word, Words: []string{"member", "admin"}},
		{Name: "age", Kind: book.Number},
		{Name: "disabled", Kind: book.Word},
		{Name: "password"},
	},
}

func TestRedactURL(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	for _, c := range []struct{ path, query, pattern, want string }{
		// Paths.
		{"/", "", "GET /{$}", "/"},
		{"/login", "", "/login", "/login"},
		{"/login", "", "POST example.org/login", "/login"},
		{"/logs/" + anID, "", "GET /logs/{id}", "/logs/" + anID},
		{"/logs/" + anID + "/", "", "PUT /logs/{id}/{$}", "/logs/" + anID + "/"},
		{"/logs/" + anID + "/", "", "PUT /logs/{id}/", "/logs/" + anID + "/"},
		{"/logs/" + anID + "/s3cret", "", "PUT /logs/{id}/", "/logs/" + anID + "/[redacted]"},
		{"/logs/s3cret", "", "GET /logs/{id}", "/logs/{id}"},
		{"/logs/" + strings.ToUpper(anID), "", "GET /logs/{id}", "/logs/{id}"},
		{"/setup/s3cret", "", "GET /setup/{token}", "/setup/{token}"},
		{"/setup/" + anID, "", "GET /setup/{token}", "/setup/{token}"}, // a secret may look like an id
		{"/files/a/s3cret", "", "GET /files/{path...}", "/files/{path...}"},
		{"/logs/" + anID + "/s3cret", "", "GET /logs/{id}", "/logs/" + anID}, // an escaped slash: the mux saw one segment
		{"/s3cret", "", "GET /login", "/login"},
		{"/nope/x", "", "", "/nope/x"},
		{"/nope/x", "", "/", "/nope/x"},
		{"/nope/\x1b[2J\n\u202e\xff", "", "", `/nope/\x1b[2J\n\u202e\xff`},
		{"/" + long, "", "", "/" + strings.Repeat("é", 254) + "…"},
		{"*", "", "", "*"},
		{"/door/link/" + strings.Repeat("A7", 13) + ".", "", "/", "/door/link/[redacted]."},
		{"/" + strings.Repeat("Z2", 20) + "/" + strings.Repeat("A", 24), "", "", "/[redacted]/" + strings.Repeat("A", 24)},
		{"/x/" + strings.Repeat("a7", 13) + "/y", "", "", "/x/[redacted]/y"},                       // in small letters
		{"/x/" + strings.Repeat("A7", 6) + "0" + strings.Repeat("A7", 6), "", "", "/x/[redacted]"}, // mistyped, and too short
		{"/nope/" + anID, "", "", "/nope/" + anID},
		// Queries.
		{"/a", "limit=20&before=" + anID, "/a", "/a?before=" + anID + "&limit=20"},
		{"/a", "type=activity", "/a", "/a?type=activity"},
		{"/a", "type=s3cret", "/a", "/a?type=[redacted]"},
		{"/a", "limit=s3cret&before=s3cret&token=s3cret", "/a", "/a?before=[redacted]&limit=[redacted]&token=[redacted]"},
		{"/a", "q=a+b%26%E2%80%AE&x=s3cret", "/a", `/a?q=a+b%26%5Cu202e&[redacted]`},
		{"/a", "s3cret", "/a", "/a?[redacted]"},
		{"/a", "s3cret&Q=1&&", "/a", "/a?[redacted]&[redacted]"},
		{"/a", "q=x&q=s3cret", "/a", "/a?q=[redacted]"},
		{"/a", "q=%zz", "/a", "/a?[redacted]"},
		{"/a", "%zz=1&q=s3cret", "/a", "/a?[redacted]"},
		{"/a", "q=1;password=s3cret", "/a", "/a?[redacted]"},
		{"/a", "q=" + strings.Repeat("a", 600), "/a", "/a?q=" + strings.Repeat("a", 509) + url.QueryEscape("…")},
		{"/a", strings.Repeat("a&", 33), "/a", "/a?" + strings.Repeat("[redacted]&", 32) + "…"},
	} {
		got := book.RedactURL(c.path, c.query, c.pattern, keep)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q ? %q of %q: %s", c.path, c.query, c.pattern, diff)
		}
	}
	if got := book.RedactURL("/a", "q=1", "/a", book.Keep{}); got != "/a?[redacted]" {
		t.Errorf("the zero Keep keeps %q", got)
	}
}

const (
	form  = "application/x-www-form-urlencoded"
	jsonT = "application/json"
)

func TestRedactBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ media, body, want string }{
		{form, "", ""},
		{form, "name=Ada&password=s3cret", `{"name":"Ada","password":"[redacted]"}`},
		{form + "; charset=utf-8", "password=s3cret&name=A%26B+%3C%22", `{"name":"A&B <\"","password":"[redacted]"}`},
		{form, "name=Ada&s3cret=1&b=2", `{"name":"Ada","[redacted]":"2 other fields"}`},
		{form, "Name=s3cret", `{"[redacted]":"1 other fields"}`},
		{form, "name=Ada&name=s3cret", `{"name":"[redacted: came twice]"}`},
		{form, "email=s3cret&role=s3cret&age=s3cret&disabled=s3cret", `{"email":"[redacted]","role":"[redacted]","age":"[redacted]","disabled":"[redacted]"}`},
		{form, "email=ada@example.org&role=admin&age=36", `{"email":"ada@example.org","role":"admin","age":"36"}`},
		{form, "name=%zz", "[8 bytes of application/x-www-form-urlencoded]"},
		{form, "name=1;password=s3cret", "[22 bytes of application/x-www-form-urlencoded]"},
		{form, "name=%00%E2%80%AE%FF", `{"name":"\\x00\\u202e\\xff"}`},

		{jsonT, ` { "password" : "s3cret", "name" :  "Ada" } `, `{"name":"Ada","password":"[redacted]"}`},
		{"Application/JSON;charset=utf-8", `{}`, `{}`},
		{jsonT, `{"skills":["go","sql",3,{"a":"s3cret"},["s3cret"]]}`, `{"skills":["go","sql","[redacted]","[redacted]","[redacted]"]}`},
		{jsonT, `{"name":{"name":"s3cret"}}`, `{"name":"[redacted]"}`},
		{jsonT, `{"name":123456,"age":36,"disabled":true,"role":null}`, `{"name":"[redacted]","role":null,"age":36,"disabled":true}`},
		{jsonT, `{"age":1e400}`, `{"age":"[redacted]"}`},
		{jsonT, `{"age":12345678901234567890}`, `{"age":"[redacted]"}`},
		{jsonT, `{"name":"Ada","n\u0061me":"s3cret"}`, `{"name":"[redacted: came twice]"}`},
		{jsonT, `{"role":"member","Role":"admin"}`, `{"role":"[redacted: came twice]"}`},
		{jsonT, `{"\u017fkills":"s3cret"}`, `{"skills":"[redacted: spelt otherwise]"}`}, // a long s is an s
		{jsonT, `{"NAME":"s3cret","s3cret":1}`, `{"name":"[redacted: spelt otherwise]","[redacted]":"1 other fields"}`},
		{jsonT, `{"password":true}`, `{"password":"[redacted]"}`},
		{jsonT, `{"role":["admin","s3cret"]}`, `{"role":["admin","[redacted]"]}`},
		{jsonT, `{"password":"s3cret"`, "[20 bytes of application/json]"},
		{jsonT, `{"name":"a"} s3cret`, "[19 bytes of application/json]"},
		{jsonT, `["s3cret"]`, "[10 bytes of application/json]"},
		{jsonT, `"s3cret"`, "[8 bytes of application/json]"},
		{jsonT, `{"name":"a",}`, "[13 bytes of application/json]"},
		{jsonT, strings.Repeat(`{"name":`, 20_000), "[160000 bytes of application/json]"},

		{"multipart/form-data; boundary=s3cret", "--s3cret", "[8 bytes of multipart/form-data]"},
		{"text/plain", "s3cret", "[6 bytes of text/plain]"},
		{"s3cret/s3cret", "s3cret", "[6 bytes of unknown type]"},
		{"application/json; s3cret", `{"name":"a"}`, "[12 bytes of unknown type]"},
		{"", "s3cret", "[6 bytes of no type]"},
	} {
		got := book.RedactBody(c.media, []byte(c.body), false, keep)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %.60q: %s", c.media, c.body, diff)
		}
	}
	if got := book.RedactBody(jsonT, []byte(`{"name":"Ada"}`), true, keep); got != "[more than 14 bytes of application/json]" {
		t.Errorf("truncated: %s", got)
	}
	if got := book.RedactBody(jsonT, []byte(`{"name":"Ada"}`), false, book.Keep{}); got != `{"[redacted]":"1 other fields"}` {
		t.Errorf("the zero Keep keeps %s", got)
	}
}

func TestRedactBodyIsBounded(t *testing.T) {
	t.Parallel()
	var fields []book.Field
	values := map[string]any{}
	for i := range 200 {
		name := fmt.Sprint("field", i)
		fields = append(fields, book.Field{Name: name, Kind: book.Text})
		values[name] = strings.Repeat(`"`, 700)
	}
	list := make([]string, 300)
	for i := range list {
		list[i] = strings.Repeat("é", 20)
	}
	values["field1"] = list
	body, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	got := book.RedactBody(jsonT, body, false, book.Keep{Body: fields})
	var back map[string]any
	if len(got) > 4096 || json.Unmarshal([]byte(got), &back) != nil {
		t.Fatalf("%d bytes, or no JSON: %s", len(got), got)
	}
	if n := len(back["field1"].([]any)); n != 33 || back["[redacted]"] == nil {
		t.Errorf("%d elements, want 32 and an ellipsis; %v", n, back["[redacted]"])
	}
}

func TestEmailKind(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"ada@example.org": true, "a.d+a@x.y.example": true,
		"hunter2": false, "p@ssword": false, "p@ss.": false, "@example.org": false, "a@b@example.org": false,
		"a b@example.org": false, "ada@exämple.org": false, "ada@.org": false, "Ada <ada@example.org>": false,
		strings.Repeat("a", 65) + "@example.org": false, "a@" + strings.Repeat("a", 200) + ".org": false,
	} {
		got := book.RedactBody(form, []byte("email="+url.QueryEscape(in)), false, keep)
		if (got != `{"email":"[redacted]"}`) != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

func TestInert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"plain, Grüße, 日本, 🎉, \ue000", 100, "plain, Grüße, 日本, 🎉, \ue000"},
		{"\x00\x07\t\n\r\x1b[2J\x7f", 100, `\x00\x07\t\n\r\x1b[2J\x7f`},
		{"\u0085\u009b", 100, `\u0085\u009b`},
		{"\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\u00ad\u061c", 200, `\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\u00ad\u061c`},
		{"\U000e0041", 100, `\U000e0041`},
		{"a\xff\xc3", 100, `a\xff\xc3`},
		{"\xed\xa0\x80", 100, `\xed\xa0\x80`}, // a surrogate
		{"�", 100, "�"},                       // the replacement character itself is a character
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"ééé", 5, "é…"},
		{"ééé", 6, "ééé"},
		{"ab\x1bcd", 6, `ab\x1b`[:2] + "…"},
		{"ab\x1b", 6, `ab\x1b`},
		{"abc", 2, "ab"},
		{"é", 1, ""},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"", 5, ""},
	} {
		if got := book.Inert(c.in, c.limit); got != c.want {
			t.Errorf("Inert(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func FuzzInert(f *testing.F) {
	f.Add("a\x1b\u202e\xff", 5)
	f.Add("…………", 4)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := book.Inert(s, limit)
		if len(got) > max(limit, 0) || !utf8.ValidString(got) {
			t.Fatalf("%q: %d bytes of %d", got, len(got), limit)
		}
		if again := book.Inert(got, limit); again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
		for _, r := range got {
			if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x200b && r <= 0x200f) || (r >= 0x2028 && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0xfeff {
				t.Fatalf("%q holds %U", got, r)
			}
		}
	})
}
