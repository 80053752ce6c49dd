package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// issue gives a browser that holds a key issued by this one's session.
func (b *browser) issue() *browser {
	b.w.t.Helper()
	child := b.copy()
	name, _, _ := strings.Cut(b.cookie, "=")
	inRequestOf(b, func(s *session.Session) {
		key, id, err := s.Issue(context.Background())
		if err != nil || key == "" || id == (session.ID{}) {
			b.w.t.Errorf("Issue: %q, %v, %v", key, id, err)
		}
		child.cookie = name + "=" + key
	})
	return child
}

// node is another program on the same store, with the same keys and clock.
func (w *world) node(change ...func(*session.Config)) *world {
	w.t.Helper()
	return newWorld(w.t, append([]func(*session.Config){func(c *session.Config) { c.Home.Store, c.Now = w.store, w.clock.Now }}, change...)...)
}

// at gives the same browser, as another node meets it.
func (b *browser) at(w *world) *browser {
	b = b.copy()
	b.w = w
	return b
}

// A child is a session of its own, of the same subject, on every node. Guard: issue.go,
// Session.Issue, the record.
func TestIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent := w.signedIn("ada")
	parent.get("/set?city=Oslo")
	child := parent.issue()
	other := child.at(w.node())
	check(t, "subject", other.get("/who").body, "ada")
	check(t, "the parent's values", other.get("/city").body, "")
	other.get("/set?city=Rome")
	check(t, "its own", child.get("/city").body, "Rome")
	check(t, "the parent's own", parent.get("/city").body, "Oslo")
	var ids [2]session.ID
	inRequestOf(parent, func(s *session.Session) { ids[0], _ = s.ID() })
	inRequestOf(child, func(s *session.Session) {
		ids[1], _ = s.ID()
		check(t, "signed in since", s.SignedInSince(), w.clock.Now())
	})
	list, err := w.m.List(t.Context(), "ada")
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, i := range list {
		switch i.ID {
		case ids[0]:
			check(t, "the parent's parent", i.Parent, session.ID{})
		case ids[1]:
			check(t, "the child's parent", i.Parent, ids[0])
		default:
			t.Errorf("listed: %v", i)
		}
	}
	made, err := w.memory.Load(t.Context(), ids[1], w.clock.Now())
	check(t, "error", err, nil)
	check(t, "the child's absolute limit", made.Deadline, w.clock.Now().Add(24*time.Hour))
	w.clock.add(time.Hour)
	later := parent.issue()
	inRequestOf(later, func(s *session.Session) { ids[1], _ = s.ID() })
	made, err = w.memory.Load(t.Context(), ids[1], w.clock.Now())
	check(t, "error", err, nil)
	check(t, "the absolute limit of one made later", made.Deadline, w.clock.Now().Add(23*time.Hour))
	check(t, "key", strings.Contains(child.cookie, parent.cookie[len("__Host-session="):][:16]), false)
}

// However the parent ends, the child is over at its next request, on every node, and its record
// goes. Guard: internal/place/stored.go, stored.withParent; lifecycle.go, Session.openIn, Orphaned.
func TestIssueDiesWithParent(t *testing.T) {
	t.Parallel()
	ends := map[string]func(w *world, parent *browser){
		"sign-out":      func(_ *world, parent *browser) { parent.get("/out") },
		"somebody else": func(_ *world, parent *browser) { parent.get("/in?as=bob") },
		"End": func(w *world, _ *browser) {
			list, _ := w.m.List(w.t.Context(), "ada")
			for _, i := range list {
				if i.Parent == (session.ID{}) {
					check(w.t, "End", w.m.End(w.t.Context(), "ada", i.ID), nil)
				}
			}
		},
		"EndAll":        func(w *world, _ *browser) { _, _ = w.m.EndAll(w.t.Context(), "ada") },
		"EndEverything": func(w *world, _ *browser) { _, _ = w.m.EndEverything(w.t.Context()) },
		"idle limit": func(w *world, _ *browser) {
			w.clock.add(2 * time.Hour)
		},
		"swept away": func(w *world, _ *browser) {
			w.clock.add(2 * time.Hour)
			_, _ = w.m.Sweep(w.t.Context(), 10)
		},
		"sign-out and in": func(w *world, parent *browser) {
			inRequestOf(parent, func(s *session.Session) { s.SignOut(); s.SignIn("ada") })
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			parent := w.signedIn("ada")
			child := parent.issue()
			if strings.HasSuffix(name, "limit") || strings.HasPrefix(name, "swept") { // the child is in use all the time
				w.clock.add(time.Hour)
				check(t, "before", child.get("/who").body, "ada")
				w.clock.add(-time.Hour)
			}
			check(t, "before", child.copy().get("/who").body, "ada")
			end(w, parent)
			left := w.live("ada")
			for _, b := range []*browser{child, child.at(w.node())} {
				a := b.copy().get("/set?city=Oslo")
				check(t, "subject", b.copy().get("/who").body, "")
				check(t, "status", a.status, http.StatusOK)
			}
			if !strings.HasPrefix(name, "End") { // which have taken the child along
				check(t, "records that went", left-w.live("ada"), 1)
			}
			list, _ := w.m.List(t.Context(), "ada")
			for _, i := range list {
				check(t, "left in the list: parent", i.Parent, session.ID{})
			}
		})
	}
}

