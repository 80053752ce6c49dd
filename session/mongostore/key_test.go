package mongostore

import (
	"strings"
	"testing"
)

func TestFieldName(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"cart": "cart", "loggedin_user": "loggedin_user", "_flash.0a": "_flash%2E0a", "": "%", "%": "%25", "%2E": "%252E",
		"a.b": "a%2Eb", ".": "%2E", "$set": "%24set", "a$": "a%24", "$": "%24", "0": "0", "_id": "_id", "__proto__": "__proto__",
		"\x00": "%00", "a\x00b": "a%00b", "\xff\xfe": "%FF%FE", "é": "%C3%A9", " ada ": "%20ada%20", "~!": "~!", "\x7f": "%7F",
	} {
		got := fieldName(key)
		if got != want {
			t.Errorf("fieldName(%q) = %q, want %q", key, got, want)
		}
		if back, ok := fieldKey(got); back != key || !ok {
			t.Errorf("fieldKey(%q) = %q, %v; want %q", got, back, ok, key)
		}
	}
	for _, name := range []string{"", "%2", "%%", "%2e", "%2G", "%41", "a%", "a.b", "$a", "é", " ", "a\x00", "%0"} {
		if key, ok := fieldKey(name); ok {
			t.Errorf("fieldKey(%q) = %q, want none", name, key)
		}
	}
}

// FuzzFieldName: names go both ways, and none means anything to MongoDB.
func FuzzFieldName(f *testing.F) {
	for _, key := range []string{"", "cart", "a.b", "$set", "\x00", "%", "é\xff"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := fieldName(s)
		if key, ok := fieldKey(name); key != s || !ok || name == "" || strings.ContainsAny(name, ".$\x00 ") {
			t.Errorf("%q became %q, and that %q (%v)", s, name, key, ok)
		}
		if key, ok := fieldKey(s); ok && fieldName(key) != s {
			t.Errorf("the name %q gave the key %q, whose name is %q", s, key, fieldName(key))
		}
	})
}
