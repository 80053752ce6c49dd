package session_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// gobCodec is what somebody may bring who wants types that JSON does not keep.
type gobCodec struct{}

func (gobCodec) Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func (gobCodec) Unmarshal(data []byte, v any) error {
	return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
}

type basket struct {
	Items map[int]complex128 // JSON has neither
	At    time.Time
}

// A codec of one's own works for every operation, and for the library's own messages nothing
// changes. Guard: key.go, encode, decode and Update, Config.Codec.
func TestCodecOfOnesOwn(t *testing.T) {
	t.Parallel()
	const cart session.Key[basket] = "cart"
	for _, home := range []string{"store", "sealed"} {
		t.Run(home, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) {
				if c.Codec = (gobCodec{}); home == "sealed" {
					c.Home.Store, c.Home.Format = nil, sealed.New()
				}
			})
			b := w.signedIn("ada")
			want := basket{map[int]complex128{3: 1 + 2i}, w.clock.Now()}
			inRequestOf(b, func(s *session.Session) {
				cart.Set(s, want)
				city.Set(s, "")
				oauthState.SetFor(s, "xyz", time.Hour)
				s.Flash("info", "hello")
				check(t, "in the same request", must(cart.Get(s)).Items[3], 1+2i)
			})
			inRequestOf(b, func(s *session.Session) {
				got, ok := cart.Get(s)
				check(t, "there", ok, true)
				check(t, "item", got.Items[3], 1+2i)
				check(t, "time", got.At.Equal(want.At), true)
				v, ok := city.Get(s)
				check(t, "empty text is a value", v == "" && ok && s.Has("city"), true)
				check(t, "with an end", must(oauthState.Get(s)), "xyz")
				check(t, "messages", len(s.Flashes()), 1)
				check(t, "updated", count.Update(s, func(n int) int { return n + 41 }), 41)
				check(t, "updated again", count.Update(s, func(n int) int { return n + 1 }), 42)
			})
			inRequestOf(b, func(s *session.Session) {
				check(t, "count", must(count.Get(s)), 42)
				check(t, "popped", must(cart.Pop(s)).Items[3], 1+2i)
			})
			inRequestOf(b, func(s *session.Session) { check(t, "after Pop", s.Has("cart"), false) })
		})
	}
}

// moody is a codec that fails when it is told to.
type moody struct {
	gobCodec
	marshal, unmarshal error
}

func (m *moody) Marshal(v any) ([]byte, error) {
	if m.marshal != nil {
		return []byte("half a val"), m.marshal
	}
	return m.gobCodec.Marshal(v)
}

func (m *moody) Unmarshal(data []byte, v any) error {
	if m.unmarshal != nil {
		_ = m.gobCodec.Unmarshal(data, v) // it may have written to v before it failed
		return m.unmarshal
	}
	return m.gobCodec.Unmarshal(data, v)
}

// A codec that cannot write fails the request, and nothing half-written is kept; one that cannot
// read has no value. Guard: key.go, setUntil, decode and Update.
func TestCodecFails(t *testing.T) {
	t.Parallel()
	codec := &moody{}
	bad := errors.New("cannot")
	w := newWorld(t, func(c *session.Config) { c.Codec = codec })
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) { city.Set(s, "Oslo"); count.Set(s, 5) })
	for name, write := range map[string]func(*session.Session){
		"Set":    func(s *session.Session) { city.Set(s, "Rome") },
		"SetFor": func(s *session.Session) { city.SetFor(s, "Rome", time.Hour) },
		"Update": func(s *session.Session) { city.Update(s, func(string) string { return "Rome" }) },
	} {
		w.store.forget()
		status := inHandler(b, func(s *session.Session) {
			count.Set(s, 6)
			codec.marshal = bad
			write(s)
			codec.marshal = nil
			count.Set(s, 7)
			if !errors.Is(s.Err(), bad) {
				t.Errorf("%s: %v", name, s.Err())
			}
		}).status
		check(t, name, status, http.StatusInternalServerError)
		check(t, name+": store calls", strings.Join(w.store.called(), " "), "Load")
	}
	codec.unmarshal = bad
	inRequestOf(b, func(s *session.Session) {
		v, ok := city.Get(s)
		check(t, "unreadable", v, "")
		check(t, "unreadable", ok, false)
		check(t, "subject", s.Subject(), "ada")
		check(t, "sticky", s.Err(), nil)
		check(t, "updated from nothing", count.Update(s, func(n int) int { return n + 1 }), 1)
	})
	if w.seen(session.EventUnreadable) == 0 {
		t.Error("nobody is told")
	}
	codec.unmarshal = nil
	check(t, "city, readable again", b.has(city), "Oslo")
}

// With another codec the values of before are absent, nobody is signed out, and what is set anew is
// there; a node that still has the old one sees as little of the new ones. Guard: key.go, decode.
func TestCodecChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	next := w.node(func(c *session.Config) { c.Codec = gobCodec{} })
	n := b.at(next)
	check(t, "subject", n.get("/who").body, "ada")
	check(t, "the old value", n.get("/city").body, "")
	check(t, "told", next.seen(session.EventUnreadable) > 0, true)
	n.get("/set?city=Rome")
	check(t, "the new value", n.get("/city").body, "Rome")
	check(t, "on the old node", b.get("/city").body, "")
	check(t, "subject on the old node", b.get("/who").body, "ada")
}

// lazyCodec gives nil for an empty text, as append and many a library do.
type lazyCodec struct{ rawCodec }

func (lazyCodec) Marshal(v any) ([]byte, error) { return append([]byte(nil), v.(string)...), nil }

// A codec that encodes a value as no bytes: the value is there. Guard: key.go, Session.encode.
func TestCodecOfNoBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Codec = lazyCodec{} })
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) {
		city.Set(s, "Oslo")
		city.Set(s, "")
		oauthState.Set(s, "x")
		oauthState.Update(s, func(string) string { return "" })
	})
	inRequestOf(b, func(s *session.Session) {
		check(t, "set", s.Has("city"), true)
		check(t, "updated", s.Has("oauth.state"), true)
	})
}