// A renewal, or the same person once more, leaves the children; their own end leaves the parent and
// each other. Guard: issue.go, Parent; internal/place/stored.go, stored.withParent.
func TestIssueLives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	parent := w.signedIn("ada")
	first, second := parent.issue(), parent.issue()
	for _, path := range []string{"/renew", "/in?as=ada", "/in?as=ada&remember=1"} {
		parent.get(path)
		check(t, path, first.get("/who").body, "ada")
	}
	first.get("/out")
	check(t, "the child that left", first.get("/who").body, "")
	check(t, "its sibling", second.get("/who").body, "ada")
	check(t, "its parent", parent.get("/who").body, "ada")
	second.get("/in?as=bob")
	check(t, "the parent of one who became somebody else", parent.get("/who").body, "ada")
	parent.get("/out")
	check(t, "the one who became somebody else", second.get("/who").body, "bob")
}

// A child ends with its parent's absolute limit at the latest, whatever it is used for meanwhile.
// Guard: issue.go, Deadline.
func TestIssueIsNotLonger(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"used": false, "signed in again": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			parent := w.signedIn("ada")
			var child *browser
			for hour := range 24 {
				w.clock.add(time.Hour - time.Second)
				check(t, "parent", parent.get("/who").body, "ada")
				switch {
				case hour == 21:
					child = parent.issue()
				case hour > 21:
					check(t, "child", child.get("/who").body, "ada")
				}
			}
			if again {
				child.get("/in?as=ada")
			}
			list, _ := w.m.List(t.Context(), "ada")
			check(t, "listed", len(list), 2)
			w.clock.add(24*time.Second - time.Millisecond)
			check(t, "child just before", child.get("/who").body, "ada")
			w.clock.add(time.Millisecond)
			check(t, "child at the end", child.get("/who").body, "")
		})
	}
}

// A key that was issued issues none: taken away, it leaves nothing behind. Guard: issue.go,
// Session.Issue.
func TestIssueByAChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	child := w.signedIn("ada").issue()
	inRequestOf(child, func(s *session.Session) {
		if key, _, err := s.Issue(t.Context()); key != "" || !errors.Is(err, session.ErrUnsupported) {
			t.Errorf("a key %q of a child's, error %v", key, err)
		}
	})
	check(t, "the child", child.get("/who").body, "ada")
}

// To end all others one need not know of parents. Guard: ends.go, Manager.EndAll, keep.
func TestIssueEndAllOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent, stray := w.signedIn("ada"), w.signedIn("ada")
	child, sibling := parent.issue(), parent.issue()
	var id session.ID
	inRequestOf(child, func(s *session.Session) { id, _ = s.ID() })
	n, err := w.m.EndAll(t.Context(), "ada", id)
	check(t, "error", err, nil)
	check(t, "ended", n, 2)
	for name, test := range map[string]struct {
		b    *browser
		want string
	}{"child": {child, "ada"}, "parent": {parent, "ada"}, "sibling": {sibling, ""}, "another session": {stray, ""}} {
		check(t, name, test.b.get("/who").body, test.want)
	}
	inRequestOf(parent, func(s *session.Session) { id, _ = s.ID() })
	n, _ = w.m.EndAll(t.Context(), "ada", id)
	check(t, "ended, all but the parent", n, 1)
	check(t, "child", child.get("/who").body, "")
}

