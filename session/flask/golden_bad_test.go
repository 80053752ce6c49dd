package flask_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
)

// accepted are the cases that Flask reads, a stricter reader need not, and this one does. All
// others that the golden files leave open are refused:
//
//   - other spellings of a signature, a timestamp or a payload (padding, spare bits, characters
//     passed over): nobody but a forger of copies writes them;
//   - tags with what Flask does not write into them (dates of other forms, UUIDs with signs, markup
//     that is no text);
//   - a root that is no dict, which Flask makes one of or takes for empty;
//   - anything behind a compressed text, and texts over the limits.
var accepted = map[string]string{
	"json/num-overflow":             "a float too great is infinite, in Python and here",
	"json/raw-del":                  "servers with ensure_ascii off write it",
	"json/dup-keys-admin":           "the last of equal keys counts, in Python and here: there is no second reading",
	"zlib/compressed-though-longer": "another deflate may judge otherwise",
	"tag/date-year-0099":            "Flask writes it, and reads it as 1999",
}

func TestGoldenBadCookies(t *testing.T) {
	t.Parallel()
	open := maps.Clone(accepted)
	for _, c := range readGolden[goldenBad](t, "bad_cookies_dev.json") {
		t.Run(c.ID, func(t *testing.T) {
			cookie, ok := c.value(t)
			if !ok {
				if c.Expect == "accept" {
					t.Fatal("there is a cookie")
				}
				return
			}
			text, err := c.read(t, cookie)
			switch {
			case c.Expect == "reject" && err == nil:
				t.Fatalf("read: %.80q", text)
			case c.Expect == "accept" && err != nil:
				t.Fatal("refused:", err)
			case c.Expect == "either":
				if _, chosen := open[c.ID]; chosen != (err == nil) {
					t.Fatalf("read: %v, documented: %v (%v)", err == nil, chosen, err)
				}
				delete(open, c.ID)
			}
			if err != nil {
				harmless(t, err, cookie)
				return
			}
			if c.Flask.Session == nil {
				t.Fatal("Flask has no session to compare with")
			}
			if diff := same(c.Flask.Session.value(t), decoded(t, text)); diff != "" {
				t.Error("values differ:", diff)
			}
			rejoined(t, text, false)
		})
	}
	if len(open) > 0 {
		t.Error("no case for", slices.Collect(maps.Keys(open)))
	}
}

// read is what a reader of sessions does.
func (c *goldenBad) read(t *testing.T, cookie string) ([]byte, error) {
	t.Helper()
	signer, err := c.signer(t)
	if err != nil {
		return nil, err
	}
	text, _, _, err := signer.Verify(cookie, time.Unix(c.Now, 0), time.Duration(c.MaxAge)*time.Second)
	if err != nil {
		return nil, err
	}
	_, err = flask.Split(text)
	return text, err
}

// value returns the cookie of a case. Where the case is about the whole Cookie header, this is the
// session library's rule in short: the raw value of the one pair of that name; two of them are
// none; quotes are part of a value, so a quoted cookie (header/quoted-octal, which Flask would take
// out of its quotes) is refused; bytes outside ASCII and control characters reach the reader as
// they are. That rule is tested there, on the same kinds of header.
func (c *goldenBad) value(t *testing.T) (string, bool) {
	t.Helper()
	if c.Layer == "value" {
		return *c.Cookie, true
	}
	var header string
	if c.CookieHeader != nil {
		header = *c.CookieHeader
	} else {
		header = "session=" + *c.Cookie
	}
	value, found := "", 0
	for pair := range strings.SplitSeq(header, ";") {
		if v, ok := strings.CutPrefix(strings.TrimLeft(pair, " \t"), "session="); ok {
			value = v
			found++
		}
	}
	return value, found == 1
}

// harmless checks that an error tells nothing of the cookie.
func harmless(t *testing.T, err error, cookie string) {
	t.Helper()
	said := err.Error()
	for part := range strings.SplitSeq(cookie, ".") {
		if len(part) >= 8 && strings.Contains(said, part) {
			t.Errorf("the error holds a part of the cookie: %s", said)
		}
	}
	if len(said) > 120 {
		t.Errorf("an error of %d bytes", len(said))
	}
}
