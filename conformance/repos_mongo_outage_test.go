package conformance

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/mongo"
)

// wire is a way to a server that can be cut, and blocked so that nothing comes through.
type wire struct {
	address  string
	target   string
	mu       sync.Mutex
	cut      bool
	listener net.Listener
	blocked  chan struct{} // nil, or closed when the block is lifted
	conns    []net.Conn
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: l.Addr().String(), target: target, listener: l}
	t.Cleanup(func() {
		w.free()
		w.set(true)
		_ = l.Close()
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(conn)
		}
	}()
	return w
}

func (w *wire) serve(client net.Conn) {
	server, err := net.Dial("tcp", w.target)
	w.mu.Lock()
	if err != nil || w.cut {
		w.mu.Unlock()
		_ = client.Close()
		return
	}
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	go w.copy(client, server)
	w.copy(server, client)
}

func (w *wire) copy(to, from net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		w.mu.Lock()
		blocked := w.blocked
		w.mu.Unlock()
		if blocked != nil {
			<-blocked
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// set cuts the wire, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, conn := range w.conns {
		_ = conn.Close()
	}
	w.conns = nil
}

func (w *wire) block() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked = make(chan struct{})
}

func (w *wire) free() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocked != nil {
		close(w.blocked)
		w.blocked = nil
	}
}

// While the database is away, or takes everything and answers nothing, no call hangs; when it is
// back, all goes on.
func TestReposMongoOutage(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(mongoURL(t, servers.Mongo(t)))
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, u.Host)
	// The driver finds no way around the wire, and does not notice by itself that nobody answers.
	u.Host, u.RawQuery = w.address, "directConnection=true&heartbeatFrequencyMS=60000"
	var spy spy
	db := openMongoURL(t, u.String(), mongo.Options{Monitor: spy.monitor()})
	ctx := t.Context()
	kept := newEntry()
	if err := db.Entries().Append(ctx, []book.Entry{kept}); err != nil {
		t.Fatal(err)
	}
	fails := func(what string, limit time.Duration, f func() error) {
		t.Helper()
		spy.take()
		if err := f(); err == nil {
			t.Errorf("%s: no error", what)
		}
		for _, command := range spy.take() { // what reaches a server is given that long, and so is the wait for its answer
			if ms, ok := command.Lookup("maxTimeMS").AsInt64OK(); !ok || ms <= 0 || ms > limit.Milliseconds() {
				t.Errorf("%s: %v, want a limit of %v at most", what, command, limit)
			}
		}
	}
	for what, turn := range map[string][2]func(){
		"away":   {func() { w.set(true) }, func() { w.set(false) }},
		"silent": {w.block, w.free},
	} {
		turn[0]()
		fails(what+": ByID", 5*time.Second, func() error { _, err := db.Entries().ByID(ctx, kept.ID); return err })
		fails(what+": Check", 2*time.Second, func() error { return db.Check(ctx) })
		fails(what+": with a limit", 200*time.Millisecond, func() error {
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			defer cancel()
			_, err := db.Accounts().HasAdmin(short)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want the end of the context", what, err)
			}
			return err
		})
		turn[1]()
		for db.Check(ctx) != nil { // until it is back
			continue
		}
		if _, err := db.Entries().ByID(ctx, kept.ID); err != nil {
			t.Errorf("%s: afterwards: %v", what, err)
		}
		if err := db.Entries().Append(ctx, []book.Entry{newEntry()}); err != nil {
			t.Errorf("%s: afterwards: %v", what, err)
		}
	}
}

// Indexes that cannot be made are told in words, without addresses.
func TestReposMongoOpenExplains(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	shared := databaseOf(t, address)
	for _, name := range []string{"Ada", "Eve", "Bob"} {
		insert(t, shared.Collection("developers"), append(flaskDeveloper(name, "x@example.org"), bson.E{Key: "email_key", Value: "x@example.org"}))
	}
	db, err := mongo.Open(t.Context(), address, mongo.Options{})
	if err == nil {
		_ = db.Close()
		t.Fatal("opened with an address that is three people's")
	}
	if text := err.Error(); !strings.Contains(text, "1 values of email_key in developers") || strings.Contains(text, "example.org") {
		t.Error(text)
	}
}

// A closed database says so, and does not hang.
func TestReposMongoClosed(t *testing.T) {
	t.Parallel()
	db, err := mongo.Open(t.Context(), mongoURL(t, servers.Mongo(t)), mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := db.Check(t.Context()); err == nil {
		t.Error("a closed database can be written")
	}
}
