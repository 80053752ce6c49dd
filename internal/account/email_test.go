package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
)

// field gives the text of the only broken field, or fails.
func field(t *testing.T, err error, name string) string {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != name {
		t.Fatalf("error %#v, want one invalid field %q", err, name)
	}
	return e.Fields[0].Text
}

func TestCanonicalEmail(t *testing.T) {
	t.Parallel()
	label63, local64 := strings.Repeat("a", 63), strings.Repeat("l", 64)
	domain189 := strings.Join([]string{label63, label63, strings.Repeat("b", 61)}, ".")
	for _, tt := range []struct{ in, want string }{
		{"ada@example.com", "ada@example.com"},
		{"Ada.Lovelace@Example.COM", "ada.lovelace@example.com"},
		{"ADMIN@X.ORG", "admin@x.org"},
		{" \t\r\nada@example.com\v\f\r\n ", "ada@example.com"},
		{"ada@localhost", "ada@localhost"},
		{"ada+tag@example.com", "ada+tag@example.com"},
		{"a@b", "a@b"},
		{"!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
		{"1@2.example", "1@2.example"},
		{"a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		{"a@" + label63 + ".example", "a@" + label63 + ".example"},
		{local64 + "@" + domain189, local64 + "@" + domain189}, // 254 bytes
	} {
		got, err := account.CanonicalEmail(tt.in)
		if got != tt.want || err != nil {
			t.Errorf("CanonicalEmail(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
		if again, err := account.CanonicalEmail(got); again != got || err != nil {
			t.Errorf("the canonical form %q becomes %q, %v", got, again, err)
		}
	}
}

func TestCanonicalEmailRefuses(t *testing.T) {
	t.Parallel()
	const ascii = "plain ASCII"
	for _, tt := range []struct{ in, want string }{
		{"", "Enter an e-mail"},
		{"  \r\n", "Enter an e-mail"},
		// What is folded into ASCII somewhere else would be somebody else's address there.
		{"ADM\u0130N@example.com", ascii},  // dotted I, lower-cased to i by some
		{"adm\u0131n@example.com", ascii},  // dotless i, upper-cased to I
		{"\u212aate@example.com", ascii},   // Kelvin sign, lower-cased to k
		{"\u017ftefan@example.com", ascii}, // long s, upper-cased to S
		{"ada\uff20example.com", ascii},    // fullwidth @
		{"ada@example\uff0ecom", ascii},    // fullwidth dot
		{"ada@example\u3002com", ascii},    // ideographic full stop
		{"o\ufb00ice@example.com", ascii},  // ligature ff
		{"a\u200bda@example.com", ascii},   // zero-width space
		{"ada@example.com\u200b", ascii},   // and at the end
		{"\ufeffada@example.com", ascii},   // byte order mark
		{"\u00a0ada@example.com", ascii},   // a space that is not trimmed
		{"\u0430da@example.com", ascii},    // Cyrillic a
		{"ada@b\u00fccher.example", ascii}, // an IDN must come as xn--
		{"ada@example.com\u202e", ascii},   // right-to-left override
		{"a\xffda@example.com", ascii},     // invalid UTF-8
		{"ada@example.com\r\nBcc: eve@example.com", "line break"},
		{"ada@example.com\r\nX", "line break"},
		{"ada\x00@example.com", "control character"},
		{"ada@example.com\x7f", "control character"},
		{"ada lovelace@example.com", "no spaces"},
		{"ada@exam ple.com", "no spaces"},
		{"ada\t@example.com", "control character"},
		{"ada", "exactly one @"},
		{"a@b@c", "exactly one @"},
		{"ada@@example.com", "exactly one @"},
		{"@", "before the @ is missing"},
		{"@example.com", "before the @ is missing"},
		{"ada@", "after the @ is missing"},
		{".ada@example.com", "dot"},
		{"ada.@example.com", "dot"},
		{"a..da@example.com", "dot"},
		{".@example.com", "dot"},
		{"\"ada\"@example.com", `character "`},
		{"\"a@b\"@example.com", "exactly one @"},
		{"ada(comment)@example.com", "character ("},
		{"Ada<ada@example.com>", "character <"},
		{"a,b@example.com", "character ,"},
		{"a;b@example.com", "character ;"},
		{"a\\b@example.com", `character \`},
		{"ada@x.", "dot"},
		{"ada@.x", "dot"},
		{"ada@x..y", "dot"},
		{"ada@-x.com", "hyphen"},
		{"ada@x-.com", "hyphen"},
		{"ada@x_y.com", "letters, digits"},
		{"ada@example.com:25", "letters, digits"},
		{"ada@example.com/", "letters, digits"},
		{"ada@(x)example.com", "letters, digits"},
		{"ada@[127.0.0.1]", "not an IP"},
		{"ada@[IPv6:::1]", "not an IP"},
		{"ada@127.0.0.1", "not an IP"},
		{"ada@::1", "letters, digits"},
		{strings.Repeat("l", 65) + "@example.com", "at most 64"},
		{"a@" + strings.Repeat("d", 64) + ".com", "more than 63"},
		{"a@" + strings.Repeat("abcdefg.", 32) + "com", "at most 254"},
		{strings.Repeat("a", 1<<20), "at most 254"},
	} {
		key, err := account.CanonicalEmail(tt.in)
		if key != "" || err == nil {
			t.Errorf("CanonicalEmail(%.60q) = %q, %v; want an error about %q", tt.in, key, err, tt.want)
			continue
		}
		if text := field(t, err, "email"); !strings.Contains(text, tt.want) {
			t.Errorf("CanonicalEmail(%.60q): %q, want something about %q", tt.in, text, tt.want)
		}
	}
}

// FuzzCanonicalEmail: whatever is taken is printable ASCII in its final form, and differs from what
// was typed in nothing but case and the white space around it.
func FuzzCanonicalEmail(f *testing.F) {
	for _, s := range []string{"Ada@Example.com", " a@b ", "a@b@c", "ADM\u0130N@x", "a@[::1]", "\"a\"@b", "a@x.", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := account.CanonicalEmail(s)
		if err != nil {
			field(t, err, "email")
			return
		}
		if len(key) > account.MaxEmail || strings.Count(key, "@") != 1 || strings.Trim(key, "!#$%&'*+-/=?^_`{|}~.@abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			t.Fatalf("CanonicalEmail(%q) = %q", s, key)
		}
		if !strings.EqualFold(strings.Trim(s, " \t\r\n\v\f"), key) {
			t.Fatalf("CanonicalEmail(%q) = %q: another address", s, key)
		}
		if again, err := account.CanonicalEmail(key); again != key || err != nil {
			t.Fatalf("CanonicalEmail(%q) = %q, which becomes %q, %v", s, key, again, err)
		}
	})
}
