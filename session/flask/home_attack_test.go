package flask_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/place"
)

// Some Flask applications let their users keep what they like under keys of their choice. Such a
// user is signed in as ada (or not at all), knows everything that is not secret, and is after bob.

// attack is a world in which bob is signed in, and what an attacker may know of him: all ids and
// marks, but no digests.
type attack struct {
	*world
	store *watched
	bob   string // his cookie
	id    session.ID
}

func newAttack(t *testing.T, change ...func(*flask.Config, *session.Config)) *attack {
	t.Helper()
	a := &attack{}
	a.world = newWorld(t, append(change, watch(&a.store))...)
	_, a.bob = a.see(a.born("bob"))
	a.id = a.list("bob")[0].ID
	a.now = a.now.Add(time.Minute)
	return a
}

// strangers and ada with a name of the attacker's making.
func (a *attack) forgeries(id session.ID) map[string]string {
	wrong := bytes.Repeat([]byte{7}, place.CarriedDigest)
	made := map[string]string{}
	for digest, d := range map[string][]byte{"no digest": nil, "a digest": wrong} {
		for _, of := range []string{"ada", "bob", ""} {
			name := `"_doorbook":` + forged(id, d, a.now, of)
			made[fmt.Sprintf("a stranger, %s, of %q", digest, of)] = a.flask(`{` + name + `,"x":1}`)
			made[fmt.Sprintf("ada, %s, of %q", digest, of)] = a.born("ada", name)
		}
	}
	return made
}

// Naming bob's session opens it to nobody.
func TestForgedNameOpensNothing(t *testing.T) {
	t.Parallel()
	nameOfAnother(t, func(t *testing.T, a *attack, was, after string) {
		check(t, "is bob", was == "bob" || a.opens(after) == "bob", false)
	})
}

// It neither ends nor changes it either, whatever is done with that.
func TestForgedNameEndsNothing(t *testing.T) {
	t.Parallel()
	nameOfAnother(t, func(t *testing.T, a *attack, _, _ string) {
		check(t, "bob's session", a.opens(a.bob), "bob")
	})
}

func nameOfAnother(t *testing.T, then func(t *testing.T, a *attack, was, after string)) {
	for name := range newAttack(t).forgeries(session.ID{}) {
		for what, do := range map[string]func(s *session.Session) string{
			"look":     who,
			"write":    func(s *session.Session) string { city.Set(s, "Oslo"); return s.Subject() },
			"sign out": func(s *session.Session) string { was := s.Subject(); s.SignOut(); return was },
			"renew":    func(s *session.Session) string { s.Renew(); return s.Subject() },
		} {
			t.Run(name+": "+what, func(t *testing.T) {
				a := newAttack(t)
				_, was, after := a.visit(a.forgeries(a.id)[name], do)
				then(t, a, was, after)
			})
		}
	}
}

// Naming one of the records that keep ended sessions ended does not take it away.
func TestForgedNameOfMark(t *testing.T) {
	t.Parallel()
	for name := range newAttack(t).forgeries(session.ID{}) {
		for what, do := range map[string]func(s *session.Session) string{
			"look": who, "sign out": func(s *session.Session) string { s.SignOut(); return "" },
		} {
			t.Run(name+": "+what, func(t *testing.T) {
				a := newAttack(t)
				unseen, first := a.born("bob", `"copy":1`), a.born("bob", `"copy":2`)
				a.see(first)
				a.now = a.now.Add(time.Second)
				a.endAll("bob")
				check(t, "before: never seen", a.opens(unseen), "")
				a.now = a.now.Add(time.Second)
				for _, r := range a.store.created[:len(a.store.created):len(a.store.created)] {
					a.visit(a.forgeries(r.ID)[name], do)
				}
				check(t, "never seen", a.opens(unseen), "")
				check(t, "seen", a.opens(first), "")
				check(t, "named", a.opens(a.bob), "")
			})
		}
	}
}

// Taking the place of such a record does not lock bob out.
func TestForgedMarkLocksNobodyOut(t *testing.T) {
	t.Parallel()
	other := newAttack(t)
	n := len(other.store.created)
	other.endAll("bob")
	other.endAll("") // the mark for everybody
	a := newAttack(t)
	bob, grace := a.born("bob", `"again":1`), a.born("grace")
	a.now = a.now.Add(time.Second)
	for _, r := range other.store.created[n:] {
		a.see(a.born("ada", `"_doorbook":`+forged(r.ID, nil, a.now, "ada")))
	}
	check(t, "bob's session", a.opens(a.bob), "bob")
	check(t, "bob's sign-in", a.opens(bob), "bob")
	check(t, "grace's", a.opens(grace), "grace")
	a.now = a.now.Add(time.Minute)
	a.endAll("bob")
	check(t, "bob's session after its end", a.opens(a.bob), "")
}

