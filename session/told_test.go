//go:build go1.25

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
)

// logbook collects what is logged. slog's default logger is one for all tests, so each looks for
// lines of its own.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// lines returns the lines that hold all of the words.
func (l *logbook) lines(words ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			found = append(found, line)
		}
	}
	return found
}

// theLog is what all tests have logged.
var theLog = sync.OnceValue(func() *logbook {
	l := new(logbook)
	slog.SetDefault(slog.New(slog.NewTextHandler(l, nil)))
	return l
})

// A session that is asked for, or changed, after the answer has begun: each is an event, and the
// first of its kind is in the log with its page.
func TestTooLateIsTold(t *testing.T) {
	t.Parallel()
	l, o := theLog(), new(observed)
	w := newWorld(t, o.into)
	w.on("/too-late-to-read", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = io.WriteString(rw, "<html>")
		_, _ = io.WriteString(rw, s.Subject())
	})
	w.on("/too-late-to-write", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = io.WriteString(rw, s.Subject())
		city.Set(s, "Oslo")
	})
	w.on("/in-time", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		_, _ = io.WriteString(rw, s.Subject())
		_, _ = io.WriteString(rw, s.Subject())
	})
	b := w.signedIn("ada")
	for range 3 {
		check(t, "late", b.get("/too-late-to-read").body, "<html>")
		check(t, "changed late", b.get("/too-late-to-write").body, "ada")
		check(t, "in time", b.get("/in-time").body, "adaada")
	}
	check(t, "events of reading", o.count(session.EventLoadFailed, session.ErrCommitted), 3)
	check(t, "events of changing", o.count(session.EventSaveFailed, session.ErrCommitted), 3)
	check(t, "lines of reading", len(l.lines("first used after", "/too-late-to-read")), 1)
	check(t, "lines of changing", len(l.lines("changed after", "/too-late-to-write")), 1)
	check(t, "lines of who is in time", len(l.lines("/in-time")), 0)
}

// A request of a server that did not pass through the middleware is told once, if it asks for its
// session; a context that is of no request is not.
func TestMissingMiddlewareIsTold(t *testing.T) {
	t.Parallel()
	l := theLog()
	session.From(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, session.From(r.Context()).Subject())
	}))
	defer s.Close()
	for range 3 {
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	check(t, "lines", len(l.lines("did not pass through Manager.Handler", "sessions.Handler(mux)")), 1)
}

// The cause of an error page is in the log, and not in the page. A mistake of the program is 500,
// a store that is away 503.
func TestCauseOfAnErrorPageIsLogged(t *testing.T) {
	t.Parallel()
	l := theLog()
	w := newWorld(t)
	b := w.signedIn("ada")
	for i, test := range []struct {
		name   string
		do     func(s *session.Session)
		cause  string
		status int
	}{
		{"no subject", func(s *session.Session) { s.SignIn("") }, "not a usable subject", 500},
		{"a subject that is not UTF-8", func(s *session.Session) { s.SignIn("\xf0\x28") }, "not a usable subject", 500},
		{"a long subject", func(s *session.Session) { s.SignIn(strings.Repeat("x", 256)) }, "not a usable subject", 500},
		{"a key", func(s *session.Session) { session.Key[int]("").Set(s, 1) }, "not a usable key", 500},
		{"a function", func(s *session.Session) { session.Key[func()]("f").Set(s, func() {}) }, "unsupported type", 500},
	} {
		path := fmt.Sprint("/cause-", i)
		w.on(path, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { test.do(s) })
		a := b.get(path + "?secret=1")
		check(t, test.name+": status", a.status, test.status)
		check(t, test.name+": lines", len(l.lines(path, test.cause, fmt.Sprint("status=", test.status))), 1)
		if strings.Contains(a.body, test.cause) || len(l.lines(path, "secret=1")) > 0 {
			t.Errorf("%s: told %q", test.name, a.body)
		}
	}
	w.store.stepIn(func(string) error { return errors.New("the disk is on fire") })
	check(t, "status of a store that is away", b.get("/who?away").status, 503)
	check(t, "lines of it", len(l.lines("the disk is on fire", "status=503", "path=/who")), 1)
}

// A sweep that fails is told, and tried again.
func TestFailedSweepIsTold(t *testing.T) {
	t.Parallel()
	l, o := theLog(), new(observed)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o.into)
		broom := errors.New("the broom is broken")
		w.store.stepIn(func(string) error { return broom })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.m.RunSweeper(ctx, time.Minute) }()
		time.Sleep(2*time.Minute + time.Second)
		cancel()
		<-done
		check(t, "events", o.count(session.EventSaveFailed, broom), 3)
		check(t, "lines", len(l.lines("a sweep failed", "the broom is broken")), 3)
	})
}

// Of two tabs that ask for a page which pops a value the one that lost is sent to its own address,
// once; what is no page, or comes once more, gets 409.
func TestPageThatLostAPoppedValueIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/pop", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Pop(s)
		if r.FormValue("loses") != "" {
			b.copy().get("/pop") // another tab is quicker
		}
	})
	b.get("/set?city=Oslo")
	check(t, "a script", b.get("/pop?loses=1").status, http.StatusConflict)
	for visit, want := range []int{http.StatusSeeOther, http.StatusConflict} {
		b.get("/set?city=Oslo")
		a := b.copy().asks(html).get("/pop?loses=1")
		check(t, fmt.Sprint("visit ", visit), a.status, want)
		if want == http.StatusSeeOther {
			check(t, "sent to", a.header.Get("Location"), "/pop?loses=1")
		}
	}
	w.clock.add(11 * time.Second)
	b.get("/set?city=Oslo")
	check(t, "later", b.copy().asks(html).get("/pop?loses=1").status, http.StatusSeeOther)
}
