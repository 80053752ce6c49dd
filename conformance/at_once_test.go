package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// meeting gives a function that returns when n have called it.
func meeting(n int) (wait func()) {
	var group sync.WaitGroup
	group.Add(n)
	return func() {
		group.Done()
		group.Wait()
	}
}

// testMoveAtOnce: requests that come at once with one cookie of the old home become one record, and
// none of their writes is lost.
func testMoveAtOnce(t *testing.T, c *moveClock, home, old store.Store) {
	const n = 30
	ada := newMover(t)
	ada.get(moveNode(t, c, old), "/in?as=ada")
	m := moveManager(t, c, movestore.New(home, old))
	wait := meeting(n)
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		who := s.Subject()
		wait()
		if who != "ada" {
			t.Errorf("%q is signed in", who)
		}
		session.Key[bool](r.URL.Path).Set(s, true)
		moveCount.Update(s, func(n int) int { return n + 1 })
	}))
	var group sync.WaitGroup
	movers := make([]*mover, n)
	for i := range n {
		movers[i] = ada.copy()
		group.Go(func() { movers[i].get(h, fmt.Sprint("/", i)) })
	}
	group.Wait()
	if list, err := m.List(t.Context(), "ada"); err != nil || len(list) != 1 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	for i, v := range movers {
		var kept int
		var has bool
		v.get(m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s := session.From(r.Context())
			kept, _ = moveCount.Get(s)
			has = s.Has(fmt.Sprint("/", i))
		})), "/")
		if kept != n || !has {
			t.Fatalf("caller %d sees %d of %d, and their own write %t", i, kept, n, has)
		}
	}
}

// TestCompanions: sessions that travel in a cookie which a Flask application writes, too, have their
// companion records in a database.
func TestCompanions(t *testing.T) {
	t.Parallel()
	for _, d := range databases() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, d.address(t), 10)
			t.Run("enrolled at once", func(t *testing.T) { testEnrolAtOnce(t, d.fresh(t, db)) })
			for _, how := range []string{"End", "sign-out", "EndAll"} {
				t.Run("ended by "+how, func(t *testing.T) { testEndedStaysEnded(t, d.fresh(t, db), how) })
			}
		})
	}
}

// companion is a program beside a Flask application. It counts the records that came into being.
type companion struct {
	*session.Manager
	c       moveClock
	created atomic.Int64
}

func newCompanion(t *testing.T, s store.Store) *companion {
	t.Helper()
	p := &companion{}
	app := flask.Config{SecretKey: []byte(flaskSecret), Lifetime: 30 * 24 * time.Hour}
	config, err := app.Sessions(session.Config{
		Home: session.Home{Store: s, Cookie: session.Cookie{PlainHTTP: true}}, Now: p.c.Now,
		SaveTimeout: time.Hour, // on a busy machine a crowd takes its time
		Observe: func(_ context.Context, e session.Event) {
			if e.Kind == session.EventCreated {
				p.created.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Manager, err = session.New(config); err != nil {
		t.Fatal(err)
	}
	return p
}

// elsewhere gives a browser whose cookie the Flask application made now.
func (p *companion) elsewhere(t *testing.T) *mover {
	v := newMover(t)
	v.jar["session"] = flaskSigner(t).Sign([]byte(`{"_permanent":true,"_user_id":"ada","city":"Oslo"}`), p.c.Now())
	return v
}

// who tells who is signed in, and where. It signs them out before if the path says so.
func (p *companion) who(v *mover, path string) (said string) {
	v.t.Helper()
	return v.get(p.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		if r.URL.Path == "/out" {
			s.SignOut()
		}
		city, _ := moveCity.Get(s)
		_, _ = fmt.Fprint(w, s.Subject(), city)
	})), path)
}

// testEnrolAtOnce: fifty requests at once with one cookie that nobody has seen: all are answered,
// and one record comes of them.
func testEnrolAtOnce(t *testing.T, s store.Store) {
	const n = 50
	p := newCompanion(t, s)
	v := p.elsewhere(t)
	wait := meeting(n)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			c := v.copy()
			wait()
			if got := p.who(c, "/"); got != "adaOslo" {
				t.Errorf("told %q", got)
			}
			text, _, _, err := flaskSigner(t).Verify(c.jar["session"], p.c.Now(), time.Hour)
			if err != nil || !bytes.Contains(text, []byte(`"_doorbook"`)) {
				t.Errorf("the cookie does not name the session: %s, %v", text, err)
			}
		})
	}
	group.Wait()
	if list, err := p.List(t.Context(), "ada"); len(list) != 1 || err != nil || p.created.Load() != 1 {
		t.Errorf("%d listed, %v, and %d created; want 1", len(list), err, p.created.Load())
	}
	if got := p.who(v, "/"); got != "adaOslo" {
		t.Errorf("told %q afterwards", got)
	}
}

// testEndedStaysEnded: the first copy of a cookie stays refused for as long as it could come back;
// then all traces are swept.
func testEndedStaysEnded(t *testing.T, s store.Store, how string) {
	p := newCompanion(t, s)
	v := p.elsewhere(t)
	thief := v.copy()
	p.who(v, "/")
	list, err := p.List(t.Context(), "ada")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d listed, %v", len(list), err)
	}
	switch how {
	case "End":
		err = p.End(t.Context(), "ada", list[0].ID)
	case "sign-out":
		p.who(v, "/out")
	case "EndAll":
		_, err = p.EndAll(t.Context(), "ada")
	}
	if err != nil {
		t.Fatal(err)
	}
	sweep := func() {
		for swept := 100; swept == 100; {
			if swept, err = p.Sweep(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 30 * 4 {
		if got := p.who(thief.copy(), "/"); got != "" {
			t.Fatalf("a copy opens %q", got)
		}
		p.c.add(6 * time.Hour)
		sweep()
	}
	p.c.add(time.Hour)
	sweep()
	n := 0
	if err := p.Each(t.Context(), func(session.Info) error { n++; return nil }); n != 0 || err != nil {
		t.Errorf("%d sessions left, %v", n, err)
	}
	if got := p.who(thief, "/"); got != "" {
		t.Errorf("a copy that is too old opens %q", got)
	}
}
