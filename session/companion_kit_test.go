package session_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// What the tests of sessions in their cookies with companion records share: worlds of both kinds,
// and a cookie that another program writes, too.

// companions makes the world's sessions travel in sealed cookies, with companion records in its
// store.
func companions(c *session.Config) { c.Home.Format = sealed.New() }

// shared is companions with a cookie that another program writes, too.
func shared(c *session.Config) { c.Home.Format = newPlain() }

// newCompanions makes a world of either kind, with a few routes more.
func newCompanions(t testing.TB, change ...func(*session.Config)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*session.Config){companions}, change...)...)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	w.on("/add", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = fmt.Fprint(rw, count.Update(s, func(n int) int { return n + 1 }))
	})
	w.on("/flash", func(_ http.ResponseWriter, r *http.Request, s *session.Session) { s.Flash("info", r.FormValue("text")) })
	w.on("/flashes", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		for _, f := range s.Flashes() {
			_, _ = fmt.Fprint(rw, f.Text, " ")
		}
	})
	return w
}

func newShared(t testing.TB, change ...func(*session.Config)) *world {
	t.Helper()
	return newCompanions(t, append([]func(*session.Config){shared}, change...)...)
}

// plain is a Codec whose cookies anybody can read and write, as a program that shares them can
// with its own key.
type plain struct{ cookie string }

// plainForm is the form of such cookies.
type plainForm struct{}

func newPlain() place.Format { return plainForm{} }

func (plainForm) Keyed(_ func(string) [][]byte, cookie string) (place.Codec, error) {
	return plain{cookie}, nil
}

// plainText is what such a cookie says.
type plainText struct {
	User     string       `json:"user,omitempty"`
	At       int64        `json:"at"` // when it was written, Unix milliseconds
	Created  int64        `json:"created,omitempty"`
	SignedIn int64        `json:"in,omitempty"`
	Persist  bool         `json:"persist,omitempty"`
	ID       string       `json:"id,omitempty"`
	Digest   []byte       `json:"digest,omitempty"`
	Left     string       `json:"left,omitempty"`
	Values   store.Values `json:"values,omitempty"`
}

func (c plain) Seal(r store.Record) (string, error) {
	if len(r.Values) == 0 && r.Subject == "" {
		return "", nil
	}
	text := plainText{
		User: r.Subject, At: r.LastSeen.UnixMilli(), Created: r.Created.UnixMilli(), Persist: r.Persist,
		ID: r.ID.String(), Values: r.Values,
	}
	if r.Subject != "" {
		text.SignedIn = r.SignedIn.UnixMilli()
	}
	if r.Digest != (store.Digest{}) {
		text.Digest = r.Digest[:place.CarriedDigest]
	}
	return text.value(), nil
}

func (text plainText) value() string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func readPlain(value string) (text plainText, err error) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err == nil {
		err = json.Unmarshal(b, &text)
	}
	return text, err
}

func (c plain) Open(value string) (o place.Opened, err error) {
	text, err := readPlain(value)
	if err != nil {
		return o, fmt.Errorf("%w: %w", store.ErrUnreadable, err)
	}
	at := time.UnixMilli(text.At).UTC()
	r := store.Record{Subject: text.User, LastSeen: at, Created: at, Persist: text.Persist, Values: text.Values}
	if text.User != "" {
		r.SignedIn = at
	}
	if text.ID != "" {
		if r.ID, err = session.ParseID(text.ID); err != nil {
			return o, fmt.Errorf("%w: %w", store.ErrUnreadable, err)
		}
		r.Created = time.UnixMilli(text.Created).UTC()
		if text.User != "" {
			r.SignedIn = time.UnixMilli(text.SignedIn).UTC()
		}
		copy(r.Digest[:], text.Digest)
	} else {
		sum := sha256.Sum256([]byte("plain cookie " + value))
		copy(r.ID[:], sum[:])
		o.Derived = true
	}
	if text.Left != "" {
		o.Left, err = session.ParseID(text.Left)
	}
	o.Record = r
	return o, err
}

