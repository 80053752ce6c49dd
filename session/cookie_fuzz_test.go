package session

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func fuzzSigner(tb testing.TB) *Signer {
	ring, err := NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		tb.Fatal(err)
	}
	return ring.Signer("cookie x")
}

// Whatever is read is exactly what would be written. More seeds lie in testdata.
func FuzzParseKey(f *testing.F) {
	signer := fuzzSigner(f)
	k := sessionKey{id: ID{1, 2, 3}, secret: [secretBytes]byte{4, 5, 6}}
	valid := k.format(signer)
	for _, seed := range []string{valid, valid[:79], valid + "A", valid[:40] + "\n" + valid[41:], strings.ToUpper(valid), "", strings.Repeat("A", 80)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, index, ok := parseKey(value, signer)
		if !ok {
			if value == valid {
				t.Fatal("the valid key is refused")
			}
			return
		}
		if index != 0 || got.format(signer) != value {
			t.Fatalf("%q is read as a key that is written %q", value, got.format(signer))
		}
	})
}

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
		if len(theirs) == 1 && !duplicate && value != theirs[0] && decode64(make([]byte, len(value)/4*3), value) && len(value) == keyText {
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
		{[]string{"n=v ;a=b"}, "v ", false},
		{[]string{" \tn=v"}, "v", false},
		{[]string{"n=v; n=v"}, "", true},
		{[]string{"n=v;n="}, "", true},
		{[]string{"n=v", "n=v"}, "", true},
	}
	for _, test := range tests {
		value, duplicate := findCookie(http.Header{"Cookie": test.lines}, name)
		if value != test.value || duplicate != test.duplicate {
			t.Errorf("%q: got %q %t, want %q %t", test.lines, value, duplicate, test.value, test.duplicate)
		}
	}
}

// The signature of a known key, so that no change of the code ends everybody's session unnoticed.
func TestSessionKeyIsStable(t *testing.T) {
	t.Parallel()
	k := sessionKey{}
	for i := range k.id {
		k.id[i] = byte(i)
	}
	for i := range k.secret {
		k.secret[i] = byte(100 + i)
	}
	const want = "AAECAwQFBgcICQoLZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7qPu-1Nh0skRErbNvpreCYJbbAhIaYRbq"
	signer := fuzzSigner(t)
	if got := k.format(signer); got != want {
		t.Errorf("got %s", got)
	}
	// The same by the library functions, which make it slower.
	derived, err := hkdf.Key(sha256.New, []byte("a key of 32 bytes for benchmarks"), nil, "doorbook/session cookie x", 32)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(want)
	mac := hmac.New(sha256.New, derived)
	mac.Write(raw[:36])
	if !bytes.Equal(mac.Sum(nil)[:24], raw[36:]) {
		t.Error("the signature is not HKDF and HMAC-SHA256")
	}
	for _, n := range []int{0, 1, 127, 128, 129, 1000} {
		message := bytes.Repeat([]byte("m"), n)
		mac.Reset()
		mac.Write(message)
		if sum := signer.Sum(message); !bytes.Equal(mac.Sum(nil), sum[:]) {
			t.Errorf("the sum of %d bytes is not HMAC-SHA256", n)
		}
	}
}

func TestDecode64(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"AAAA": true, "-_09": true, "AAA\n": false, "\nAAA": false, "AAA=": false, "AA+A": false, "AAA": false, "": false} {
		if got := decode64(make([]byte, 3), text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
