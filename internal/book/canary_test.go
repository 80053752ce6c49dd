package book_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/book"
)

// canary is the secret that must not come out. No kind of strict takes it, whatever stands around
// it: its hexadecimal form is longer than an id.
const canary = "Zq7-Kanarienvogel"

// strict lists fields that take only what the program itself made, so that a canary is nowhere
// allowed.
var strict = func() book.Keep {
	fields := []book.Field{
		{Name: "id", Kind: book.ID},
		{Name: "n", Kind: book.Number},
		{Name: "w", Kind: book.Word, Words: []string{"one", "two"}},
		{Name: "p"},
	}
	return book.Keep{Query: fields, Body: fields}
}()

// copies are the forms in which a canary could come out.
func copies() []string {
	var percent, escaped string
	for _, c := range []byte(canary) {
		percent += fmt.Sprintf("%%%02x", c)
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	return []string{
		canary, percent, escaped, hex.EncodeToString([]byte(canary)),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(canary)), "="), base64.RawURLEncoding.EncodeToString([]byte(canary)),
	}
}

func checkClean(t *testing.T, got string, limit int) {
	t.Helper()
	if len(got) > limit || !utf8.ValidString(got) {
		t.Fatalf("%d bytes, valid %v: %q", len(got), utf8.ValidString(got), got)
	}
	for _, c := range copies() {
		if strings.Contains(strings.ToLower(got), strings.ToLower(c)) {
			t.Fatalf("the canary came out as %q: %q", c, got)
		}
	}
	if book.Inert(got, limit) != got {
		t.Fatalf("not inert: %q", got)
	}
}

// planted puts one form of the canary into s at some place.
func planted(s string, at uint16, form uint8) string {
	i := int(at) % (len(s) + 1)
	all := copies()
	return s[:i] + all[int(form)%len(all)] + s[i:]
}

// FuzzRedactBody plants the canary anywhere in any body of any type.
func FuzzRedactBody(f *testing.F) {
	for _, media := range []string{form, jsonT, "multipart/form-data; boundary=x", "text/plain", ""} {
		for _, body := range []string{
			"id=" + anID + "&n=1&w=one&p=x", "id=&id=&%zz", "w=one;p=", "&&==&p",
			`{"id":"","n":1,"w":"one","p":"x"}`, `{"w":["one",{"w":""}],"w":"two"}`, `{"":{"p":[]}}`, `{"W":"","w":"\u0000"}`, `{"n":`, `[{}]`, "--x\r\n",
		} {
			for at := uint16(0); at < uint16(len(body)); at += 3 {
				f.Add(media, body, at, uint8(at), at%4 == 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, media, body string, at uint16, form uint8, truncated bool) {
		got := book.RedactBody(media, []byte(planted(body, at, form)), truncated, strict)
		checkClean(t, got, 4096)
		if strings.HasPrefix(got, "{") && !json.Valid([]byte(got)) {
			t.Fatalf("no JSON: %s", got)
		}
		checkClean(t, book.RedactBody(planted(media, at, form), []byte(body), truncated, strict), 4096)
	})
}

// FuzzRedactURL plants the canary anywhere in the path of a matched route, and in any query.
func FuzzRedactURL(f *testing.F) {
	for at := range uint16(40) {
		f.Add("/logs/"+anID+"/", "id="+anID+"&n=1&w=one&p=x&y", at, uint8(at), uint8(at))
		f.Add("//%2f", "a;b&%zz=&id", at, uint8(at), uint8(at))
	}
	patterns := []string{"GET /logs/{id}", "/logs/{id}/", "PUT /logs/{id}/{$}", "example.org/{a}/{b...}", "/login", "GET /{$}"}
	f.Fuzz(func(t *testing.T, path, query string, at uint16, form, which uint8) {
		pattern := patterns[int(which)%len(patterns)]
		checkClean(t, book.RedactURL(planted(path, at, form), query, pattern, strict), 2048)
		got := book.RedactURL(path, planted(query, at, form), pattern, strict)
		checkClean(t, got, 2048)
		checkClean(t, book.RedactURL(path, query, "", strict), 2048)
		if strings.Contains(got, "\n") {
			t.Fatal("more than one line")
		}
	})
}

// TestCanaryBesideText puts the canary into every place that is not the value of a field of text,
// with such a field beside.
func TestCanaryBesideText(t *testing.T) {
	t.Parallel()
	for i, c := range copies() {
		q := url.QueryEscape(c)
		j, _ := json.Marshal(c)
		js := string(j)
		for _, body := range []string{
			"name=Ada&password=" + q, "name=Ada&" + q + "=1", "name=Ada&" + q, "name=Ada&Name=" + q, "name=Ada&name=" + q, "name=Ada&email=" + q, "name[]=" + q,
			"name.x=" + q, " name=" + q, "name=Ada&role=" + q, "name=Ada&%zz&password=" + q,
		} {
			checkClean(t, book.RedactBody(form, []byte(body), false, keep), 4096)
			checkClean(t, book.RedactURL("/a", body, "/a", keep), 2048)
		}
		for _, body := range []string{
			`{"name":"Ada","password":` + js + `}`, `{"name":"Ada",` + js + `:1}`, `{"name":"Ada","x":{"name":` + js + `}}`, `{"name":{"a":` + js + `}}`,
			`{"name":[[` + js + `]]}`, `{"name":[{"name":` + js + `}]}`, `{"name":"Ada","name":` + js + `}`, `{"NAME":` + js + `}`, `{"name":"Ada"}` + js,
			`{"name":"Ada","password":` + js, `[{"name":` + js + `}]`, js, `{"password":[` + js + `]}`, `{"email":` + js + `,"role":` + js + `,"age":` + js + `}`,
		} {
			checkClean(t, book.RedactBody(jsonT, []byte(body), false, keep), 4096)
		}
		if t.Failed() {
			t.Fatalf("copy %d", i)
		}
	}
	// The check itself sees a canary that does come out.
	if got := book.RedactBody(form, []byte("name="+canary), false, keep); !strings.Contains(got, canary) {
		t.Errorf("a text is not kept: %s", got)
	}
}
