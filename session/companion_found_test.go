package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// What was wrong once, where sessions in their cookies have companion records.

// Guard: companion.go, Session.enrol, the error of endedBefore, which is no "not found".
func TestCompanionMarksNotReadable(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	was := b.cookie
	w.atCall("Load", 2, func() error { return errors.New("away") }) // the first is for the record
	a := b.page("/who")
	w.store.stepIn(nil)
	check(t, "status", a.status, http.StatusServiceUnavailable)
	check(t, "cookie", b.cookie, was)
	check(t, "who afterwards", b.page("/who").body, "ada")
}

// Guard: companion.go, Session.enrol: what is found half enrolled is no proof.
func TestCompanionRefusedEnrolmentLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.endAll("ada")
	w.atCall("Delete", 1, func() error { return errors.New("away") })
	b.copy().get("/who")
	w.store.stepIn(nil)
	check(t, "who after EndAll", b.copy().get("/who").body, "")
	check(t, "listed", w.listed("ada"), 0)
}

// The process ends between the two steps of an enrolment. Guard: as above.
func TestCompanionHalfEnrolledAndGone(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.endAll("ada")
	w.atCall("Load", 2, func() error { panic("the process ends here") })
	func() {
		defer func() { _ = recover() }()
		b.copy().get("/who")
	}()
	w.store.stepIn(nil)
	check(t, "who afterwards", b.copy().get("/who").body, "")
}

// Two requests with one copy after EndAll has returned, the second while the first one enrols.
// Guard: as above.
func TestCompanionHalfEnrolledAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"finds it", "meets it at Create"} {
		t.Run(second, func(t *testing.T) {
			w := newShared(t)
			b := w.elsewhere("ada")
			w.clock.add(time.Second)
			w.endAll("ada")
			var who string
			var meet func() error
			meet = func() error { // the first is about to look at the marks
				w.store.stepIn(nil)
				who = b.copy().get("/who").body
				return nil
			}
			if second == "meets it at Create" {
				meet = func() error { // the second is about to create, and the first does all of it meanwhile
					w.atCall("Load", 2, func() error { return errors.New("away") })
					b.copy().get("/who")
					w.store.stepIn(nil)
					return nil
				}
				w.atCall("Create", 1, meet)
				who = b.copy().get("/who").body
			} else {
				w.atCall("Load", 2, meet)
				check(t, "who by the first", b.copy().get("/who").body, "")
			}
			check(t, "who by the second", who, "")
		})
	}
}

// Guard: as above.
func TestCompanionHalfEnrolledDuringEndAll(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	var who string
	w.atCall("Create", 1, func() error {
		w.store.stepIn(nil)
		w.endAll("ada")
		w.atCall("Load", 1, func() error { // of the mark
			w.store.stepIn(nil)
			who = b.copy().get("/who").body
			return nil
		})
		return nil
	})
	check(t, "who by the first", b.copy().get("/who").body, "")
	check(t, "who by one that came after EndAll", who, "")
}

// Guard: save.go, Session.deleteDropped: nothing of a stranger's is in the store (P6).
func TestCompanionStrangerSignsOut(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.browser()
	b.get("/set?city=Oslo")
	b.get("/out")
	check(t, "store calls", strings.Join(w.store.called(), " "), "")
}

// The clock of another node is behind, or of two EndAll at once the earlier one comes later. Guard:
// companion.go, companion.endBefore: a mark moves only forward.
func TestCompanionMarkMovesOnlyForward(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	behind := newClock()
	node := w.node(shared, func(c *session.Config) { c.Now = behind.Now })
	w.clock.add(time.Minute)
	b := w.elsewhere("ada")
	w.endAll("ada")
	check(t, "who", b.copy().get("/who").body, "")
	node.endAll("ada")
	check(t, "who after another EndAll", b.copy().get("/who").body, "")
}

// Somebody who was remembered elsewhere confirms who they are here, in a session that is shorter.
// Guard: companion.go: what was enrolled must not be forgotten before its cookie is dead.
func TestCompanionShorterSessionLeavesTombstone(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada", func(p *plainText) { p.Persist = true })
	thief := b.copy()
	b.get("/in?as=ada")
	check(t, "who by a copy after the renewal", thief.copy().get("/who").body, "")
	w.clock.add(3 * time.Hour)
	check(t, "who after the idle limit", b.get("/who").body, "")
	check(t, "who by a copy after it", thief.copy().get("/who").body, "")
	w.sweep()
	check(t, "who by a copy after the sweep", thief.copy().get("/who").body, "")
}

// Guard: save.go, Session.save: what is left is deleted once it is sure that what follows fits
// (P5).
func TestCompanionTooLargeEndsNobody(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/bob", "/leave"} {
		w := newCompanions(t)
		huge := strings.Repeat("x", 5000)
		w.on("/bob", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignIn("bob"); city.Set(s, huge) })
		w.on("/leave", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignOut(); city.Set(s, huge) })
		b := w.signedIn("ada")
		check(t, path+": status", b.get(path).status, http.StatusRequestEntityTooLarge)
		check(t, path+": who", b.get("/who").body, "ada")
		check(t, path+": records", w.live("ada"), 1)
	}
}

// Guard: save.go, Session.touch: what was taken out of the cookie is written down whether the touch
// succeeds or not.
func TestCompanionFlashesAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	b.get("/flash?text=one")
	w.clock.add(time.Hour)
	w.atCall("Touch", 1, func() error { return errors.New("away") })
	check(t, "shown", b.get("/flashes").body, "one ")
	w.store.stepIn(nil)
	check(t, "shown again", b.get("/flashes").body, "")
}

// Guard: companion.go, Session.accompany: a cookie that names a session that was left is not
// replaced before that has ended.
func TestCompanionLeftWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	b.get("/who")
	left := w.elsewhere("", func(p *plainText) { p.Left = b.told().ID })
	w.store.stepIn(func(method string) error {
		if method == "Delete" || method == "Patch" {
			return errors.New("away")
		}
		return nil
	})
	left.get("/set?city=Rome")
	w.store.stepIn(nil)
	left.get("/who")
	check(t, "who by a copy of the session that was left", b.get("/who").body, "")
}

// While companions are introduced, nodes with and without them serve the same people. Guard:
// save.go, keyed.dueCookie.
func TestCompanionRollingIntroduction(t *testing.T) {
	t.Parallel()
	with := newCompanions(t)
	without := with.node(sealedHome)
	b := with.signedIn("ada")
	b.w = without
	b.get("/set?city=Oslo")
	b.w = with
	b.expect("/who", "ada")
	b.expect("/city", "Oslo")
}

// A wrapped store of a type that cannot be compared. Guard: home.go, Config.homeDefaults, same.
func TestCompanionUncomparableStore(t *testing.T) {
	t.Parallel()
	s := wrappedStore{uncomparableStore{Store: memory()}}
	defer func() { check(t, "panic", recover(), nil) }()
	_, _ = session.New(session.Config{Keys: ring(t, "one"), Store: s, Old: session.Home{Carrier: session.Sealed, Store: s}})
}

type wrappedStore struct{ session.Store }

type uncomparableStore struct {
	session.Store
	_ []int
}
