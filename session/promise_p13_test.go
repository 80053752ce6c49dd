//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/store"
)

// P13: you can see and end sessions.

// Guard: ends.go, Manager.List; lifecycle.go, Session.begin; session.go, Session.signInAs.
func TestP13List(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.ClientAddr = func(*http.Request) string { return "192.0.2.7" } })
	b := w.browser()
	b.header.Set("User-Agent", "Browser/1")
	b.get("/set?city=Oslo")
	created := w.clock.Now()
	w.clock.add(time.Minute)
	b.get("/in?as=ada&remember=1")
	signedIn := w.clock.Now()
	w.clock.add(time.Hour)
	b.get("/who")
	w.signedIn("bob")

	list, err := w.m.List(t.Context(), "ada")
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	want := session.Info{
		ID: list[0].ID, Subject: "ada", Created: created, SignedIn: signedIn, LastSeen: w.clock.Now(),
		Expires: w.clock.Now().Add(7 * 24 * time.Hour), Addr: "192.0.2.7", UserAgent: "Browser/1",
	}
	if diff := compare.Diff(want, list[0]); diff != "" {
		t.Error(diff)
	}
	for _, nobody := range []string{"", "eve"} {
		if list, err := w.m.List(t.Context(), nobody); len(list) != 0 || err != nil {
			t.Errorf("sessions of %q: %v, %v", nobody, list, err)
		}
	}
}

// Two nodes share a store: what one ends, the other does not serve any more. Guard:
// internal/place/stored.go, stored.Open, which asks the store at each request; ends.go, Manager.End
// and EndAll.
func TestP13EveryNodeObeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newWorld(t, func(c *session.Config) { c.Home.Store = w.memory })
	ids := map[*browser]session.ID{}
	var all []*browser
	for range 4 {
		b := w.signedIn("ada")
		list, _ := w.m.List(t.Context(), "ada")
		for _, i := range list {
			if !slices.ContainsFunc(all, func(b *browser) bool { return ids[b] == i.ID }) {
				ids[b] = i.ID
			}
		}
		all = append(all, b)
	}
	bob := w.signedIn("bob")
	lives := func(b *browser) bool {
		b.w = other
		return b.get("/who").body != ""
	}
	for _, b := range all {
		check(t, "before", lives(b), true)
	}

	if err := w.m.End(t.Context(), "bob", ids[all[0]]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ending somebody else's: %v", err)
	}
	check(t, "somebody else's", lives(all[0]), true)
	if err := w.m.End(t.Context(), "ada", ids[all[0]]); err != nil {
		t.Error(err)
	}
	check(t, "ended by id", lives(all[0]), false)
	if err := w.m.End(t.Context(), "ada", ids[all[0]]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ending it again: %v", err)
	}
	check(t, "another", lives(all[1]), true)

	n, err := w.m.EndAll(t.Context(), "ada", ids[all[1]])
	check(t, "all but one: error", err, nil)
	check(t, "all but one: ended", n, 2)
	check(t, "the one", lives(all[1]), true)
	check(t, "the others", lives(all[2]) || lives(all[3]), false)

	n, _ = w.m.EndAll(t.Context(), "ada")
	check(t, "all: ended", n, 1)
	check(t, "the last", lives(all[1]), false)
	check(t, "bob's", lives(bob), true)
	check(t, "observed", w.seen(session.EventEnded), 4)
}

// Who asks for an end and hangs up gets it. Guard: ends.go, Manager.end; manager.go, visit.
func TestP13EndIsCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signedIn("ada")
	ctx, hangUp := context.WithCancel(t.Context())
	w.store.stepIn(func(method string) error {
		if method == "Delete" {
			hangUp()
		}
		return nil
	})
	n, err := w.m.EndAll(ctx, "ada")
	check(t, "ended", n, 1)
	check(t, "error", err, nil)
	check(t, "records", w.live("ada"), 0)

	w.signedIn("ada")
	away := errors.New("away")
	for _, fails := range []string{"BySubject", "Delete"} {
		w.store.stepIn(func(method string) error {
			if method == fails {
				return away
			}
			return nil
		})
		if n, err := w.m.EndAll(t.Context(), "ada"); n != 0 || !errors.Is(err, away) {
			t.Errorf("%s fails: %d, %v", fails, n, err)
		}
	}
	check(t, "records", w.live("ada"), 1)
}

// Guard: manager.go, Manager.Sweep and RunSweeper.
func TestP13Sweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 1200 {
			w.browser().get("/set?city=Oslo")
		}
		keep := w.signedIn("ada")
		n, err := w.m.Sweep(t.Context(), 100)
		check(t, "swept of the living", n, 0)
		check(t, "error", err, nil)
		w.clock.add(90 * time.Minute)
		keep.get("/who")
		w.clock.add(90 * time.Minute)
		n, _ = w.m.Sweep(t.Context(), 100)
		check(t, "swept", n, 100)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		w.store.forget()
		go func() {
			w.m.RunSweeper(ctx, time.Millisecond)
			close(stopped)
		}()
		time.Sleep(time.Millisecond - 1)
		check(t, "calls", len(w.store.called()), 12) // eleven batches of 100, and one of none
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		check(t, "calls of the next round", len(w.store.called()), 13)
		stop()
		<-stopped
		n, _ = w.m.Sweep(t.Context(), 2000)
		check(t, "left by the sweeper", n, 0)
		check(t, "subject", keep.get("/who").body, "ada")
	})
}