// Who gets none. Guard: issue.go, Session.Issue, its switch.
func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := func(s *session.Session) error {
		key, id, err := s.Issue(t.Context())
		if key != "" || id != (session.ID{}) {
			t.Errorf("gave %q, %v", key, id)
		}
		return err
	}
	for name, test := range map[string]struct {
		f    func(*session.Session) error
		want error
	}{
		"stranger":          {issue, session.ErrNotSignedIn},
		"stranger's record": {func(s *session.Session) error { city.Set(s, "Oslo"); return issue(s) }, session.ErrNotSignedIn},
		"signed out":        {func(s *session.Session) error { s.SignIn("ada"); s.SignOut(); return issue(s) }, session.ErrNotSignedIn},
		"after an error":    {func(s *session.Session) error { city.Set(s, strings.Repeat("x", 1<<20)); return issue(s) }, session.ErrTooLarge},
	} {
		if err := inRequest(t, w.m, test.f); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := issue(session.From(t.Context())); !errors.Is(err, session.ErrNoMiddleware) {
		t.Errorf("no middleware: %v", err)
	}
	sealed := newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() })
	b := sealed.browser()
	b.get("/in?as=ada")
	inRequestOf(b, func(s *session.Session) {
		if err := issue(s); !errors.Is(err, session.ErrUnsupported) {
			t.Errorf("sealed: %v", err)
		}
	})
	w.on("/late", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Subject()
		_, _ = rw.Write([]byte("begun"))
		if err := issue(s); !errors.Is(err, session.ErrCommitted) {
			t.Errorf("after the first byte: %v", err)
		}
	})
	w.signedIn("ada").get("/late")
}

// A store that fails gives no key, and leaves the request as it was. Guard: issue.go,
// Session.Issue, the error of Write.
func TestIssueStoreAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	away := errors.New("away")
	w.store.stepIn(func(method string) error {
		if method == "Create" {
			return away
		}
		return nil
	})
	inRequestOf(b, func(s *session.Session) {
		if key, _, err := s.Issue(t.Context()); key != "" || !errors.Is(err, away) {
			t.Errorf("%q, %v", key, err)
		}
		check(t, "subject", s.Subject(), "ada")
	})
	check(t, "records", w.live("ada"), 1)
}

// What the request changed before is saved first, so that a sign-in can issue at once; who asks and
// hangs up is served. Guard: issue.go, Save and visit.
func TestIssueAtSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	var key string
	b := w.browser()
	inRequestOf(b, func(s *session.Session) {
		s.SignIn("ada")
		var err error
		if key, _, err = s.Issue(gone); err != nil {
			t.Error(err)
		}
	})
	check(t, "subject", b.get("/who").body, "ada")
	child := &browser{w: w, header: http.Header{}, cookie: "__Host-session=" + key}
	check(t, "child", child.get("/who").body, "ada")
	b.get("/out")
	check(t, "child afterwards", child.get("/who").body, "")
}

// A program on the command line carries its key in a header. Guard: lifecycle.go,
// Session.presented.
func TestIssueForAHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent := w.signedIn("ada")
	_, key, _ := strings.Cut(parent.issue().cookie, "=")
	api := w.node(func(c *session.Config) { c.Header = "X-Session-Key" })
	program := api.browser().asks("X-Session-Key: Bearer " + key)
	check(t, "subject", program.get("/who").body, "ada")
	a := program.get("/in?as=ada") // rotates its key
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "the old key", program.get("/who").body, "")
	program = api.browser().asks("X-Session-Key: " + a.header.Get("X-Session-Key"))
	check(t, "the new key", program.get("/who").body, "ada")
	parent.get("/out")
	check(t, "after the parent's end", program.get("/who").body, "")
}

// Where it counts, one that is used by its child alone does not reach its idle limit, but the
// absolute one. Guard: issue.go, Session.useParent.
func TestIssuedCounts(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"reads": "/who", "writes": "/set?city=Oslo"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) { c.IssuedCounts = true })
			parent := w.signedIn("ada")
			child := parent.issue()
			for hour := range 23 {
				w.clock.add(time.Hour)
				check(t, fmt.Sprint("status in hour ", hour), child.get(path).status, http.StatusOK)
			}
			check(t, "child", child.get("/who").body, "ada")
			check(t, "parent", parent.get("/who").body, "ada")
			w.clock.add(time.Hour)
			check(t, "child at the end", child.get("/who").body, "")
		})
	}
}

// A use that cannot be noted is passed over. Guard: issue.go, Session.useParent.
func TestIssuedCountsStoreAway(t *testing.T) {
	t.Parallel()
	var failed []session.Event
	w := newWorld(t, func(c *session.Config) {
		c.IssuedCounts = true
		c.Observe = func(_ context.Context, e session.Event) {
			if e.Kind == session.EventTouchFailed {
				failed = append(failed, e)
			}
		}
	})
	parent := w.signedIn("ada")
	child := parent.issue()
	w.clock.add(time.Hour)
	w.store.stepIn(func(method string) error {
		if method == "Touch" {
			return errors.New("away")
		}
		return nil
	})
	check(t, "status of a write", child.get("/set?city=Oslo").status, http.StatusOK)
	check(t, "told", len(failed), 1)
}
