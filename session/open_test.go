package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// A session without a request: by its key it is loaded, changed, saved, and found again; by a
// browser's, too.
func TestOpen(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*world{"store": newWorld(t), "sealed": newSealedWorld(t), "companions": newCompanions(t)} {
		ctx := t.Context()
		s := w.m.Open(ctx, "")
		check(t, name+": nobody", s.Subject()+s.Key(), "")
		if err := s.Save(); err != nil || s.Key() != "" {
			t.Errorf("%s: a stranger who stores nothing: %q, %v", name, s.Key(), err)
		}
		s = w.m.Open(ctx, "")
		s.SignIn("ada")
		city.Set(s, "Oslo")
		check(t, name+": key before the save", s.Key(), "")
		if err := s.Save(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		count.Update(s, func(n int) int { return n + 1 })
		if err := s.Save(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key := s.Key()
		again := w.m.Open(ctx, key)
		oslo, _ := city.Get(again)
		n, _ := count.Get(again)
		check(t, name+": again", fmt.Sprint(again.Subject(), oslo, n, again.Key() == key), fmt.Sprint("ada", "Oslo", 1, true))
		again.SignIn("ada")
		if err := again.Save(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.Key() == key || again.Key() == "" {
			t.Errorf("%s: the key of before: %q", name, again.Key())
		}
		out := w.m.Open(ctx, again.Key())
		out.SignOut()
		if err := out.Save(); err != nil || out.Key() != "" {
			t.Errorf("%s: signed out: %q, %v", name, out.Key(), err)
		}
		if name != "sealed" { // a copy goes on there
			check(t, name+": after the sign-out", w.m.Open(ctx, again.Key()).Subject(), "")
		}
		check(t, name+": no key of ours", w.m.Open(ctx, "x; a=b\r\n").Subject(), "")
	}
}

// The promises hold: no update is lost, a late change is ErrEnded, an answer is not waited for, and a
// browser's key is as good.
func TestOpenKeepsThePromises(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	key := b.cookie[len("__Host-session="):]
	var all sync.WaitGroup
	for i := range 30 {
		all.Add(1)
		go func() {
			defer all.Done()
			s := w.m.Open(context.Background(), key)
			session.Key[int](fmt.Sprint("k", i)).Set(s, i)
			count.Update(s, func(n int) int { return n + 1 })
			if err := s.Save(); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	s := w.m.Open(t.Context(), key)
	n, _ := count.Get(s)
	check(t, "counted", n, 30)
	for i := range 30 {
		if !s.Has(fmt.Sprint("k", i)) {
			t.Errorf("update %d is lost", i)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	late := w.m.Open(cancelled, key)
	check(t, "who", late.Subject(), "ada")
	cancel()
	city.Set(late, "Rome")
	if err := late.Save(); err != nil {
		t.Errorf("a save that nobody waits for: %v", err)
	}
	city.Set(late, "Oslo")
	w.endAll("ada")
	if err := late.Save(); !errors.Is(err, session.ErrEnded) {
		t.Errorf("a change that came too late: %v", err)
	}
	w.clock.add(time.Second)
	check(t, "key of what has ended", w.m.Open(t.Context(), key).Key(), "")
	check(t, "key in a request", inRequest(t, w.m, (*session.Session).Key), "")
}

// A store that is away is no session that has ended, and takes nobody's key. Guard: open.go, Key.
func TestOpenWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.signedIn("ada").cookie[len("__Host-session="):]
	away := errors.New("away")
	w.store.stepIn(func(string) error { return away })
	s := w.m.Open(t.Context(), key)
	if s.Subject() != "" || !errors.Is(s.Err(), away) || !errors.Is(s.Save(), away) || s.Key() != key {
		t.Errorf("%q, %v, key %q", s.Subject(), s.Err(), s.Key())
	}
	w.store.stepIn(nil)
	s = w.m.Open(t.Context(), key)
	s.Renew()
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	renewed := s.Key()
	w.store.stepIn(func(string) error { return away })
	city.Set(s, "Oslo")
	if err := s.Save(); !errors.Is(err, away) || renewed == key || s.Key() != renewed {
		t.Errorf("a renewal that was saved and a change that was not: %v, key %q instead of %q", err, s.Key(), renewed)
	}
}
