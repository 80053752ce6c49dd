package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// judged makes a world whose Config.Valid is f, and counts its calls.
func judged(t testing.TB, calls *int, f func(w *world, ctx context.Context, s *session.Session) (bool, error)) *world {
	t.Helper()
	var w *world
	w = newWorld(t, func(c *session.Config) {
		c.Valid = func(ctx context.Context, s *session.Session) (bool, error) {
			*calls++
			return f(w, ctx, s)
		}
	})
	return w
}

// An account that is disabled signs out everybody who holds it, at the next request, and their
// records go. Guard: valid.go, Session.valid.
func TestValidDisabled(t *testing.T) {
	t.Parallel()
	disabled, calls := map[string]bool{}, 0
	w := judged(t, &calls, func(_ *world, _ context.Context, s *session.Session) (bool, error) {
		return !disabled[s.Subject()], nil
	})
	ada, other, bob := w.signedIn("ada"), w.signedIn("ada"), w.signedIn("bob")
	check(t, "before", ada.get("/who").body, "ada")
	disabled["ada"] = true
	a := ada.get("/who")
	check(t, "status", a.status, http.StatusOK)
	check(t, "subject", a.body, "")
	check(t, "Vary", a.header.Get("Vary"), "Cookie")
	check(t, "records", w.live("ada"), 1)
	check(t, "observed", w.seen(session.EventEnded), 1)
	check(t, "the city of the other", other.get("/city").body, "")
	check(t, "bob", bob.get("/who").body, "bob")
	disabled["ada"] = false
	check(t, "an end is final", ada.get("/who").body, "")
	w.signedIn("ada")
}

// It is asked once for each request that uses a session of somebody, and not for others. Guard:
// valid.go, Session.valid, its first condition.
func TestValidIsAskedOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	w := judged(t, &calls, func(*world, context.Context, *session.Session) (bool, error) { return true, nil })
	w.on("/", func(http.ResponseWriter, *http.Request, *session.Session) {})
	w.on("/much", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Subject()
		city.Set(s, "Oslo")
		count.Update(s, func(n int) int { return n + 1 })
		s.Flash("a", "b")
		s.Flashes()
		_ = s.Save()
		s.Renew()
		s.Subject()
	})
	b := w.browser()
	b.get("/set?city=Oslo")
	b.get("/city")
	check(t, "a stranger", calls, 0)
	b.get("/in?as=ada")
	check(t, "a sign-in", calls, 0)
	b.get("/")
	check(t, "no use", calls, 0)
	b.get("/much")
	check(t, "much use", calls, 1)
	forged := w.browser()
	forged.cookie = b.cookie[:len(b.cookie)-1] + "!"
	forged.get("/who")
	check(t, "a forged cookie", calls, 1)
	b.get("/who")
	check(t, "another request", calls, 2)
	out := b.copy()
	out.get("/out")
	check(t, "a sign-out", calls, 3)
	b.get("/who")
	check(t, "one that has ended", calls, 3)
}

// What was signed in before a password was changed is over; what was after goes on. Guard:
// valid.go, Session.view.
func TestValidSincePasswordChange(t *testing.T) {
	t.Parallel()
	var changed time.Time
	calls := 0
	w := judged(t, &calls, func(_ *world, _ context.Context, s *session.Session) (bool, error) {
		return !s.SignedInSince().Before(changed), nil
	})
	thief, b := w.signedIn("ada"), w.signedIn("ada")
	child := thief.issue()
	w.clock.add(time.Minute)
	changed = w.clock.Now()
	b.get("/in?as=ada")
	check(t, "signed in anew at that moment", b.get("/who").body, "ada")
	check(t, "the other", thief.get("/who").body, "")
	check(t, "what the other issued", child.get("/who").body, "")
	check(t, "records", w.live("ada"), 1)
}

