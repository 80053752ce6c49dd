//go:build go1.25

package session_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// A cookie that works as it is, and is only to be prolonged or signed anew, waits for an answer
// that carries it: what is stored never says that the browser has a cookie that it does not have.

// handingOver is a response writer that hands its connection over, or fails to.
type handingOver struct {
	http.ResponseWriter
	conn net.Conn
}

func (h handingOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h.conn == nil {
		return nil, nil, errors.New("no connection")
	}
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// hijacks has a browser make a request whose handler uses the session and takes the connection,
// which works or not.
func hijacks(t *testing.T, b *browser, works bool, use func(*session.Session)) answer {
	t.Helper()
	rec, conn := newRecorder(), net.Conn(nil)
	if works {
		conn, _ = net.Pipe()
	}
	b.w.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		use(session.From(r.Context()))
		_, _, err := http.NewResponseController(w).Hijack()
		if (err == nil) != works {
			t.Errorf("hijack: %v", err)
		}
		if err != nil {
			w.WriteHeader(http.StatusUpgradeRequired)
		}
	})).ServeHTTP(handingOver{rec, conn}, b.request(http.MethodGet, "/ws"))
	return b.keep(rec.Result())
}

// A connection that is handed over carries no cookie, so none is signed anew in the record. Guard:
// lifecycle.go, Session.save.
func TestHijackSignsNothingAnew(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*session.Session){
		"read":  func(s *session.Session) { s.Subject() },
		"write": func(s *session.Session) { city.Set(s, "Oslo") },
	} {
		w := newWorld(t)
		b := w.signedIn("ada")
		setKeys(t, w, "two", "one")
		w.clock.add(2 * time.Minute)
		hijacks(t, b, true, use)
		check(t, name+": sessions under the old key after it", oldKeys(t, w), 1)
		w.clock.add(2 * time.Minute)
		before := b.cookie
		check(t, name+": who", b.get("/who").body, "ada")
		check(t, name+": the next answer signs the cookie", b.cookie != before && oldKeys(t, w) == 0, true)
	}
}

// Nor does the answer that takes its place when it fails. Guard: answer.go, Session.setDue.
func TestHijackThatFailsProlongsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	w.clock.add(2 * time.Minute)
	a := hijacks(t, b, false, func(s *session.Session) { s.Subject() })
	check(t, "status", a.status, http.StatusUpgradeRequired)
	check(t, "cookies", fmt.Sprint(a.header["Set-Cookie"]), "[]")
	w.clock.add(2 * time.Minute)
	check(t, "cookies of the next answer", len(b.get("/who").header["Set-Cookie"]), 1)
}

// Messages are taken before it is known what the answer carries, so that is no use of the session
// which signs or prolongs its cookie. Guard: internal/place/stored.go, stored.Write.
func TestTakingMessagesLeavesTheCookie(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"signed anew": "/in?as=ada", "prolonged": "/in?as=ada&remember=1"} {
		w := newWorld(t)
		w.on("/leave", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("info", "hello") })
		w.on("/take", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
			_, _ = fmt.Fprint(rw, len(s.Flashes()))
		})
		b := w.browser()
		b.get(path)
		b.get("/leave")
		if name == "signed anew" {
			setKeys(t, w, "two", "one")
		}
		w.store.forget()
		a := b.get("/take")
		check(t, name+": messages", a.body, "1")
		check(t, name+": cookies", fmt.Sprint(a.header["Set-Cookie"]), "[]")
		check(t, name+": store calls", fmt.Sprint(w.store.called()), "[Load Patch]")
		w.clock.add(2 * time.Minute)
		check(t, name+": cookies of the next answer", len(b.get("/who").header["Set-Cookie"]), 1)
		check(t, name+": sessions under an old key", oldKeys(t, w), 0)
	}
}
