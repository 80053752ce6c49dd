package bench_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// forged gives a cookie of the length of a real one, with another signature; or a rubbish one of
// the same name.
func forged(tb testing.TB, p peer, rubbish bool) string {
	tb.Helper()
	genuine := signIn(tb, p, fill)
	if rubbish {
		cookie, _, _ := strings.Cut(genuine, "=")
		return cookie + "=%00../../etc/passwd'--"
	}
	last := byte('A') // a letter that some bits of the key hang on, in every spelling of base64
	if genuine[len(genuine)-1] == last {
		last = 'Q'
	}
	return genuine[:len(genuine)-1] + string(last)
}

// BenchmarkForged is a request whose cookie is as long as a real one but signed by somebody else.
// For peers that sign nothing it is one of a session that does not exist.
func BenchmarkForged(b *testing.B) { runForged(b, false) }

// BenchmarkRubbish is a request whose cookie is no session key at all.
func BenchmarkRubbish(b *testing.B) { runForged(b, true) }

func runForged(b *testing.B, rubbish bool) {
	for _, c := range peers(b) {
		b.Run("impl="+c.name, func(b *testing.B) {
			repeat(b, c.peer.pass(absent, forged(b, c.peer, rubbish)))
			if c.name == "doorbook" {
				b.ReportMetric(float64(visits(b, absent, rubbish)), "store-visits/op")
			}
		})
	}
}

// visits counts how often the store is asked for one request with a forged cookie.
func visits(tb testing.TB, what work, rubbish bool) int64 {
	tb.Helper()
	st := &countingStore{Store: memstore.New(memstore.Config{})}
	p := overHTTP{withConfig(tb, session.Config{Home: session.Home{Store: st}}).handler}
	way := p.pass(what, forged(tb, p, rubbish))
	before := st.n.Load()
	way.run()
	return st.n.Load() - before
}

// TestForgedAsksNoStore: a cookie that our keys did not sign costs no visit to the store.
func TestForgedAsksNoStore(t *testing.T) {
	for _, rubbish := range []bool{false, true} {
		if n := visits(t, absent, rubbish); n != 0 {
			t.Errorf("rubbish %v: %d visits to the store", rubbish, n)
		}
	}
	// The count above is only worth something if visits are counted.
	st := &countingStore{Store: memstore.New(memstore.Config{})}
	p := overHTTP{withConfig(t, session.Config{Home: session.Home{Store: st}}).handler}
	way := p.pass(read, signIn(t, p, fill))
	before := st.n.Load()
	way.run()
	if n := st.n.Load() - before; n != 1 {
		t.Errorf("a true cookie: %d visits to the store, want 1", n)
	}
}

// countingStore counts the visits that a request can cause.
type countingStore struct {
	store.Store
	n atomic.Int64
}

func (s *countingStore) Create(ctx context.Context, r store.Record) error {
	s.n.Add(1)
	return s.Store.Create(ctx, r)
}

func (s *countingStore) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	s.n.Add(1)
	return s.Store.Load(ctx, id, now)
}

func (s *countingStore) Patch(ctx context.Context, p store.Patch) (int64, error) {
	s.n.Add(1)
	return s.Store.Patch(ctx, p)
}

func (s *countingStore) Touch(ctx context.Context, id session.ID, d store.Digest, t store.Touch, now time.Time) error {
	s.n.Add(1)
	return s.Store.Touch(ctx, id, d, t, now)
}

func (s *countingStore) Delete(ctx context.Context, ids ...session.ID) error {
	s.n.Add(1)
	return s.Store.Delete(ctx, ids...)
}
