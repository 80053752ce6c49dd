package session_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// P8: a stolen database signs nobody in.

// Guard: internal/place/key.go, key.digest; internal/place/stored.go, stored.create and Write,
// which give the store the digest alone.
func TestP08StolenDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	name, value, _ := strings.Cut(b.cookie, "=")
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 60 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	rec, err := w.memory.Load(t.Context(), session.ID(raw[:12]), w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "digest", rec.Digest, store.Digest(sha256.Sum256(raw[12:36])))

	// What is stored, in every spelling, holds nothing of the secret or the signature.
	dump := fmt.Sprintf("%+v %x %s %x %x %s", rec, rec.Digest, rec.Digest, rec.ID, rec.Values, rec.Values)
	for _, part := range [][]byte{raw[12:36], raw[36:], raw[12:20], raw[36:44]} {
		for _, spelling := range []string{string(part), fmt.Sprintf("%x", part), fmt.Sprint(part), base64.RawURLEncoding.EncodeToString(part)} {
			if strings.Contains(dump, strings.Trim(spelling, "[]")) {
				t.Errorf("the record holds a part of the key: %s", spelling)
			}
		}
	}
	// A thief of the record can put together a cookie of all that is in it, but signs it with
	// nothing.
	for what, secret := range map[string][]byte{"digest": rec.Digest[:24], "end of digest": rec.Digest[8:], "zero": make([]byte, 24), "secret itself": raw[12:36]} {
		for _, mac := range [][]byte{make([]byte, 24), rec.Digest[:24], bytes.Repeat([]byte(rec.KeyID), 3)} {
			forged := append(append(bytes.Clone(raw[:12]), secret...), mac...)
			thief := &browser{w: w, header: http.Header{}, cookie: name + "=" + base64.RawURLEncoding.EncodeToString(forged)}
			check(t, "subject by "+what, thief.get("/who").body, "")
		}
	}
}

// Not even who holds the database and the signing keys: the digest is not the secret. Guard:
// internal/place/stored.go, stored.Open, the comparison of digests.
func TestP08SignedButNotTheSecret(t *testing.T) {
	t.Parallel()
	keys := ring(t, "one")
	w := newWorld(t, func(c *session.Config) { c.Keys = keys })
	b := w.signedIn("ada")
	name, value, _ := strings.Cut(b.cookie, "=")
	raw, _ := base64.RawURLEncoding.DecodeString(value)
	digest := sha256.Sum256(raw[12:36])
	forged := append(bytes.Clone(raw[:12]), digest[:24]...)
	w.store.forget()
	mac := keys.Signer("cookie " + name).Sum(forged)
	thief := &browser{w: w, header: http.Header{}, cookie: name + "=" + base64.RawURLEncoding.EncodeToString(append(forged, mac[:24]...))}
	check(t, "subject", thief.get("/who").body, "")
	check(t, "loads", len(w.store.called()), 1) // so the signature was right
}

// Guard: internal/place/key.go, key.renewed, which keeps the id: what lists show survives a renewal
// and opens nothing.
func TestP08IDSurvivesRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	w.on("/id", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		id, _ := s.ID()
		_, _ = fmt.Fprint(rw, id)
	})
	b := w.signedIn("ada")
	before, cookie := b.get("/id").body, b.cookie
	b.get("/renew")
	check(t, "id", b.get("/id").body, before)
	if b.cookie == cookie {
		t.Error("the key was not renewed")
	}
	if id, err := session.ParseID(before); err != nil || id.String() != before {
		t.Errorf("%q is not an id: %v", before, err)
	}
	for _, bad := range []string{"", before[1:], before + "0", strings.ToUpper(before[:23]) + "F", strings.Repeat("g", 24)} {
		if _, err := session.ParseID(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}

// No two keys are alike, no bit of them is fixed, and every byte is as likely as any other, whether
// a key was made for a stranger or for somebody who signed in.
//
// Guard: internal/place/key.go, newKey, and key.renewed.
func TestP08KeysAreRandom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Observe = nil })
	const n = 2000
	seen := make(map[string]bool, 2*n)
	var ones [36 * 8]int
	var values [256]int
	for i := range n {
		b := w.browser()
		if b.get("/set?city=Oslo"); i%2 == 0 {
			b.get(fmt.Sprint("/in?as=user", i))
		}
		raw, err := base64.RawURLEncoding.DecodeString(b.key())
		if err != nil || len(raw) != 60 {
			t.Fatalf("key %d: %d bytes, %v", i, len(raw), err)
		}
		id, secret := string(raw[:12]), string(raw[12:36])
		if seen[id] || seen[secret] {
			t.Fatal("a key came twice")
		}
		seen[id], seen[secret] = true, true
		for i := range ones {
			ones[i] += int(raw[i/8] >> (i % 8) & 1)
		}
		for _, v := range raw { // the signature, too
			values[v]++
		}
	}
	for i, sum := range ones { // 6 standard deviations of a fair coin are 134
		if sum < n/2-134 || sum > n/2+134 {
			t.Errorf("bit %d is set in %d of %d keys", i, sum, n)
		}
	}
	const expected = n * 60 / 256.
	chi := 0.
	for _, count := range values {
		chi += (float64(count) - expected) * (float64(count) - expected) / expected
	}
	// 255 degrees of freedom: a fair source lies outside of this range once in a million times.
	if chi < 155 || chi > 385 {
		t.Errorf("chi-square of the bytes: %v", chi)
	}
}
