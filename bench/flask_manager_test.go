package bench_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/memstore"
)

const aliceInFlask session.Key[flaskUser] = flaskUserKey

// flaskHome is the whole way of a request whose session lives in Flask's cookie.
type flaskHome struct{ m *session.Manager }

// newFlaskHome gives one without companion records, or with them in a memory store.
func newFlaskHome(tb testing.TB, companion bool) flaskHome {
	tb.Helper()
	var base session.Config
	if companion {
		base.Home.Store = memstore.New(memstore.Config{})
	}
	config, err := flask.Config{SecretKey: []byte(secretKey)}.Sessions(base)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := session.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return flaskHome{m}
}

func (f flaskHome) handler(what work) http.Handler {
	body := []byte("fine")
	return f.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right := true
		s := session.From(r.Context())
		switch what {
		case fill:
			s.SignIn(alice().ID)
			aliceInFlask.Set(s, alice())
		case read:
			got, ok := aliceInFlask.Get(s)
			right = ok && got.equal(alice())
		case write:
			lastPage.Set(s, newPageValue)
		case written:
			got, ok := lastPage.Get(s)
			right = ok && got == newPageValue
		}
		answer(w, right, body)
	}))
}

func flaskHomes(tb testing.TB) []contestant {
	return []contestant{
		{"doorbook", overHTTP{newFlaskHome(tb, false).handler}, true},
		{"doorbook+companion", overHTTP{newFlaskHome(tb, true).handler}, true},
	}
}

// BenchmarkFlaskRequest is a request whose handler reads who is signed in, or stores a string, with
// the session in Flask's cookie. Flask's own way has neither middleware nor answer: open_session,
// and save_session when it writes.
func BenchmarkFlaskRequest(b *testing.B) {
	theirs := newItsdangerous(b)
	for what, do := range map[work]string{read: "request_reads", write: "request_writes"} {
		b.Run(string(what), func(b *testing.B) {
			run(b, flaskHomes(b), fill, what)
			_, cookie, _ := strings.Cut(signIn(b, flaskHomes(b)[0].peer, fill), "=")
			b.Run("impl=flask", func(b *testing.B) { theirs.time(b, question{Do: do, Cookie: cookie}) })
		})
	}
}

// TestFlaskPeers proves that all implementations read and write the same cookies.
func TestFlaskPeers(t *testing.T) {
	signer, theirs, now := newFlaskSigner(t), newItsdangerous(t), time.Now()
	for _, s := range flaskSessions() {
		values, err := flask.Split([]byte(s.text))
		if err != nil {
			t.Fatal(err)
		}
		text, err := flask.Join(values)
		if err != nil || string(text) != s.text {
			t.Errorf("%s: %v, joined to %s", s.name, err, text)
		}
		for by, cookie := range map[string]string{
			"doorbook": signer.Sign(text, now), "floor": flaskFloorCookie(s.text, false), "floor+zlib": flaskFloorCookie(s.text, true),
			"itsdangerous": theirs.write(t, s.text),
		} {
			t.Logf("%s by %s: %d bytes of text, cookie of %d", s.name, by, len(s.text), len(cookie))
			if got, _, _, err := signer.Verify(cookie, now.Add(time.Second), flask.DefaultMaxAge); err != nil || string(got) != s.text {
				t.Errorf("%s by %s, read by doorbook: %v, %s", s.name, by, err, got)
			}
			if got := theirs.ask(t, question{Do: "read", Times: 2, Cookie: cookie}).Last; got != s.text {
				t.Errorf("%s by %s, read by itsdangerous: %s", s.name, by, got)
			}
			if got, err := flaskFloorRead(cookie); err != nil || len(got) != len(values) {
				t.Errorf("%s by %s, read by the floor: %v, %d entries", s.name, by, err, len(got))
			}
		}
	}
	for _, c := range flaskHomes(t) {
		cookie := signIn(t, c.peer, fill)
		for _, what := range []work{read, write} {
			way := c.peer.pass(what, cookie)
			if way.run(); way.status() != http.StatusOK {
				t.Errorf("%s: %s: status %d", c.name, what, way.status())
			}
			if set := way.cookie(); set != "" {
				way = c.peer.pass(written, set)
				if way.run(); way.status() != http.StatusOK {
					t.Errorf("%s: what was written is not there", c.name)
				}
			} else if what == write {
				t.Errorf("%s: a write that sets no cookie", c.name)
			}
		}
		_, value, _ := strings.Cut(cookie, "=")
		changed := theirs.ask(t, question{Do: "request_writes", Times: 2, Cookie: value}).Last
		way := c.peer.pass(written, "session="+changed)
		if way.run(); way.status() != http.StatusOK {
			t.Errorf("%s: what Flask wrote is not there", c.name)
		}
		if got := theirs.ask(t, question{Do: "request_reads", Times: 2, Cookie: value}).Last; !strings.Contains(got, `"name":"Alice Liddell"`) {
			t.Errorf("%s: Flask reads %s", c.name, got)
		}
		way = c.peer.pass(read, "")
		if way.run(); way.status() == http.StatusOK {
			t.Errorf("%s: a stranger read somebody's value", c.name)
		}
	}
}
