package door_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// history is what the visitor of a browser sees of somebody.
func (b *browser) history(target string) (h door.History) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		var err error
		if h, err = b.site.Door.History(ctx, v, target); err != nil {
			b.t.Fatal(err)
		}
	})
	return h
}

// TestHistory: whatever ends a session, the list says so: when, why and by whom; and of one that
// nobody ended, when it was used last.
func TestHistory(t *testing.T) {
	t.Parallel()
	type world struct {
		s         *sitetest.Site
		ada, root account.Developer
		b, admin  *browser // the session that ends, and an admin's
		reader    *browser // another one of the same owner
	}
	end := func(b *browser, target, id string) error {
		var err error
		b.visit(func(ctx context.Context, v *door.Visit) { _, err = b.site.Door.EndSession(ctx, v, target, id) })
		return err
	}
	for _, c := range []struct {
		name string
		end  func(w *world) error
		why  account.Ending
		by   string
		read bool // it is the admin who reads, for the reader is out as well
	}{
		{"signs out", func(w *world) error {
			w.b.visit(func(ctx context.Context, v *door.Visit) { w.s.Door.SignOut(ctx, v) })
			return nil
		}, account.SignedOut, "Ada", false},
		{"ends the session it is in", func(w *world) error { return end(w.b, w.ada.ID, w.b.own()) }, account.SignedOut, "Ada", false},
		{"its owner, elsewhere", func(w *world) error { return end(w.reader, w.ada.ID, w.b.own()) }, account.EndedElsewhere, "Ada", false},
		{"an admin", func(w *world) error { return end(w.admin, w.ada.ID, w.b.own()) }, account.EndedByAdmin, "Root", false},
		{"the command line", func(w *world) error {
			_, err := w.s.Door.EndSession(context.Background(), door.Program(), w.ada.ID, w.b.own())
			return err
		}, account.EndedByAdmin, book.CommandLine, false},
		{"disowned", func(w *world) (err error) {
			id := w.b.own()
			w.reader.visit(func(ctx context.Context, v *door.Visit) { _, err = w.s.Door.DisownSession(ctx, v, id) })
			return err
		}, account.Disowned, "Ada", false},
		{"all others", func(w *world) (err error) {
			w.reader.visit(func(ctx context.Context, v *door.Visit) {
				_, err = w.s.Door.EndSessions(ctx, v, w.ada.ID, door.EndSessions{})
			})
			return err
		}, account.EndedElsewhere, "Ada", false},
		{"all, by an admin", func(w *world) (err error) {
			w.admin.visit(func(ctx context.Context, v *door.Visit) {
				_, err = w.s.Door.EndSessions(ctx, v, w.ada.ID, door.EndSessions{})
			})
			return err
		}, account.EndedByAdmin, "Root", true},
		{"a new password", func(w *world) error {
			_, err := w.reader.change(w.ada.ID, door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password})
			return err
		}, account.PasswordChanged, "Ada", false},
		{"a new password, by the command line", func(w *world) error {
			_, err := w.s.Door.ResetPassword(context.Background(), door.Program(), w.ada.Email, newPassword)
			return err
		}, account.PasswordChanged, book.CommandLine, true},
		{"the account is disabled", func(w *world) error {
			_, err := w.admin.change(w.ada.ID, door.DeveloperChange{Disabled: ptr(true)})
			return err
		}, account.AccountDisabled, "Root", true},
		{"signs in again", func(w *world) error {
			w.b.jar = nil // the browser was closed
			return w.b.signIn(w.ada.Email, sitetest.Password)
		}, account.SignedInAgain, "Ada", false},
		{"unused", func(w *world) error {
			w.s.Clock.Turn(time.Hour)
			w.reader.who()
			w.s.Clock.Turn(time.Hour)
			return nil
		}, account.Unused, "", false},
		{"its time is over", func(w *world) error {
			for range 25 {
				w.b.who()
				w.s.Door.WriteSeen(context.Background())
				w.s.Clock.Turn(time.Hour)
			}
			w.reader = signedIn(t, w.s, w.ada)
			return nil
		}, account.TimeOver, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			w := &world{s: s, ada: s.Developer("Ada", account.Member), root: s.Developer("Root", account.Admin)}
			began := s.Clock.Now()
			w.b = signedIn(t, s, w.ada)
			id := w.b.own()
			s.Clock.Turn(time.Minute)
			w.reader, w.admin = signedIn(t, s, w.ada), signedIn(t, s, w.root)
			if n := len(w.reader.history(w.ada.ID).Ended); n != 0 {
				t.Fatalf("%d have ended before any has", n)
			}
			if err := c.end(w); err != nil {
				t.Fatal(err)
			}
			reader := w.reader
			if c.read {
				reader = w.admin
			}
			var got *door.EndedSession
			for _, e := range reader.history(w.ada.ID).Ended {
				if e.Session == id {
					got = &e
				}
			}
			if got == nil {
				t.Fatal("it is not listed")
			}
			if got.Reason != c.why || got.ByName != c.by || got.Method != account.ByPassword || !got.Began.Equal(began.Truncate(time.Millisecond)) {
				t.Errorf("ended: %+v", got)
			}
			if got.At.After(s.Clock.Now()) || got.At.Before(got.LastSeen) || got.LastSeen.Before(got.Began) {
				t.Errorf("times: began %v, last seen %v, ended %v", got.Began, got.LastSeen, got.At)
			}
		})
	}
}

