package session_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// P6: strangers cost nothing.

// useAll does everything that stores nothing.
func useAll(s *session.Session) {
	s.Subject()
	s.ID()
	s.SignedInSince()
	city.Get(s)
	s.Has("city")
	city.Delete(s)
	city.Pop(s)
	s.Flashes()
	s.Clear()
	s.Renew()
	s.SignOut()
	city.Set(s, "changed one's mind")
	city.Delete(s)
}

// Guard: lifecycle.go, Session.load, viaNothing; Session.todo, sets.
func TestP06StrangersCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { useAll(s) })
	a := w.browser().get("/")
	check(t, "status", a.status, http.StatusOK)
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "store calls", len(w.store.called()), 0)
	check(t, "events", len(w.events), 0)
}

// forged makes everything out of a valid cookie that is not the valid cookie, byte by byte.
func forged(name, valid string) map[string]string {
	pair := func(v string) string { return name + "=" + v }
	raw, _ := base64.RawURLEncoding.DecodeString(valid)
	list := map[string]string{
		"quoted":                pair(`"` + valid + `"`),
		"quoted name":           `"` + name + `"=` + valid,
		"padded":                pair(valid + "="),
		"cut":                   pair(valid[:len(valid)-1]),
		"cut to the record":     pair(valid[:16]),
		"cut by a group":        pair(valid[:len(valid)-4]),
		"longer":                pair(valid + "A"),
		"longer by a group":     pair(valid + "AAAA"),
		"twice":                 pair(valid + valid),
		"space before":          pair(" " + valid),
		"tab inside":            pair(valid[:40] + "\t" + valid[40:]),
		"line break inside":     pair(valid[:40] + "\n" + valid[40:]),
		"line break at the end": pair(valid[:len(valid)-1] + "\n"),
		"NUL inside":            pair(valid[:40] + "\x00" + valid[40:]),
		"percent":               pair("%" + fmt.Sprintf("%02X", valid[0]) + valid[1:]),
		"standard base64":       pair(base64.StdEncoding.EncodeToString(raw)) + "x",
		"hexadecimal":           pair(fmt.Sprintf("%x", raw)),
		"other case":            pair(strings.ToUpper(valid)),
		"not UTF-8":             pair(valid[:79] + "\xff"),
		"path":                  pair("../" + valid),
		"nothing":               pair(""),
		"no value":              name,
		"huge":                  pair(strings.Repeat("A", 900_000)),
		"invented":              pair(strings.Repeat("A", 80)),
		"other name's case":     strings.ToLower(name) + "=" + valid,
		"space in the name":     name + " =" + valid,
		"prefix of the name":    name[:len(name)-1] + "=" + valid,
		"name goes on":          name + "s=" + valid,
		"many others":           strings.Repeat("a=b; ", 4000) + pair("x"),
	}
	for i := range raw {
		mutated := append([]byte(nil), raw...)
		mutated[i] ^= 1 << (i % 8)
		list[fmt.Sprint("bit in byte ", i)] = pair(base64.RawURLEncoding.EncodeToString(mutated))
	}
	for i := range valid {
		other := byte('A')
		if valid[i] == 'A' {
			other = 'B'
		}
		list[fmt.Sprint("character ", i)] = pair(valid[:i] + string(other) + valid[i+1:])
	}
	return list
}

// Guard: cookie.go, parseKey (length, signature), decode64 (no line breaks), findCookie
// (duplicates, quotes, spaces); keyring.go, Signer.Verify.
func TestP06ForgedCookiesCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	name, valid, _ := strings.Cut(b.cookie, "=")
	check(t, "the valid cookie opens", b.get("/who").body, "ada")
	other := newWorld(t, func(c *session.Config) { c.Keys = ring(t, "another ring") }).signedIn("ada")
	sibling := newWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-another-session" }).signedIn("ada")
	list := forged(name, valid)
	list["another ring's"] = other.cookie
	list["another cookie's"] = name + "=" + sibling.cookie[strings.Index(sibling.cookie, "=")+1:]
	for what, line := range list {
		t.Run(what, func(t *testing.T) {
			w.store.forget()
			f := &browser{w: w, header: http.Header{}, cookie: line}
			a := f.get("/who")
			check(t, "status", a.status, http.StatusOK)
			check(t, "subject", a.body, "")
			check(t, "cookies", len(a.header["Set-Cookie"]), 0)
			check(t, "store calls", len(w.store.called()), 0)
		})
	}
	t.Run("other carriers", func(t *testing.T) {
		w.store.forget()
		r := httptest.NewRequest("GET", "/who?session="+valid+"&"+name+"="+valid, nil)
		r.Header.Set("Authorization", "Bearer "+valid)
		r.Header.Set("X-Session", valid)
		rec := httptest.NewRecorder()
		w.h.ServeHTTP(rec, r)
		check(t, "subject", rec.Body.String(), "")
		check(t, "store calls", len(w.store.called()), 0)
	})
	check(t, "the valid cookie still opens", b.get("/who").body, "ada")
}

// A name that was never given out is never adopted: who writes under it gets a key of our own
// making. Guard: internal/place/stored.go, stored.create, newKey.
func TestP06InventedKeysAreNotAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	was := b.cookie
	b.copy().get("/out")
	w.store.forget()
	b.get("/in?as=bob") // with the cookie of a record that is gone
	if b.cookie == was {
		t.Error("the key of a record that is gone was adopted")
	}
	check(t, "bob's record is a new one", b.cookie[:30] == was[:30], false)
	if got := strings.Join(w.store.called(), " "); got != "Load Create BySubject" {
		t.Errorf("store calls: %s", got)
	}
}
