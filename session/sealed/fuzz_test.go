package sealed

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

const sealedName = "__Host-session"

func fuzzSealed(tb testing.TB) *codec {
	tb.Helper()
	c, err := New().Keyed(derived, sealedName)
	if err != nil {
		tb.Fatal(err)
	}
	return c.(*codec)
}

// fuzzKey is the secret of the ring, derived is what the ring makes of it.
const fuzzKey = "a key of 32 bytes for benchmarks"

func derived(purpose string) [][]byte {
	key, err := hkdf.Key(sha256.New, []byte(fuzzKey), nil, "doorbook/session "+purpose, 32)
	if err != nil {
		panic(err)
	}
	return [][]byte{key}
}

var fuzzTime = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

func sealedSeeds() []store.Record {
	base := store.Record{ID: store.ID{1, 2, 3}, Created: fuzzTime, LastSeen: fuzzTime}
	ada := base
	ada.Subject, ada.SignedIn, ada.LastSeen, ada.Persist = "ada", fuzzTime.Add(time.Second), fuzzTime.Add(time.Hour), true
	ada.Values = store.Values{"city": []byte(`"Oslo"`), "empty": {}}
	return []store.Record{base, ada}
}

// allocated gives how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever a browser sends as a sealed cookie, the answer is a page, and nobody is signed in but by
// the one cookie that was given out, byte for byte.
func FuzzSealedCookie(f *testing.F) {
	s := fuzzSealed(f)
	ring, _ := session.NewKeyRing([]byte(fuzzKey))
	m, err := session.New(session.Config{Keys: ring, Home: session.Home{Format: New()}, Now: func() time.Time { return fuzzTime.Add(time.Hour) }})
	if err != nil {
		f.Fatal(err)
	}
	// The nonce is random, so the valid cookie is another one in each process. Seeds change it in
	// ways that a fuzzer can carry on with: cut at, with put in.
	valid, err := s.Seal(sealedSeeds()[1])
	if err != nil {
		f.Fatal(err)
	}
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, session.From(r.Context()).Subject())
	}))
	who := func(t *testing.T, value string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{sealedName + "=" + value}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK || len(rec.Header()["Set-Cookie"]) > 0 {
			t.Fatalf("%q is answered by %d with %v", value, rec.Code, rec.Header())
		}
		return rec.Body.String()
	}
	f.Add(uint16(0), uint16(0), "")
	f.Add(uint16(0), uint16(0), `"`)
	f.Add(uint16(40), uint16(0), "\n")
	f.Add(uint16(40), uint16(1), "\r\n")
	f.Add(uint16(1000), uint16(0), "=")
	f.Add(uint16(1000), uint16(0), "A")
	f.Add(uint16(33), uint16(900), "")
	f.Add(uint16(0), uint16(900), strings.Repeat("A", 5000))
	f.Add(uint16(0), uint16(900), strings.Repeat("\n", 4000)+"AAAA")
	f.Add(uint16(10), uint16(4), "____")
	f.Add(uint16(10), uint16(0), ";")
	f.Fuzz(func(t *testing.T, at, cut uint16, with string) {
		from := min(int(at), len(valid))
		value := valid[:from] + with + valid[min(from+int(cut), len(valid)):]
		if value == valid {
			if got := who(t, value); got != "ada" {
				t.Fatalf("the valid cookie opens the session of %q", got)
			}
			return
		}
		if _, err := s.Open(value); !errors.Is(err, store.ErrUnreadable) {
			t.Fatalf("Open(%q): %v, want ErrUnreadable", value, err)
		}
		// What follows a semicolon is another cookie, and spaces before one are not part of it, nor those
		// before the semicolon.
		sent, _, _ := strings.Cut(value, ";")
		if got := who(t, value); got != "" && strings.TrimRight(sent, " \t") != valid {
			t.Fatalf("%q opens the session of %q", value, got)
		}
	})
}

// sealRaw seals any plaintext under the right key.
func sealRaw(t testing.TB, s *codec, id store.ID, seen uint64, plain []byte) string {
	t.Helper()
	raw := make([]byte, headBytes)
	raw[0] = s.keys[0].id
	copy(raw[1:], id[:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], seen)
	copy(raw[1+len(id):], ms[2:])
	gcm, err := s.keys[0].derive(raw[1:])
	if err != nil {
		t.Fatal(err)
	}
	raw = gcm.Seal(raw, raw[1+len(id):headBytes], plain, s.aad)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// unsealRaw gives the plaintext of a cookie.
func unsealRaw(t testing.TB, s *codec, value string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := s.keys[0].derive(raw[1:])
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, raw[1+len(store.ID{}):headBytes], raw[headBytes:], s.aad)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// Whatever is sealed under our key, by another version of this program perhaps, is read as one
// record or refused: reading and sealing again gives the same bytes.
func FuzzSealedForm(f *testing.F) {
	s := fuzzSealed(f)
	for _, r := range sealedSeeds() {
		value, err := s.Seal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint64(r.LastSeen.UnixMilli()), unsealRaw(f, s, value))
	}
	f.Add(uint64(0), []byte{})
	f.Add(uint64(1), []byte{0x04, 0})                                      // a flag that is none
	f.Add(uint64(1), []byte{0, 0, 1, 'b', 0, 1, 'a', 0})                   // out of order
	f.Add(uint64(1), []byte{0, 0, 1, 'a', 0, 1, 'a', 0})                   // twice
	f.Add(uint64(1), []byte{0, 0x80, 0})                                   // a number in a longer form
	f.Add(uint64(1), []byte{2, 0, 0, 0})                                   // an empty subject
	f.Add(uint64(1), []byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'})      // a length beyond the end
	f.Add(uint64(1)<<47, []byte{0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 8}) // a long time ago
	f.Fuzz(func(t *testing.T, seen uint64, plain []byte) {
		seen &= 1<<48 - 1
		value := sealRaw(t, s, store.ID{7}, seen, plain)
		if len(value) > maxCookie {
			return
		}
		o, err := s.Open(value)
		r, old := o.Record, o.Old
		if err != nil {
			if !errors.Is(err, store.ErrUnreadable) || old || r.Values != nil || r.Subject != "" {
				t.Fatalf("%x: %+v, %t, %v", plain, r, old, err)
			}
			return
		}
		again, err := s.Seal(r)
		if err != nil {
			t.Fatalf("%x is read and cannot be sealed: %v", plain, err)
		}
		if got := unsealRaw(t, s, again); !bytes.Equal(got, plain) {
			t.Fatalf("%x is read as what is written %x", plain, got)
		}
	})
}

// Guard: sealed.go, codec.Open, the length before anything else.
func TestSealedRubbishIsCheap(t *testing.T) {
	s := fuzzSealed(t)
	valid, _ := s.Seal(sealedSeeds()[1])
	id := valid[:2] // of the key, so that the rest of the work is due
	for name, value := range map[string]string{
		"rubbish":             strings.Repeat("A", 1<<20),
		"of our key":          id + strings.Repeat("A", 1<<20),
		"line breaks":         id + strings.Repeat("\n", 1<<20),
		"not base64":          strings.Repeat("%", 1<<20),
		"of a cookie's size":  id + strings.Repeat("A", 4000),
		"of an unknown key":   "__" + strings.Repeat("A", 4000),
		"a valid one, longer": valid + strings.Repeat("A", 1<<20),
	} {
		n := allocated(func() {
			if _, err := s.Open(value); !errors.Is(err, store.ErrUnreadable) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if most := uint64(16 << 10); n > most {
			t.Errorf("%s: takes %d bytes, want at most %d", name, n, most)
		}
	}
}