// TestHistoryLastSeen: the last use is known of a session that nobody has ended, and nobody who is
// still there is told to be out.
func TestHistoryLastSeen(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	id := b.own()
	s.Clock.Turn(time.Hour)
	used := s.Clock.Now()
	b.who()
	s.Door.WriteSeen(t.Context())
	s.Clock.Turn(90 * time.Minute)
	b.who() // of which nothing is written down yet
	s.Clock.Turn(time.Hour)
	reader := signedIn(t, s, ada)
	if h := reader.history(ada.ID); len(h.Ended) != 0 || len(h.Live) != 2 {
		t.Errorf("somebody who is there: %+v", h)
	}
	s.Clock.Turn(time.Hour)
	h := signedIn(t, s, ada).history(ada.ID)
	if len(h.Ended) == 0 || h.Ended[len(h.Ended)-1].Session != id || !h.Ended[len(h.Ended)-1].LastSeen.Equal(used.Truncate(time.Millisecond)) {
		t.Errorf("last used at %v: %+v", used, h.Ended)
	}
}

// TestHistoryKept: thirty days from the end on, and no longer; of many the newest, and that there
// are more.
func TestHistoryKept(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	for range door.MostEnded + 1 {
		b := signedIn(t, s, ada)
		b.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
		s.Clock.Turn(time.Minute)
	}
	reader := signedIn(t, s, ada)
	h := reader.history(ada.ID)
	if len(h.Ended) != door.MostEnded || !h.More || !h.Ended[0].At.After(h.Ended[1].At) {
		t.Errorf("%d ended, more: %v", len(h.Ended), h.More)
	}
	s.Clock.Turn(account.SignInsKept - 2*time.Minute)
	if h = signedIn(t, s, ada).history(ada.ID); len(h.Ended) != 2 || h.More { // the last of them, and the reader
		t.Errorf("after thirty days: %d", len(h.Ended))
	}
}

