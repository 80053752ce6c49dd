package flask_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/compare"
)

// What Flask's side may do to a session of somebody who is signed in here, and what follows.
func TestWhatFlaskDoes(t *testing.T) {
	t.Parallel()
	const oslo = `"city":"Oslo"`
	for name, c := range map[string]struct {
		do    func(w *world, cookie string) string
		who   string // afterwards
		same  bool   // it is the same session
		lives bool   // the cookie of before still opens it
		city  string
	}{
		"nothing":         {func(_ *world, c string) string { return c }, "ada", true, true, "Oslo"},
		"signs anew":      {func(w *world, c string) string { return w.refresh(c) }, "ada", true, true, "Oslo"},
		"adds a key":      {func(w *world, c string) string { return w.edit(c, func(v map[string]string) { v["x"] = "[1]" }) }, "ada", true, true, "Oslo"},
		"changes a value": {func(w *world, c string) string { return w.edit(c, func(v map[string]string) { v["city"] = `"Rome"` }) }, "ada", true, true, "Rome"},
		"removes a key":   {func(w *world, c string) string { return w.edit(c, func(v map[string]string) { delete(v, "city") }) }, "ada", true, true, ""},
		"makes it permanent": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { v["_permanent"] = "true" })
		}, "ada", true, true, "Oslo"},
		"renames the user": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { v["loggedin_user"] = `{"_id":"ada","name":"Countess"}` })
		}, "ada", true, true, "Oslo"},
		"clears it": {func(*world, string) string { return "" }, "", false, true, ""},
		"takes the user away": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { delete(v, "loggedin_user") })
		}, "", false, false, "Oslo"},
		"sets the user to None": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { v["loggedin_user"] = "null" })
		}, "", false, false, "Oslo"},
		"signs in somebody else": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { v["loggedin_user"] = `{"_id":"grace"}` })
		}, "grace", false, false, "Oslo"},
		"takes our name away": {func(w *world, c string) string {
			return w.edit(c, func(v map[string]string) { delete(v, "_doorbook") })
		}, "ada", false, true, "Oslo"},
		"clears, signs in others": {func(w *world, _ string) string { return w.born("grace") }, "grace", false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, cookie := w.see(w.flask(`{` + ada + `,` + oslo + `}`))
			id := w.list("ada")[0].ID
			w.now = w.now.Add(2 * time.Minute)
			after := c.do(w, cookie)
			var got struct {
				who, city string
				same      bool
			}
			status, _, _ := w.visit(after, func(s *session.Session) string {
				got.who = s.Subject()
				got.city, _ = city.Get(s)
				sid, ok := s.ID()
				got.same = ok && sid == id
				return ""
			})
			check(t, "status", status, http.StatusOK)
			check(t, "signed in", got.who, c.who)
			check(t, "city", got.city, c.city)
			check(t, "the same session", got.same, c.same)
			check(t, "the cookie of before opens", w.opens(cookie) == "ada", c.lives)
			if c.who != "" && c.who != "ada" {
				check(t, c.who+"'s sessions", len(w.list(c.who)), 1)
			}
		})
	}
}

// Permanent or not is Flask's to say, and the browser keeps the cookie accordingly.
func TestPermanentOnAndOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for text, keeps := range map[string]bool{
		"true": true, "1": true, `"no"`: true, "[0]": true, "2.5": true, "1e+16": true,
		"false": false, "0": false, `""`: false, "null": false, "[]": false, "{}": false, "0.0": false, "-0.0": false, `{" t":[]}`: false,
	} {
		c := cookieOf(w.get(w.born("ada", `"_permanent":`+text), who))
		if c == nil || (c.MaxAge > 0) != keeps {
			t.Errorf("_permanent=%s: cookie %v", text, c)
			continue
		}
		check(t, "carried along", w.values(c.Value)["_permanent"], text)
		if keeps && c.MaxAge > int(flask.DefaultMaxAge/time.Second) {
			t.Errorf("Max-Age %d is longer than the session", c.MaxAge)
		}
	}
	remembered := cookieOf(w.get("", func(s *session.Session) string {
		s.SignInRemembered("ada")
		loggedIn.Set(s, user{ID: "ada"})
		return ""
	}))
	check(t, "remembered here", w.values(remembered.Value)["_permanent"], "true")
	check(t, "not asked for", w.values(cookieOf(w.get("", signedInAs("ada"))).Value)["_permanent"], "")
}