// The session can be read in it, not changed: what it does to it is lost, and spoils nothing of the
// request's own. Guard: valid.go, Session.view.
func TestValidOnlyReads(t *testing.T) {
	t.Parallel()
	const epoch session.Key[int] = "epoch"
	calls := 0
	var seen, late error
	w := judged(t, &calls, func(_ *world, ctx context.Context, s *session.Session) (bool, error) {
		n, ok := epoch.Get(s)
		if !ok || n != 7 || !s.Has("epoch") || s.Subject() != "ada" || s.SignedInSince().IsZero() || s.Err() != nil {
			t.Errorf("sees %d %t %q", n, ok, s.Subject())
		}
		if id, ok := s.ID(); !ok || id == (session.ID{}) {
			t.Error("sees no id")
		}
		if from := session.From(ctx); !errors.Is(from.Err(), session.ErrNoMiddleware) {
			t.Error("reaches the session of the request")
		}
		switch calls % 9 {
		case 0:
			epoch.Set(s, 8)
		case 1:
			epoch.Delete(s)
		case 2:
			s.SignOut()
		case 3:
			s.SignIn("eve")
		case 4:
			s.Clear()
		case 5:
			epoch.Pop(s)
		case 6:
			epoch.Update(s, func(int) int { return 9 })
		case 7:
			s.Flash("a", "b")
			s.Flashes()
		case 8:
			s.Renew()
			_, _ = s.TakeCookie()
			s.Discard()
		}
		if seen = s.Err(); calls%9 != 8 && !errors.Is(seen, session.ErrCommitted) {
			t.Errorf("writing: %v", seen)
		}
		late = s.Save()
		_, _, err := s.Issue(ctx)
		if !errors.Is(late, session.ErrCommitted) || !errors.Is(err, session.ErrCommitted) {
			t.Errorf("Save: %v, Issue: %v", late, err)
		}
		return true, nil
	})
	b := w.browser()
	inRequestOf(b, func(s *session.Session) { s.SignIn("ada"); epoch.Set(s, 7) })
	for range 18 {
		w.store.forget()
		was := b.cookie
		a := b.get("/who")
		check(t, "status", a.status, http.StatusOK)
		check(t, "subject", a.body, "ada")
		check(t, "store calls", strings.Join(w.store.called(), " "), "Load")
		check(t, "cookie", b.cookie, was)
	}
	check(t, "calls", calls, 18)
}

// Not to know is no answer: the request fails like one whose store is away, nobody is signed out,
// and nothing ends. Guard: valid.go, Session.valid, its error.
func TestValidFails(t *testing.T) {
	t.Parallel()
	down := errors.New("no accounts")
	var err error
	calls := 0
	w := judged(t, &calls, func(*world, context.Context, *session.Session) (bool, error) { return err == nil, err })
	b := w.signedIn("ada")
	err = down
	for _, path := range []string{"/who", "/set?city=Oslo", "/in?as=bob", "/out"} {
		a := b.get(path)
		check(t, path, a.status, http.StatusServiceUnavailable)
		check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	}
	check(t, "observed", w.seen(session.EventLoadFailed), 4)
	check(t, "records", w.live("ada"), 1)
	err = nil
	check(t, "subject", b.get("/who").body, "ada")
}

// Whom it refuses may sign in, or do what strangers do, in the same request. Guard: lifecycle.go,
// Session.openIn.
func TestValidThenSignIn(t *testing.T) {
	t.Parallel()
	calls := 0
	var refuses bool
	w := judged(t, &calls, func(*world, context.Context, *session.Session) (bool, error) { return !refuses, nil })
	for _, path := range []string{"/in?as=ada", "/in?as=bob", "/set?city=Oslo", "/out"} {
		refuses = false
		b := w.signedIn("ada")
		b.get("/set?city=Rome")
		was := b.cookie
		refuses = true
		check(t, path, b.get(path).status, http.StatusOK)
		refuses = false
		if path == "/out" {
			check(t, "cookie", b.cookie, "")
			continue
		}
		if b.cookie == was {
			t.Errorf("%s goes on with the old key", path)
		}
		if c := b.get("/city").body; c == "Rome" {
			t.Errorf("%s inherits %s", path, c)
		}
		_, _ = w.m.EndEverything(t.Context())
	}
}

// The refused record is not deleted: nobody gets in by it all the same, and it is told. Guard:
// valid.go, Session.endQuietly.
func TestValidCannotEnd(t *testing.T) {
	t.Parallel()
	calls := 0
	refuses := false
	w := judged(t, &calls, func(*world, context.Context, *session.Session) (bool, error) { return !refuses, nil })
	b := w.signedIn("ada")
	refuses = true
	w.store.stepIn(func(method string) error {
		if method == "Delete" {
			return errors.New("read only")
		}
		return nil
	})
	check(t, "subject", b.get("/who").body, "")
	check(t, "observed", w.seen(session.EventSaveFailed), 1)
}

// A session sealed in its cookie cannot be ended, but refused. Guard: valid.go, Session.valid;
// internal/place/carried.go, carried.Records.
func TestValidSealed(t *testing.T) {
	t.Parallel()
	refuses := false
	w := newWorld(t, func(c *session.Config) {
		c.Home.Store, c.Home.Format = nil, sealed.New()
		c.Valid = func(context.Context, *session.Session) (bool, error) { return !refuses, nil }
	})
	b := w.signedIn("ada")
	check(t, "before", b.copy().get("/who").body, "ada")
	refuses = true
	check(t, "refused", b.copy().get("/who").body, "")
}

// A client that hangs up does not make Config.Valid fail, and with it the write (P12).
func TestValidWhenTheClientHangsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.Valid = func(ctx context.Context, _ *session.Session) (bool, error) { return true, ctx.Err() }
	})
	b := w.signedIn("ada")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := newRecorder()
	w.h.ServeHTTP(rec, b.request("GET", "/set?city=Oslo").WithContext(ctx))
	check(t, "city", b.get("/city").body, "Oslo")
}
