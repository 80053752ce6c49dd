package flask_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
)

// texts are the sessions of all golden cookies that have a right signature.
func texts(t testing.TB) (all [][]byte) {
	t.Helper()
	for _, c := range readGolden[goldenCookie](t, "cookies_dev.json") {
		all = append(all, []byte(c.JSON))
	}
	for _, c := range readGolden[goldenBad](t, "bad_cookies_dev.json") {
		signer, err := c.signer(t)
		if err != nil || c.Cookie == nil {
			continue
		}
		text, _, _, err := signer.Verify(*c.Cookie, time.Unix(c.Now, 0), flask.DefaultMaxAge)
		if err == nil && len(text) < 8192 {
			all = append(all, text)
		}
	}
	return all
}

// FuzzSplit takes mutated sessions apart. Whatever is read: its entries make a session again, which
// is the same one, in one spelling; and so does each value by way of Go.
func FuzzSplit(f *testing.F) {
	for _, text := range texts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := flask.Split(text)
		if err != nil {
			if values != nil || !errors.Is(err, flask.ErrMalformed) {
				t.Fatalf("%v, %v", values, err)
			}
			return
		}
		canonical, err := flask.Join(values)
		must(t, err)
		again, err := flask.Split(canonical)
		must(t, err)
		if diff := same(values, again); diff != "" {
			t.Fatal("the canonical text has other entries:", diff)
		}
		if twice, err := flask.Join(again); err != nil || !bytes.Equal(twice, canonical) {
			t.Fatalf("joined %q, then %q, %v", canonical, twice, err)
		}
		if one, err := flask.Canonical(text); err != nil || !bytes.Equal(one, canonical) {
			t.Fatalf("Canonical gives %q, %v, Join %q", one, err, canonical)
		}
		for _, value := range values {
			throughGo(t, value)
		}
	})
}

// throughGo reads a value and writes it: the same text, but for dates that lie in another century
// in Python.
func throughGo(t *testing.T, text []byte) {
	t.Helper()
	var v, back any
	must(t, flask.Codec{}.Unmarshal(text, &v))
	written, err := flask.Codec{}.Marshal(v)
	must(t, err)
	must(t, flask.Codec{}.Unmarshal(written, &back))
	if diff := same(v, back); diff != "" {
		t.Fatalf("%q, written %q: %s", text, written, diff)
	}
	if !bytes.Equal(text, written) && !bytes.Contains(text, []byte(` 00`)) {
		t.Fatalf("%q, written %q", text, written)
	}
	var into struct {
		A  int
		B  []string
		ID flask.UUID
		T  *time.Time
		M  map[string]float64
		X  any
	}
	_ = flask.Codec{}.Unmarshal(text, &into) // must not panic
}

// FuzzVerify reads mutated cookies, signed rightly and not.
func FuzzVerify(f *testing.F) {
	for _, c := range readGolden[goldenBad](f, "bad_cookies_dev.json") {
		if c.Cookie != nil && len(*c.Cookie) < 2000 {
			f.Add(*c.Cookie, false)
			f.Add(*c.Cookie, true)
		}
	}
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("dev-secret-key")})
	must(f, err)
	now := time.Unix(1763800000, 0)
	f.Fuzz(func(t *testing.T, cookie string, sign bool) {
		if sign {
			cookie = signed(cookie)
		}
		text, at, _, err := signer.Verify(cookie, now, flask.DefaultMaxAge)
		if err != nil {
			if text != nil {
				t.Fatalf("%v, and %q", err, text)
			}
			return
		}
		if again, _, _, err := signer.Verify(signer.Sign(text, at), now, flask.DefaultMaxAge); err != nil || !bytes.Equal(text, again) {
			t.Fatalf("signed again: %v, %q, was %q", err, again, text)
		}
	})
}
