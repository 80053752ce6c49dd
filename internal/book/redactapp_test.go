package book_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/book"
)

// TestRedactApplicationURL: the path, the names, and the values of those names that a rule lists.
func TestRedactApplicationURL(t *testing.T) {
	t.Parallel()
	keep := []string{"page", "q"}
	token := strings.Repeat("a1", 13)
	for _, c := range []struct{ path, query, want string }{
		{"/", "", "/"},
		{"/wiki/Main", "x=1&page=2&empty=", "/wiki/Main?x=[redacted]&page=2&empty=[redacted]"},
		{"/a", "page=1&page=2", "/a?page=1&page=2"},
		{"/a", "Page=1&%70age=3", "/a?Page=[redacted]&page=3"},
		{"/a", "q=two+words%26more", "/a?q=two+words%26more"},
		{"/a", "q=1;pw=s3cret", "/a?q=[redacted]"},
		{"/a", "pw=s3cret;q=1", "/a?pw=[redacted]"},
		{"/a", "q=%zz&%zz=1", "/a?q=[redacted]&[redacted]"},
		{"/a", "s3cret", "/a?[redacted]"}, // the name may be the secret
		{"/a", token + "=1", "/a?[redacted]"},
		{"/a", "a%20b=1&%3Cb%3E=1&" + strings.Repeat("a.", 40) + "=1", "/a?[redacted]&[redacted]&[redacted]"},
		{"/a", "filter[name]=x&&=1", "/a?filter[name]=[redacted]&[redacted]"},
		{"/a", "q=" + url.QueryEscape("\x1b[2J\n"), "/a?q=" + url.QueryEscape(`\x1b[2J\n`)},
		{"/caf%C3%A9/a%2Fb%5c%25%3F%3bc%00%20d", "", "/café/a%2Fb%5c%25%3F%3bc%00%20d"},
		{"/%zz/%e", "", "/%zz/%e"},
		{"/%ff%E2%80%AE", "", `/\xff\u202e`},
		{"/reset/" + token, "", "/reset/[redacted]"},
		{"/reset/" + strings.Repeat("%61", 26), "", "/reset/[redacted]"},
		{"/commit/6b03ac81a000ca2eb1aaaaaa", "", "/commit/6b03ac81a000ca2eb1aaaaaa"},
		{"/" + strings.Repeat("ä/", 600), "", "/" + strings.Repeat("ä/", 169) + "…"},
		{"/a", strings.Repeat("x=1&", 40), "/a?" + strings.Repeat("x=[redacted]&", 32) + "…"},
	} {
		if got := book.RedactApplicationURL(c.path, c.query, keep); got != c.want {
			t.Errorf("%q ? %q\ngave %q\nwant %q", c.path, c.query, got, c.want)
		}
	}
	for n, want := range map[int64]string{0: "", -1: "[of unknown length]", 12: "[12 bytes]"} {
		if got := book.ApplicationBody(n); got != want {
			t.Errorf("a body of %d is %q", n, got)
		}
	}
}

// FuzzRedactApplicationURL: whatever comes is printable and bounded, and no value of a name that no
// rule lists is in it.
func FuzzRedactApplicationURL(f *testing.F) {
	f.Add("/a%2Fb", "x=1&q=2", "s3cret-value")
	f.Add("/%ff", "q=%zz;&==&[]", "%26q=")
	f.Add("/", "&;&=", "a;q")
	f.Fuzz(func(t *testing.T, path, query, secret string) {
		path = (&url.URL{Path: path}).EscapedPath()
		sent := "pw=" + url.QueryEscape("canary."+secret) + "&" + query
		got := book.RedactApplicationURL(path, sent, []string{"q"})
		if !utf8.ValidString(got) || len(got) > 2048 {
			t.Fatalf("%d bytes, valid: %v", len(got), utf8.ValidString(got))
		}
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if _, shown, _ := strings.Cut(got, "?"); strings.Contains(shown, "canary.") && !strings.Contains(query, "canary.") {
			t.Fatalf("%q shows the value", got)
		}
		_, bare, _ := strings.Cut(book.RedactApplicationURL(path, sent, nil), "?")
		for pair := range strings.SplitSeq(bare, "&") {
			_, value, valued := strings.Cut(pair, "=")
			if valued && value != book.Redacted && !strings.HasSuffix(pair, "…") {
				t.Fatalf("%q shows a value that nobody asked for", bare)
			}
		}
	})
}