// When somebody signed in is ours to say: a name cannot put it into the future, which would outlive
// limits and every end.
func TestForgedTime(t *testing.T) {
	t.Parallel()
	a := newAttack(t)
	cookie := func(of string) string {
		return a.born("ada", `"_doorbook":`+forged(session.ID{1, byte(len(of))}, nil, a.now.Add(20*24*time.Hour), "ada"), `"for":"`+of+`"`)
	}
	_, since, _ := a.visit(cookie("fresh"), func(s *session.Session) string { return s.SignedInSince().String() })
	if at, err := time.Parse("2006-01-02 15:04:05 -0700 MST", since); err == nil && at.After(a.now) {
		t.Errorf("signed in %v from now", at.Sub(a.now))
	}
	unseen := cookie("later")
	a.now = a.now.Add(time.Minute)
	a.endAll("ada")
	check(t, "a copy of before EndAll", a.opens(unseen), "")
	for range 32 {
		a.now = a.now.Add(24 * time.Hour)
	}
	check(t, "after the limit", a.opens(a.refresh(cookie("old"))), "")
}

// Of a name that is none of ours nobody can say whether its session lives, so nobody is signed in.
// A stranger's is dropped.
func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	good := strings.Trim(forged(session.ID{1}, nil, time.Unix(2e9, 0), "ada"), `"`)
	for _, name := range []string{
		`null`, `5`, `true`, `""`, `{}`, `[]`, `"x"`, `{" b":"aGk="}`, `{" m":"` + good + `"}`, `["` + good + `"]`,
		`"` + good[1:] + `"`, `"` + good + `A"`, `"B` + good[1:] + `"`, `"` + strings.Repeat("\\u0000", len(good)) + `"`,
		`"` + good[:4] + "+/" + good[6:] + `"`, `"` + good[:4] + `\r\n` + good[6:] + `"`, `"` + strings.Repeat("A", 4096) + `"`,
	} {
		w := newWorld(t)
		subject, after := w.see(w.born("ada", `"_doorbook":`+name))
		check(t, name, subject, "")
		check(t, name+": the cookie then", after, "")
		check(t, name+": sessions", len(w.list("ada")), 0)
		_, after = w.see(w.flask(`{"_doorbook":` + name + `,"city":"Oslo"}`))
		check(t, name+": a stranger", w.values(after)["city"], `"Oslo"`)
	}
}

// Times that are none are passed over; they cannot make a value unreadable that our side needs,
// beyond the one session.
func TestTimesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, until := range []string{
		`null`, `5`, `"x"`, `[]`, `{"city":null}`, `{"city":"soon"}`, `{"city":-1}`, `{"city":0}`, `{"city":1.5}`, `{"city":NaN}`,
		`{"city":99999999999999999999}`, `{"nothing":5}`, `{"_doorbook":1}`, `{"":5}`, `{"\ud800":5}`,
	} {
		w := newWorld(t)
		see := func(s *session.Session) string { c, _ := city.Get(s); return c + " " + s.Subject() }
		status, said, cookie := w.visit(w.born("ada", `"city":"Oslo"`, `"_doorbook_until":`+until), see)
		check(t, until+": status", status, 200)
		check(t, until, said, "Oslo ada")
		status, _, cookie = w.visit(cookie, func(s *session.Session) string { s.Flash("a", "b"); return "" })
		check(t, until+": a save", status, 200)
		check(t, until+": its value", w.values(cookie)["city"], `"Oslo"`)
	}
	w := newWorld(t)
	end := w.now.Add(time.Hour).UnixMilli()
	for key, value := range map[string]string{"loggedin_user": `{"_id":"ada"}`, "_permanent": "true", "_flashes": `[{" t":["a","b"]}]`, "_user_id": `"ada"`} {
		status, _, _ := w.visit(w.flask(fmt.Sprintf(`{%q:%s,"_doorbook_until":{%q:%d},"city":"Oslo"}`, key, value, key, end)), flashOne)
		check(t, "a time for "+key, status, 200)
	}
	at := fmt.Sprintf(`"_doorbook_until":{"city":%d}`, int64(1)<<62)
	_, said, _ := w.visit(w.born("ada", `"city":"Oslo"`, at), func(s *session.Session) string { c, _ := city.Get(s); return c })
	check(t, "a time far away", said, "Oslo")
}

// The ids of sessions that Flask's side began are no secret of ours, so they must open nothing.
func TestSameCookieIsTheSameSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.born("ada")
	_, a := w.see(cookie)
	_, b := w.see(cookie)
	check(t, "sessions", len(w.list("ada")), 1)
	check(t, "the same name", w.values(a)["_doorbook"], w.values(b)["_doorbook"])
	check(t, "another user's", w.opens(w.born("bob")), "bob")
	check(t, "sessions of bob", len(w.list("bob")), 1)
}