// elsewhere gives a browser whose cookie the other program made now.
func (w *world) elsewhere(user string, change ...func(*plainText)) *browser {
	w.t.Helper()
	text := plainText{User: user, At: w.clock.Now().UnixMilli(), Values: store.Values{"city": []byte(`"Oslo"`)}}
	for _, f := range change {
		f(&text)
	}
	b := w.browser()
	b.cookie = sealedCookie + "=" + text.value()
	return b
}

// told is what the browser's cookie says.
func (b *browser) told() plainText {
	b.w.t.Helper()
	if b.cookie == "" {
		return plainText{}
	}
	text, err := readPlain(b.cookie[len(sealedCookie)+1:])
	if err != nil {
		b.w.t.Fatal(err)
	}
	return text
}

// page asks for a page as a person's browser does.
func (b *browser) page(path string) answer {
	b.w.t.Helper()
	c := *b
	c.header = b.header.Clone()
	c.header.Set("Sec-Fetch-Mode", "navigate")
	a := c.get(path)
	b.cookie = c.cookie
	return a
}

// listed counts the sessions of a subject.
func (w *world) listed(subject string) int {
	w.t.Helper()
	list, err := w.m.List(w.t.Context(), subject)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// expect asks for a path and compares the answer.
func (b *browser) expect(path, want string) {
	b.w.t.Helper()
	if a := b.get(path); a.status != http.StatusOK || a.body != want {
		b.w.t.Errorf("%s: %d %q, want %q", path, a.status, a.body, want)
	}
}

// atCall lets the test step in before the nth call of a method, once.
func (w *world) atCall(method string, n int, do func() error) {
	var mu sync.Mutex
	w.store.stepIn(func(called string) error {
		mu.Lock()
		if called != method {
			mu.Unlock()
			return nil
		}
		n--
		now := n == 0
		mu.Unlock()
		if now {
			return do()
		}
		return nil
	})
}

func (w *world) endAll(subject string, except ...session.ID) {
	w.t.Helper()
	if _, err := w.m.EndAll(w.t.Context(), subject, except...); err != nil {
		w.t.Error(err)
	}
}

func (w *world) endEverything() {
	w.t.Helper()
	if _, err := w.m.EndEverything(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

// end ends all sessions of a subject one by one, without a mark.
func (w *world) end(subject string) {
	w.t.Helper()
	list, err := w.m.List(w.t.Context(), subject)
	if err != nil {
		w.t.Error(err)
	}
	for _, i := range list {
		if err := w.m.End(w.t.Context(), subject, i.ID); err != nil {
			w.t.Error(err)
		}
	}
}

// sweep removes all that is dead, and gives how many that were.
func (w *world) sweep() (n int) {
	w.t.Helper()
	for {
		swept, err := w.m.Sweep(w.t.Context(), 100)
		if err != nil {
			w.t.Fatal(err)
		}
		if n += swept; swept < 100 {
			return n
		}
	}
}

// fromCookies makes a node of the same store into which sessions move from their cookies.
func (w *world) fromCookies(format place.Format, change ...func(*session.Config)) *world {
	w.t.Helper()
	n := w.node(append([]func(*session.Config){func(c *session.Config) {
		c.Old = session.Home{Format: format, Store: w.store}
	}}, change...)...)
	n.clock, n.store, n.memory = w.clock, w.store, w.memory
	return n
}

// to lets the browser go on with another world.
func (b *browser) to(w *world) { b.w = w }

// companionMoves gives worlds, and into which of them their sessions move.
var companionMoves = map[string]func(t *testing.T) (before, moving *world){
	"sealed": func(t *testing.T) (_, _ *world) { w := newCompanions(t); return w, w.fromCookies(sealed.New()) },
	"shared": func(t *testing.T) (_, _ *world) { w := newShared(t); return w, w.fromCookies(newPlain()) },
}

// routes adds what newCompanions adds.
func routes(w *world) {
	w.on("/add", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = fmt.Fprint(rw, count.Update(s, func(n int) int { return n + 1 }))
	})
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	w.on("/flashes", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		for _, f := range s.Flashes() {
			_, _ = fmt.Fprint(rw, f.Text, " ")
		}
	})
}
