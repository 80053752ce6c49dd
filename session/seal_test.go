package session_test

import (
	"bytes"
	"testing"
)

// What is sealed opens under every ring that has the key, and whole or not at all. Guard: seal.go,
// KeyRing.Sealer, Sealer.Open.
func TestSealer(t *testing.T) {
	t.Parallel()
	text := []byte("a key, a host, a moment")
	sealed := ring(t, "one").Sealer("x").Seal(text)
	check(t, "length", len(sealed), len(text)+28)
	for name, test := range map[string]struct {
		keys    []string
		purpose string
		sealed  []byte
		ok      bool
	}{
		"the same key":     {[]string{"one"}, "x", sealed, true},
		"an older key":     {[]string{"two", "one"}, "x", sealed, true},
		"another key":      {[]string{"two"}, "x", sealed, false},
		"another purpose":  {[]string{"one"}, "y", sealed, false},
		"cut":              {[]string{"one"}, "x", sealed[:len(sealed)-1], false},
		"longer":           {[]string{"one"}, "x", append(bytes.Clone(sealed), 0), false},
		"nothing":          {[]string{"one"}, "x", nil, false},
		"its nonce alone":  {[]string{"one"}, "x", sealed[:12], false},
		"not even a nonce": {[]string{"one"}, "x", sealed[:5], false},
	} {
		got, ok := ring(t, test.keys...).Sealer(test.purpose).Open(test.sealed)
		if ok != test.ok || ok != bytes.Equal(got, text) || !ok && got != nil {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, ok := ring(t, "one").Sealer("x").Open(changed); ok {
			t.Errorf("byte %d changed: it opens", i)
		}
	}
	if bytes.Contains(sealed, text[:5]) || bytes.Equal(sealed, ring(t, "one").Sealer("x").Seal(text)) {
		t.Error("it can be read, or is the same twice")
	}
}
