package httpx_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// endless is a stream of a test: it says something whenever it is told to, and tells how it ended.
type endless struct {
	said  chan struct{}
	ended chan error
}

func newEndless() *endless { return &endless{said: make(chan struct{}), ended: make(chan error, 1)} }

// events is as server-sent events are: written and flushed, for ever.
func (e *endless) events(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	rc := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, "data: x\n\n"); err != nil {
			e.ended <- err
			return nil
		}
		if err := rc.Flush(); err != nil {
			e.ended <- err
			return nil
		}
		select {
		case <-r.Context().Done():
			_, err := io.WriteString(w, "data: after the end\n\n")
			if err == nil {
				err = io.ErrNoProgress // it passed
			}
			e.ended <- err
			return nil
		case <-e.said:
		}
	}
}

// socket takes the connection over, answers each line, and waits for the next.
func (e *endless) socket(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			e.ended <- err
			return nil
		}
		if _, err := io.WriteString(conn, line); err != nil {
			e.ended <- err
			return nil
		}
	}
}

// TestLasting: what lasts ends within five seconds after the session that it was begun by, and not
// before. Guard: lasting.go, recorder.watch.
func TestLasting(t *testing.T) {
	t.Parallel()
	stream, socket := newEndless(), newEndless()
	r := newRig(t, map[string]httpx.Handler{"GET /{$}": stream.events, "GET /account/sessions": socket.socket})
	ada := r.Developer("Ada", account.Member)
	v := r.SignedIn(ada)
	s := listen(t, r.Handler)
	cookie := "__Host-session=" + v.Session()

	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	q.Host, q.Header = "localhost:8080", http.Header{"Cookie": {cookie}}
	answer, err := s.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events := bufio.NewReader(answer.Body)
	if line, err := events.ReadString('\n'); line != "data: x\n" {
		t.Fatalf("%d: %q, %v", answer.StatusCode, line, err)
	}

	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /account/sessions HTTP/1.1\r\nHost: localhost:8080\r\nCookie: "+cookie+"\r\n\r\nhello\n")
	lines := bufio.NewReader(conn)
	for line := ""; line != "hello\n"; {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	stream.said <- struct{}{}
	select {
	case err := <-stream.ended:
		t.Fatalf("the stream ended before the session did: %v", err)
	case err := <-socket.ended:
		t.Fatalf("the socket ended before the session did: %v", err)
	default:
	}

	if _, err := r.Sessions.EndAll(context.Background(), ada.ID); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for what, e := range map[string]*endless{"stream": stream, "socket": socket} {
		if err := <-e.ended; err == nil || err == io.ErrNoProgress {
			t.Errorf("the %s: %v", what, err)
		}
	}
	t.Logf("ended after %v", time.Since(began))
	if rest, _ := io.ReadAll(events); strings.Contains(string(rest), "after") {
		t.Errorf("after the end: %q", rest)
	}
	if rest, err := lines.ReadString('\n'); err == nil {
		t.Errorf("after the end: %q", rest)
	}
}

// TestLastingOfStrangers: a stream of nobody ends when its client goes, as ever.
func TestLastingOfStrangers(t *testing.T) {
	t.Parallel()
	stream := newEndless()
	r := newRig(t, map[string]httpx.Handler{"GET /login": stream.events})
	s := listen(t, r.Handler)
	ctx, hangUp := context.WithCancel(t.Context())
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/login", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, _ := bufio.NewReader(answer.Body).ReadString('\n'); line != "data: x\n" {
		t.Fatalf("%q", line)
	}
	stream.said <- struct{}{}
	hangUp()
	<-stream.ended
}
