package peers_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// doorbook is this project's session with its memory store and default settings.
type doorbook struct {
	m     *session.Manager
	ahead *atomic.Int64 // of the clock, in nanoseconds
}

func newDoorbook(tb testing.TB) doorbook {
	tb.Helper()
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for comparison"))
	if err != nil {
		tb.Fatal(err)
	}
	ahead := new(atomic.Int64)
	m, err := session.New(session.Config{
		Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})},
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return doorbook{m, ahead}
}

func (d doorbook) pass() { d.ahead.Add(int64(2 * time.Minute)) }

func (d doorbook) do(cookie string, what func(access)) string {
	return serve(d.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		what(ours{session.From(r.Context())})
	})), cookie)
}

type ours struct{ s *session.Session }

func (o ours) get(key string) string { v, _ := session.Key[string](key).Get(o.s); return v }
func (o ours) set(key, value string) { session.Key[string](key).Set(o.s, value) }
func (o ours) signIn()               { o.s.SignIn("ada") }
func (o ours) signOut()              { o.s.SignOut() }
