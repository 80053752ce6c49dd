//go:build go1.25

package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/place"
)

// Cookies that another program makes, too, and may sign out.

// All but mine, from a cookie that is seen for the first time. Guard: ends.go, Manager.EndAll.
func TestCompanionEndAllButMine(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	others := []*browser{w.signedIn("ada"), w.elsewhere("ada", func(p *plainText) { p.At++ })}
	others[1].copy().get("/who")
	unseen := w.elsewhere("ada", func(p *plainText) { p.At += 2 })
	mine := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.on("/others", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		id, _ := s.ID()
		n, err := w.m.EndAll(r.Context(), s.Subject(), id)
		check(t, "ended", n, 2)
		check(t, "error", err, nil)
	})
	mine.get("/others")
	mine.expect("/who", "ada")
	for _, b := range append(others, unseen) {
		b.expect("/who", "")
	}
	check(t, "listed", w.listed("ada"), 1)
}

// The other program signs the subject out, or somebody else in. Guard:
// internal/place/accompanied.go, accompanied.find, Left.
func TestCompanionLeft(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"", "bob"} {
		w := newShared(t)
		first := w.elsewhere("ada")
		b := first.copy()
		b.get("/who")
		copied := b.copy()
		other := w.signedIn("ada")
		left := w.elsewhere(next, func(p *plainText) { p.Left = b.told().ID })
		left.expect("/who", next)
		left.expect("/city", "Oslo")
		copied.expect("/who", "")
		first.expect("/who", "")
		other.expect("/who", "ada")
		left.get("/set?city=Rome")
		left.expect("/who", next)
		left.expect("/city", "Rome")
		check(t, "what the cookie says of it", left.told().Left, "")
		check(t, "sessions of ada", w.listed("ada"), 1)
	}
}

// Another subject in a cookie that names a session does not get that. Guard:
// internal/place/accompanied.go, accompanied.find, the comparison of subjects.
func TestCompanionAnotherSubject(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	b.get("/who")
	text := b.told()
	for _, digest := range [][]byte{text.Digest, nil, make([]byte, place.CarriedDigest)} {
		eve := w.browser()
		text := text
		text.User, text.Digest = "eve", digest
		eve.cookie = sealedCookie + "=" + text.value()
		eve.expect("/who", "")
		eve.expect("/city", "")
	}
	b.expect("/who", "ada")
}

// Byte-identical cookies. Of one subject they are one session; strangers never share any. Guard:
// internal/place/accompanied.go, accompanied.Write, the new id.
func TestCompanionIdenticalCookies(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	a, b := w.elsewhere("ada"), w.elsewhere("ada")
	check(t, "identical", a.cookie, b.cookie)
	a.expect("/who", "ada")
	b.expect("/who", "ada")
	check(t, "sessions", w.listed("ada"), 1)
	a.get("/set?city=Rome")
	b.expect("/city", "Oslo") // what is in a cookie is in that cookie

	w = newShared(t)
	var all []*browser
	var wg sync.WaitGroup
	for range 10 {
		all = append(all, w.elsewhere(""))
	}
	for _, c := range all {
		check(t, "identical", c.cookie, all[0].cookie)
	}
	for i, c := range all {
		wg.Go(func() { c.get(fmt.Sprintf("/in?as=user%d", i/2)) })
	}
	wg.Wait()
	for i, c := range all {
		c.expect("/who", fmt.Sprintf("user%d", i/2))
		c.get(fmt.Sprintf("/set?city=%d", i))
	}
	all[0].get("/out")
	for i, c := range all[1:] {
		c.expect("/who", fmt.Sprintf("user%d", (i+1)/2))
		c.expect("/city", fmt.Sprint(i+1))
	}
	check(t, "sessions of the first", w.listed("user0"), 1)
	stranger := w.elsewhere("")
	stranger.get("/out")
	all[1].expect("/who", "user0")
}

// Guard: internal/place/accompanied.go, accompanied.find: a cookie that names a session that was
// left is not replaced before that has ended.
func TestCompanionLeftDuringOutage(t *testing.T) {
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
