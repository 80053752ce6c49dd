package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

func TestCart(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if p := b.Post("/cart", "article", "tea"); !strings.Contains(p.Body, "One more tea") || !strings.Contains(p.Body, "1 × tea") {
		t.Errorf("a stranger's first piece: %s", p.Body)
	}
	if p := b.Post("/login", "name", "Ada"); strings.Contains(p.Body, "One more tea") || !strings.Contains(p.Body, "1 × tea") {
		t.Errorf("signed in: %s", p.Body)
	}
	if p := b.Post("/cart", "article", "beer"); p.Status != http.StatusBadRequest {
		t.Errorf("beer: %d", p.Status)
	}
	if p := b.Post("/logout"); strings.Contains(p.Body, "tea</li>") {
		t.Errorf("signed out: %s", p.Body)
	}
}

// meeting is a store where, once armed, the next two requests see the session before either changes
// it.
type meeting struct {
	store.Store
	due  atomic.Int32
	both sync.WaitGroup
}

func (m *meeting) arm() {
	m.both.Add(2)
	m.due.Store(2)
}

func (m *meeting) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	record, err := m.Store.Load(ctx, id, now)
	if m.due.Add(-1) >= 0 {
		m.both.Done()
		m.both.Wait()
	}
	return record, err
}

// TestTwoTabs adds a piece in each of two tabs at the same moment.
func TestTwoTabs(t *testing.T) {
	st := &meeting{Store: memstore.New(memstore.Config{})}
	b := browser.New(t, site(browser.Sessions(t, session.Config{Home: session.Home{Store: st}})))
	b.Post("/cart", "article", "cake")
	st.arm()
	var tabs sync.WaitGroup
	for range 2 {
		tabs.Go(func() {
			answer, err := b.Client.PostForm(b.URL+"/cart", url.Values{"article": {"cake"}})
			if err != nil {
				t.Error(err)
				return
			}
			_ = answer.Body.Close()
		})
	}
	tabs.Wait()
	if p := b.Get("/"); !strings.Contains(p.Body, "3 × cake") {
		t.Errorf("one was lost: %s", p.Body)
	}
}