// TestHistoryOfOthers: a member sees their own.
func TestHistoryOfOthers(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	signedIn(t, s, bob).visit(func(ctx context.Context, v *door.Visit) {
		if _, err := s.Door.History(ctx, v, ada.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
	})
}

// TestHistoryShared: a session that another program has begun is entered when it ends here.
func TestHistoryShared(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	ada := s.Developer("Ada", account.Member)
	b, reader := begunBy(t, s, ada), signedIn(t, s, ada)
	if b.who() != "Ada" {
		t.Fatal("not signed in")
	}
	id := b.own()
	reader.visit(func(ctx context.Context, v *door.Visit) {
		if _, err := s.Door.EndSession(ctx, v, ada.ID, id); err != nil {
			t.Fatal(err)
		}
	})
	h := reader.history(ada.ID)
	if len(h.Ended) != 1 || h.Ended[0].Session != id || h.Ended[0].Reason != account.EndedElsewhere || h.Ended[0].Method != account.Elsewhere {
		t.Errorf("%+v", h.Ended)
	}
}

// TestNameSession: a name stays with the device, is shown, and takes the mark of a new one away.
func TestNameSession(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	b, reader := signedIn(t, s, ada), signedIn(t, s, ada)
	name := func(by *browser, id, name string) (one door.SessionInfo, err error) {
		by.visit(func(ctx context.Context, v *door.Visit) { one, err = s.Door.NameSession(ctx, v, id, name) })
		return one, err
	}
	of := func(id string) (one door.SessionInfo) {
		for _, i := range reader.history(ada.ID).Live {
			if i.ID == id {
				one = i
			}
		}
		return one
	}
	if !of(b.own()).New {
		t.Fatal("it is not new")
	}
	const called = "Küche \U0001f469\u200d\U0001f373"
	if one, err := name(reader, b.own(), "  "+called+" "); err != nil || one.Called() != called {
		t.Fatalf("%+v, %v", one, err)
	}
	wantActivity(t, s, book.ActionDeviceNamed, ada.ID, ada.ID)
	if one := of(b.own()); one.New || one.Name != called || one.Device != "Unknown browser" {
		t.Errorf("named: %+v", one)
	}
	if err := b.signIn(ada.Email, sitetest.Password); err != nil || of(b.own()).Name != called {
		t.Errorf("after the next sign-in: %+v, %v", of(b.own()), err)
	}
	for _, bad := range []string{strings.Repeat("x", 41), "a\u202eb", "\u3164", "a\nb", "\xff"} {
		_, err := name(reader, b.own(), bad)
		wantKind(t, err, fault.Invalid)
	}
	_, err := name(signedIn(t, s, bob), b.own(), "mine")
	wantKind(t, err, fault.NotFound)
	if diff := cmp.Diff(called, of(b.own()).Name); diff != "" {
		t.Error(diff)
	}
	if one, err := name(reader, b.own(), ""); err != nil || one.Called() != "Unknown browser" || of(b.own()).Name != "" {
		t.Errorf("taken away: %+v, %v", one, err)
	}
}

// TestHistoryQuestions: the list takes as many questions for a hundred sessions as for one.
func TestHistoryQuestions(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	reader := signedIn(t, s, ada)
	var before []string
	for range 5 {
		reader.visit(func(ctx context.Context, v *door.Visit) {
			faults.Plan(0, 0, sitetest.Error)
			if _, err := s.Door.History(ctx, v, ada.ID); err != nil {
				t.Fatal(err)
			}
		})
		calls := faults.Calls()
		if before != nil {
			if diff := cmp.Diff(before, calls); diff != "" {
				t.Errorf("more questions with more sessions (-before +now):\n%s", diff)
			}
		}
		before = calls
		signedIn(t, s, ada)
		b := signedIn(t, s, ada)
		b.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
	}
	if len(before) > 4 {
		t.Errorf("questions: %q", before)
	}
}

// TestHistoryAtTheEnd: what was seen last is written down when the program ends.
func TestHistoryAtTheEnd(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	id := b.own()
	s.Clock.Turn(time.Hour)
	used := s.Clock.Now().UTC().Truncate(time.Millisecond)
	b.who()
	ended, end := context.WithCancel(t.Context())
	end()
	s.Door.KeepSeen(ended, time.Hour)
	s.Clock.Turn(3 * time.Hour)
	h := signedIn(t, s, ada).history(ada.ID)
	if len(h.Ended) != 1 || h.Ended[0].Session != id || !h.Ended[0].LastSeen.Equal(used) || !h.Ended[0].At.Equal(used.Add(2*time.Hour)) {
		t.Errorf("last used at %v: %+v", used, h.Ended)
	}
}

// TestHistoryFails: a history that cannot be written stops nobody from signing in or out, and from
// ending what is not theirs.
func TestHistoryFails(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	b, reader := signedIn(t, s, ada), signedIn(t, s, ada)
	faults.Only("signins.End", sitetest.Error)
	if _, err := reader.end(ada.ID, b.own()); err != nil || b.who() != "" {
		t.Errorf("ended: %v, and they are %q", err, b.who())
	}
	reader.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
	if who := reader.who(); who != "" {
		t.Errorf("signed out, and they are %q", who)
	}
}
