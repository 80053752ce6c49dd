package bench_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// floor is the least that a signed session key in a cookie can cost: find the cookie, verify its
// HMAC-SHA256, hash the secret, look the record up under a lock, see that it lives, compare, decode
// one value, mark the answer for caches, pass everything on in the context; and, for a write,
// change one key of the record as it then is, in one step. It keeps no other promise: it saves at
// once instead of with the answer, withholds nothing, knows no renewal, no touch, no key ring.
type floor struct {
	inner, outer [sha256.BlockSize]byte // HMAC's two prepared blocks (RFC 2104)

	mu      sync.RWMutex
	records map[[12]byte]floorRecord
}

type floorRecord struct {
	digest  [32]byte
	expires time.Time
	version int64
	values  map[string][]byte // never changed, only replaced
}

// floorSession goes through the context.
type floorSession struct {
	id             [12]byte
	found          bool
	record         floorRecord
	vary, noStored [1]string
}

type floorKey struct{}

const (
	floorCookie = "__Host-session"
	floorSigned = 12 + 24 // id and secret
	floorRaw    = floorSigned + 24
	floorText   = floorRaw / 3 * 4
)

func newFloor() *floor {
	f := &floor{records: make(map[[12]byte]floorRecord)}
	copy(f.inner[:], "a key of 32 bytes for benchmarks")
	f.outer = f.inner
	for i := range f.inner {
		f.inner[i] ^= 0x36
		f.outer[i] ^= 0x5c
	}
	return f
}

func (f *floor) sum(message []byte) [sha256.Size]byte {
	var in [sha256.BlockSize + floorSigned]byte
	copy(in[:], f.inner[:])
	copy(in[sha256.BlockSize:], message)
	first := sha256.Sum256(in[:])
	var out [sha256.BlockSize + sha256.Size]byte
	copy(out[:], f.outer[:])
	copy(out[sha256.BlockSize:], first[:])
	return sha256.Sum256(out[:])
}

func (f *floor) load(r *http.Request, s *floorSession) {
	value := ""
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if key, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && key == floorCookie {
				value = v
			}
		}
	}
	if len(value) != floorText {
		return
	}
	var text [floorText]byte
	var raw [floorRaw]byte
	copy(text[:], value)
	if _, err := base64.RawURLEncoding.Decode(raw[:], text[:]); err != nil {
		return
	}
	if mac := f.sum(raw[:floorSigned]); subtle.ConstantTimeCompare(mac[:24], raw[floorSigned:]) != 1 {
		return
	}
	digest := sha256.Sum256(raw[12:floorSigned])
	copy(s.id[:], raw[:])
	f.mu.RLock()
	record, ok := f.records[s.id]
	f.mu.RUnlock()
	if ok && record.expires.After(time.Now()) && subtle.ConstantTimeCompare(digest[:], record.digest[:]) == 1 {
		s.found, s.record = true, record
	}
}

// create gives a stranger a record and a cookie.
func (f *floor) create(w http.ResponseWriter, s *floorSession, values map[string][]byte) {
	var raw [floorRaw]byte
	_, _ = rand.Read(raw[:floorSigned]) // never fails: it ends the program instead
	mac := f.sum(raw[:floorSigned])
	copy(raw[floorSigned:], mac[:])
	copy(s.id[:], raw[:])
	s.found = true
	s.record = floorRecord{
		digest: sha256.Sum256(raw[12:floorSigned]), expires: time.Now().Add(2 * time.Hour), version: 1, values: values,
	}
	f.mu.Lock()
	f.records[s.id] = s.record
	f.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: floorCookie, Value: base64.RawURLEncoding.EncodeToString(raw[:]),
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// patch sets one key of a live record, whatever happened to it since it was loaded, and counts its
// version up.
func (f *floor) patch(s *floorSession, key string, value []byte) bool {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	record, ok := f.records[s.id]
	if !ok || !record.expires.After(now) || subtle.ConstantTimeCompare(record.digest[:], s.record.digest[:]) != 1 {
		return false
	}
	next := make(map[string][]byte, len(record.values)+1)
	maps.Copy(next, record.values)
	next[key] = value
	record.values = next
	record.version++
	f.records[s.id], s.record = record, record
	return true
}

// text decodes a string; "" stands for none. A plain one is its own JSON text between quotes.
func (s *floorSession) text(key string) string {
	b := s.record.values[key]
	if len(b) < 2 {
		return ""
	}
	if bytes.IndexByte(b, '\\') >= 0 {
		var text string
		_ = json.Unmarshal(b, &text)
		return text
	}
	return string(b[1 : len(b)-1])
}

// marshal encodes a string. One of plain characters needs only quotes.
func marshal(text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, _ := json.Marshal(text)
			return b
		}
	}
	b := make([]byte, 0, len(text)+2)
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func (f *floor) handler(what work) http.Handler {
	body := []byte("fine")
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, right := r.Context().Value(floorKey{}).(*floorSession), true
		switch what {
		case fill, fillStruct:
			values := map[string][]byte{nameKey: marshal(nameValue), langKey: marshal(langValue), pageKey: marshal(pageValue)}
			if what == fillStruct {
				values[plainKey], _ = json.Marshal(byron())
				values[structKey], _ = json.Marshal(ada())
			}
			f.create(w, s, values)
		case read:
			right = s.text(nameKey) == nameValue
		case readPlain:
			var got person
			right = json.Unmarshal(s.record.values[plainKey], &got) == nil && got == byron()
		case readStruct:
			var got developer
			right = json.Unmarshal(s.record.values[structKey], &got) == nil && got.equal(ada())
		case write:
			right = f.patch(s, pageKey, marshal(newPageValue))
		case readWrite:
			right = s.text(nameKey) == nameValue && f.patch(s, pageKey, marshal(newPageValue))
		case written:
			right = s.text(pageKey) == newPageValue
		case absent:
			right = s.text(nameKey) == ""
		}
		answer(w, right, body)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &floorSession{vary: [1]string{"Cookie"}, noStored: [1]string{"no-store"}}
		if what != nothing {
			f.load(r, s)
			w.Header()["Vary"] = s.vary[:]
			if s.found {
				w.Header()["Cache-Control"] = s.noStored[:]
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), floorKey{}, s)))
	})
}