// everything is a session with a value of every kind that Flask writes, in its own spelling.
const everything = `"a":null,"b":[true,false,0,-1,12345678901234567890123456789,1.5,1e+16,NaN,Infinity,-Infinity,-0.0],` +
	`"c":{" t":[1,{" t":[]}]},"d":{" b":"aGk="},"e":{" d":"Thu, 01 May 2031 12:00:00 GMT"},"f":{" u":"0123456789abcdef0123456789abcdef"},` +
	`"g":{" m":"<b>&</b>"},"h":{" di":{" t__":5}},"i":{"x":{"y":[[[]]]}},"j":"\u00e9\ud83d\ude00\ud800\udfff \"\\/\u007f",` +
	`"\ud800":"half a pair in a key","":"an empty key"," ":"a space"," b":"a key like a tag","__proto__":{},"é":1`

// What nobody here has touched comes back as it was, to the letter.
func TestUntouchedValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 900)
	spoken, err := flask.Canonical([]byte(`{` + ada + `,` + everything + `,"` + long + `":"a long key"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(s *session.Session) string{
		"looked at": who,
		"a value":   func(s *session.Session) string { city.Set(s, "Oslo"); return "" },
		"a time":    func(s *session.Session) string { city.SetFor(s, "Oslo", time.Hour); return "" },
		"a message": func(s *session.Session) string { s.Flash("x", "y"); return "" },
		"renewed":   func(s *session.Session) string { s.Renew(); return "" },
		"again in":  signedInAs("ada"),
		"saved":     func(s *session.Session) string { city.Set(s, "Oslo"); _ = s.Save(); city.Delete(s); return "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.values(w.flask(string(spoken)))
			_, cookie := w.see(w.flask(string(spoken)))
			w.now = w.now.Add(2 * time.Minute)
			status, _, after := w.visit(cookie, do)
			check(t, "status", status, http.StatusOK)
			got := w.values(after)
			for _, ours := range []string{"_doorbook", "_doorbook_until", "_flashes", "city"} {
				delete(got, ours)
			}
			if name == "again in" {
				delete(got, "loggedin_user")
				before = maps.Clone(before)
				delete(before, "loggedin_user")
			}
			if diff := compare.Diff(before, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The operations of a session over Flask's cookie.
func TestOperations(t *testing.T) {
	t.Parallel()
	const n session.Key[int] = "n"
	w := newWorld(t)
	_, cookie := w.see(w.born("ada", `"city":"Oslo","n":1,"other":[1]`))
	step := func(what string, f func(s *session.Session) string, want string) {
		t.Helper()
		w.now = w.now.Add(time.Second)
		var status int
		var said string
		status, said, cookie = w.visit(cookie, f)
		v := w.values(cookie)
		delete(v, "_doorbook")
		delete(v, "loggedin_user")
		check(t, what, fmt.Sprint(status, " ", said, " ", v), want)
	}
	step("Update", func(s *session.Session) string { return fmt.Sprint(n.Update(s, func(n int) int { return n + 1 })) },
		`200 2 map[city:"Oslo" n:2 other:[1]]`)
	step("Pop", func(s *session.Session) string { c, ok := city.Pop(s); return fmt.Sprint(c, ok, s.Has("city")) },
		`200 Oslotrue false map[n:2 other:[1]]`)
	step("SetFor", func(s *session.Session) string { city.SetFor(s, "Bergen", time.Minute); return "" },
		`200  map[_doorbook_until:{"city":1935403263000} city:"Bergen" n:2 other:[1]]`)
	step("Set ends the time", func(s *session.Session) string { city.Set(s, "Bergen"); return "" },
		`200  map[city:"Bergen" n:2 other:[1]]`)
	step("Discard", func(s *session.Session) string { city.Set(s, "Rome"); s.Discard(); c, _ := city.Get(s); return c },
		`200 Bergen map[city:"Bergen" n:2 other:[1]]`)
	step("Save, then Discard", func(s *session.Session) string {
		city.Set(s, "Rome")
		err := s.Save()
		n.Set(s, 9)
		s.Discard()
		return fmt.Sprint(err)
	}, `200 <nil> map[city:"Rome" n:2 other:[1]]`)
	step("Clear keeps who is signed in", func(s *session.Session) string {
		user, _ := loggedIn.Get(s)
		s.Clear()
		loggedIn.Set(s, user) // which this home's Subject reads
		return s.Subject()
	}, `200 ada map[]`)
	was := cookie
	step("Renew", func(s *session.Session) string { s.Renew(); return "" }, `200  map[]`)
	check(t, "a cookie of before", w.opens(was), "")
	check(t, "sessions", len(w.list("ada")), 1)
	status, _, same := w.visit(cookie, func(s *session.Session) string { s.Clear(); return "" })
	check(t, "Clear that takes away what the Subject reads", status, http.StatusInternalServerError)
	check(t, "the cookie then", same, cookie)
}

// A Subject of the program's own may go wrong.
func TestOddSubjects(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"too long": strings.Repeat("x", 256), "no UTF-8": "ada\xff", "half a pair": "ada\xed\xa0\x80",
	} {
		w := newWorld(t, func(app *flask.Config, _ *session.Config) { app.Subject = func(flask.Values) string { return text } })
		subject, _ := w.see(w.born("ada"))
		check(t, name, subject, "")
	}
	w := newWorld(t, func(app *flask.Config, _ *session.Config) {
		app.Subject = func(v flask.Values) string {
			if v["bang"] != nil {
				panic("a bug of the program")
			}
			return subject(v)
		}
	})
	func() {
		defer func() { _ = recover() }()
		status, said, _ := w.visit(w.born("ada", `"bang":1`), func(s *session.Session) string { return "signed in as " + s.Subject() })
		check(t, "after a panic", strings.Contains(said, "ada") || status == http.StatusOK, false)
	}()
	check(t, "the next request", w.opens(w.born("ada")), "ada")
	check(t, "sessions", len(w.list("ada")), 1)
}

// Flask-Login's word for who is signed in is the default.
func TestFlaskLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(app *flask.Config, _ *session.Config) { app.Subject = nil })
	for text, want := range map[string]string{
		`"42"`: "42", `""`: "", "42": "", "null": "", `["42"]`: "", `{" m":"42"}`: "42", `{" b":"NDI="}`: "", `"\ud800"`: "", `"` + strings.Repeat("x", 256) + `"`: "",
	} {
		check(t, "_user_id "+text, w.opens(w.flask(`{"_fresh":true,"_user_id":`+text+`}`)), want)
	}
	_, _, cookie := w.visit("", func(s *session.Session) string { s.SignIn("ada"); return "" })
	check(t, "as Flask-Login finds it", w.values(cookie)["_user_id"], `"ada"`)
	out := w.edit(cookie, func(v map[string]string) { delete(v, "_user_id") })
	check(t, "signed out by Flask-Login", w.opens(out), "")
	check(t, "a copy of before", w.opens(cookie), "")
}

// Without a store all is in the cookie, and nothing can be listed or ended.
func TestWithoutStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, without)
	_, _, cookie := w.visit("", signedInAs("ada"))
	w.now = w.now.Add(time.Hour)
	subject, kept := w.see(cookie)
	check(t, "signed in here", subject, "ada")
	check(t, "signed in by Flask", w.opens(w.born("ada")), "ada")
	check(t, "signed anew by Flask", w.opens(w.refresh(kept)), "ada")
	_, _, gone := w.visit(kept, func(s *session.Session) string { s.SignOut(); return "" })
	check(t, "the browser's cookie", gone, "")
	check(t, "a copy", w.opens(kept), "ada") // as the documentation says
	_, err := w.sessions.List(t.Context(), "ada")
	check(t, "List", errors.Is(err, session.ErrUnsupported), true)
	_, err = w.sessions.EndAll(t.Context(), "ada")
	check(t, "EndAll", errors.Is(err, session.ErrUnsupported), true)
	var saved error
	status, _, same := w.visit(kept, func(s *session.Session) string { city.Set(s, random(5000)); saved = s.Save(); return "" })
	check(t, "too large", errors.Is(saved, session.ErrTooLarge), true)
	check(t, "too large: status", status >= 400, true)
	check(t, "too large: the cookie", same, kept)
	w.now = w.now.Add(flask.DefaultMaxAge)
	check(t, "after the limit", w.opens(kept), "")
}

// random is a text that cannot be compressed, the same each time.
func random(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[x>>26]
	}
	return string(b)
}
