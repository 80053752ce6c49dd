package session

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/internal/place"
)

// A value that is found is in the header once, after the name and an equals sign, and without it
// nothing is found. Where net/http finds exactly one cookie of the name, with a plain value, so do
// we.
func FuzzCookieHeader(f *testing.F) {
	const name = "__Host-session"
	for _, seed := range []string{
		name + "=x", "a=b; " + name + "=x; c=d", name + "=x; " + name + "=y", ";;" + name + "=x;", name, name + "=", "=" + name,
		name + "=\"x\"", name + " =x", " " + name + "=x ", name + "=x=y", name + "s=x", "\t" + name + "=x\t;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		value, duplicate := findCookie(h, name)
		if value != "" && (duplicate || strings.Count(line, name+"="+value) == 0) {
			t.Fatalf("found %q (duplicate %t) in %q", value, duplicate, line)
		}
		if duplicate && strings.Count(line, name+"=") < 2 {
			t.Fatalf("a duplicate in %q", line)
		}
		var theirs []string
		for _, c := range (&http.Request{Header: h}).CookiesNamed(name) {
			theirs = append(theirs, c.Value)
		}
		if len(theirs) == 1 && !duplicate && value != theirs[0] && len(value) == place.KeyText && plainBase64(value) {
			t.Fatalf("found %q, net/http %q", value, theirs[0])
		}
	})
}

func TestFindCookie(t *testing.T) {
	t.Parallel()
	const name = "n"
	tests := []struct {
		lines     []string
		value     string
		duplicate bool
	}{
		{nil, "", false},
		{[]string{"n=v"}, "v", false},
		{[]string{"a=b; n=v; c=d"}, "v", false},
		{[]string{"a=b", "n=v", "c=d"}, "v", false},
		{[]string{"n=v=w"}, "v=w", false},
		{[]string{"n=\"v\""}, "\"v\"", false},
		{[]string{"n="}, "", false},
		{[]string{"N=v; nn=v; n; =n; n =v"}, "", false},
		{[]string{"n=v ;a=b"}, "v", false},
		{[]string{"n= v"}, " v", false},
		{[]string{" \tn=v"}, "v", false},
		{[]string{"n=v; n=v"}, "v", false},
		{[]string{"n=v; n=w"}, "", true},
		{[]string{"n=v", "n=w"}, "", true},
		{[]string{"n=; n=v; n="}, "v", false},
		{[]string{"n=v;n="}, "v", false},
		{[]string{"n=v", "n=v"}, "v", false},
	}
	for _, test := range tests {
		value, duplicate := findCookie(http.Header{"Cookie": test.lines}, name)
		if value != test.value || duplicate != test.duplicate {
			t.Errorf("%q: got %q %t, want %q %t", test.lines, value, duplicate, test.value, test.duplicate)
		}
	}
}

// plainBase64 reports whether net/http would leave a value as it is.
func plainBase64(value string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(value)
	return err == nil && !strings.ContainsAny(value, "\r\n")
}
