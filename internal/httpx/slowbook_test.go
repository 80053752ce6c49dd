package httpx_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// slowBook takes its time to store entries, or does not store them at all.
type slowBook struct {
	book.Repository
	turn     func(time.Duration)
	away     atomic.Bool
	finished atomic.Int64
}

func (b *slowBook) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	if b.turn != nil {
		b.turn(time.Second)
	}
	if b.away.Load() {
		return errors.New("away")
	}
	b.finished.Add(int64(len(endings)))
	return b.Repository.Append(ctx, list, endings...)
}

// TestSlowBook: waiting for the book is no time of the answer, so a database that is slow, or away,
// is not asked twice.
func TestSlowBook(t *testing.T) {
	t.Parallel()
	slow := &slowBook{}
	s := sitetest.New(t, func(p *server.Parts) { slow.Repository, p.Entries = p.Entries, slow })
	slow.turn = s.Clock.Turn
	v := s.Visitor()
	if e := entryOf(t, s, v.Get("/login")); e.Duration >= time.Second {
		t.Errorf("the answer took %v", e.Duration)
	}
	slow.away.Store(true)
	if a := v.Get("/login"); a.Status != http.StatusOK {
		t.Errorf("%d", a.Status)
	}
	slow.away.Store(false)
	slow.turn = nil
	v.Get("/login") // with which endings would be written
	if n := slow.finished.Load(); n != 0 {
		t.Errorf("%d entries were completed that were whole, or not there", n)
	}
}
