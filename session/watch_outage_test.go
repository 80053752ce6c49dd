//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// muteStore is a store that can stop answering: a Load then waits for its context.
type muteStore struct {
	store.Store
	gate clock // its time is the switch, for the lock around it
}

func (h *muteStore) set(on bool) {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	h.gate.now = time.Time{}
	if on {
		h.gate.now = time.Unix(1, 0)
	}
}

func (h *muteStore) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	if !h.gate.Now().IsZero() {
		<-ctx.Done()
		return store.Record{}, ctx.Err()
	}
	return h.Store.Load(ctx, id, now)
}

// A store that is away for a moment ends nothing; one that stays away is told, as what it is.
// Guard: watch.go, Session.Watch, watchGrace.
func TestWatchStoreAway(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for name, fail := range map[string]func(w *world, st *muteStore, on bool){
		"error": func(w *world, _ *muteStore, on bool) {
			w.store.stepIn(func(string) error {
				if on {
					return away
				}
				return nil
			})
		},
		"silence": func(_ *world, st *muteStore, on bool) { st.set(on) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, realTime)
				st := &muteStore{Store: w.store.Store}
				w.store.Store = st
				b := w.signedIn("ada")
				ended, _ := b.copy().watching()
				time.Sleep(time.Minute)
				short := 3 * time.Second
				if name == "silence" {
					short = time.Second
				}
				for range 3 {
					fail(w, st, true)
					time.Sleep(short)
					fail(w, st, false)
					time.Sleep(10 * time.Second)
				}
				synctest.Wait()
				select {
				case err := <-ended:
					t.Fatalf("ended by a short outage: %v", err)
				default:
				}
				fail(w, st, true)
				began := time.Now()
				err := <-ended
				if err == nil || errors.Is(err, session.ErrEnded) || errors.Is(err, context.Canceled) {
					t.Errorf("Watch: %v", err)
				}
				if name == "error" && !errors.Is(err, away) {
					t.Errorf("Watch: %v", err)
				}
				if took := time.Since(began); took < 5*time.Second || took > 10*time.Second {
					t.Errorf("gave up after %v", took)
				}
			})
		})
	}
}

// An end during an outage is noticed when the store is back. Guard: watch.go, Session.Watch, gone.
func TestWatchEndsDuringOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		b := w.signedIn("ada")
		ended, _ := b.copy().watching()
		time.Sleep(time.Minute)
		w.store.stepIn(func(method string) error {
			if method == "Load" {
				return errors.New("away")
			}
			return nil
		})
		_, _ = w.m.EndAll(t.Context(), "ada")
		time.Sleep(3 * time.Second)
		w.store.stepIn(nil)
		began := time.Now()
		if err := <-ended; !errors.Is(err, session.ErrEnded) {
			t.Errorf("Watch: %v", err)
		}
		check(t, "noticed at once", time.Since(began) <= 2*time.Second, true)
	})
}

// Silence of three seconds ends no watch. Guard: watch.go, watchGrace.
func TestWatchShortSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		store := &muteStore{Store: w.store.Store}
		w.store.Store = store
		b := w.signedIn("ada")
		ended, _ := b.copy().watching()
		time.Sleep(time.Minute + 100*time.Millisecond)
		for range 3 {
			store.set(true)
			time.Sleep(4 * time.Second)
			store.set(false)
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("ended by a short silence: %v", err)
		default:
		}
		b.get("/out")
		<-ended
	})
}
