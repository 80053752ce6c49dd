package flask_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

// The promises of package session as the column "Flask's cookie, beside a store" of
// docs/sessions.md has them, one test for each row. P11 is in home_size_test.go, P13 and P14 are in
// home_ends_test.go.

// P1: no. Of answers to requests at the same time the last one to reach the browser wins; one after
// the other loses nothing.
func TestLaterAnswerWins(t *testing.T) {
	t.Parallel()
	const other session.Key[string] = "other"
	w := newWorld(t)
	_, cookie := w.see(w.born("ada"))
	setCity := func(s *session.Session) string { city.Set(s, "Oslo"); return "" }
	setOther := func(s *session.Session) string { other.Set(s, "x"); return "" }
	status, _, first := w.visit(cookie, setCity)
	check(t, "status", status, 200)
	_, _, second := w.visit(cookie, setOther) // at the same time: with the same cookie
	check(t, "the first answer", w.values(first)["city"]+w.values(first)["other"], `"Oslo"`)
	check(t, "the last answer", w.values(second)["city"]+w.values(second)["other"], `"x"`)
	_, _, third := w.visit(first, setOther)
	check(t, "one after the other", w.values(third)["city"]+w.values(third)["other"], `"Oslo""x"`)
}

// P2: logout is final for every cookie that we have seen, also for a request that was under way.
func TestLogoutIsFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, cookie := w.see(w.born("ada"))
	old := w.now
	a := w.get(cookie, func(s *session.Session) string {
		s.Subject() // loaded
		w.get(cookie, func(s *session.Session) string { s.SignOut(); return "" })
		city.Set(s, "Oslo")
		return "kept"
	})
	check(t, "a write that comes too late", a.StatusCode == http.StatusOK, false)
	check(t, "its body", strings.Contains(body(t, a), "kept"), false)
	check(t, "its cookie", cookieOf(a) == nil || cookieOf(a).MaxAge < 0, true)
	check(t, "sessions", len(w.list("ada")), 0)
	for range 3 {
		check(t, "a copy", w.opens(cookie), "")
		check(t, "a copy, signed anew by Flask", w.opens(w.refresh(cookie)), "")
		w.now = w.now.Add(24 * time.Hour)
	}
	w.now = old
	check(t, "the first cookie", w.opens(w.born("ada")), "")
}

// P3: reading never writes, but for the first sight of a session that Flask began, and a note of
// use once a minute.
func TestReadingNeverWrites(t *testing.T) {
	t.Parallel()
	var st *watched
	w := newWorld(t, watch(&st))
	_, cookie := w.see(w.born("ada", `"city":"Oslo"`))
	check(t, "first sight writes", strings.Contains(st.told(), "create"), true)
	read := func(s *session.Session) string { c, _ := city.Get(s); s.Has("x"); return c + s.Subject() }
	for range 5 {
		a := w.get(cookie, read)
		check(t, "a read", body(t, a)+" "+st.told(), "Osloada load")
		check(t, "its cookie", cookieOf(a), nil)
	}
	w.now = w.now.Add(2 * time.Minute)
	a := w.get(cookie, read)
	check(t, "after two minutes", st.told(), "load touch")
	check(t, "the cookie then", cookieOf(a), nil)
	w.now = w.now.Add(25 * time.Hour)
	a = w.get(cookie, read)
	check(t, "after a day", st.told(), "load touch")
	check(t, "the cookie then", cookieOf(a) != nil, true)
	w.now = w.now.Add(2 * time.Minute)
	st.fails(func(call string) error {
		if call != "load" {
			return errors.New("away")
		}
		return nil
	})
	a = w.get(cookie, read)
	check(t, "while the store cannot write", fmt.Sprint(a.StatusCode, body(t, a)), "200Osloada")
}

// P4: the first byte commits.
func TestFirstByteCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, cookie := w.see(w.born("ada"))
	var late error
	a := w.do(httptest.NewRequest("GET", "/", nil), cookie, func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		io.WriteString(rw, "x")
		city.Set(s, "Rome")
		late = s.Err()
	})
	check(t, "a change afterwards", errors.Is(late, session.ErrCommitted), true)
	if c := cookieOf(a); c == nil || w.values(c.Value)["city"] != `"Oslo"` {
		t.Errorf("cookie %v", c)
	}
}

// P5: fail closed. Whichever call of the store fails, nothing of the handler's answer is sent.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"create", "patch", "load"} {
		var st *watched
		w := newWorld(t, watch(&st))
		_, cookie := w.see(w.born("ada"))
		if call == "create" {
			cookie = ""
		}
		st.fails(func(c string) error {
			if c == call {
				return errors.New("away")
			}
			return nil
		})
		r := httptest.NewRequest("GET", "/", nil)
		a := w.do(r, cookie, func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
			rw.Header().Set("X-Handler", "1")
			http.SetCookie(rw, &http.Cookie{Name: "other", Value: "1"})
			s.SignIn("ada")
			loggedIn.Set(s, user{ID: "ada"})
			io.WriteString(rw, "welcome")
		})
		check(t, call+": status", a.StatusCode, http.StatusServiceUnavailable)
		check(t, call+": what is left of the answer", a.Header.Get("X-Handler")+a.Header.Get("Set-Cookie"), "")
		check(t, call+": body", strings.Contains(body(t, a), "welcome"), false)
	}
}

// P6: what a stranger stores is in the cookie alone, and a cookie that no key signed costs nothing.
func TestStrangersAreNotStored(t *testing.T) {
	t.Parallel()
	var st *watched
	w := newWorld(t, watch(&st))
	check(t, "who stores nothing", cookieOf(w.get("", who)), nil)
	_, _, cookie := w.visit("", func(s *session.Session) string { city.Set(s, "Oslo"); s.Flash("a", "b"); return "" })
	w.now = w.now.Add(2 * time.Minute)
	_, _, cookie = w.visit(cookie, func(s *session.Session) string { s.Flashes(); return "" })
	w.visit(cookie, func(s *session.Session) string { s.SignOut(); return "" })
	good := w.born("ada")
	for _, bad := range []string{good + "x", good[:len(good)-1], "x." + good, strings.Repeat("A", 9000), "..", "."} {
		check(t, "forged", w.opens(bad), "")
	}
	check(t, "calls", st.told(), "")
}

// P7: broken is empty, also where Flask answers 500; a cookie of a session that has ended is
// cleared from a browser that asks for a page, and from no other client.
func TestBrokenIsEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.born("ada")
	for _, bad := range []string{
		w.flask(`[1]`), w.flask(`{`), w.flask(`{"a":{" d":"soon"}}`), w.flask(`5`), w.flask("\xff"), w.flask(`{"a":{" t":5}}`), w.flask(``),
		w.signer.Sign([]byte(`{`+ada+`}`), time.Unix(1<<40, 0)), good[:10], good + "=", "x", `"` + good + `"`,
	} {
		a := w.get(bad, who)
		check(t, "status and body", fmt.Sprint(a.StatusCode, body(t, a)), "200")
		check(t, "a cookie", cookieOf(a), nil)
	}
	odd := w.born("ada", `"city":5`)
	a := w.get(odd, func(s *session.Session) string { _, ok := city.Get(s); return fmt.Sprint(ok, s.Subject()) })
	check(t, "a value of another type", body(t, a), "falseada")

	_, cookie := w.see(good)
	w.now = w.now.Add(time.Second)
	w.endAll("ada")
	for name, c := range map[string]struct {
		method string
		header http.Header
		clears bool
	}{
		"a page":      {"GET", http.Header{"Accept": {"text/html"}}, true},
		"navigation":  {"GET", http.Header{"Sec-Fetch-Mode": {"navigate"}}, true},
		"a program":   {"GET", http.Header{"Accept": {"application/json"}}, false},
		"a picture":   {"GET", http.Header{"Accept": {"image/png"}, "Sec-Fetch-Mode": {"no-cors"}}, false},
		"a form sent": {"POST", http.Header{"Accept": {"text/html"}}, false},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.Header = c.header
		a := w.do(r, cookie, func(rw http.ResponseWriter, _ *http.Request, s *session.Session) { io.WriteString(rw, s.Subject()) })
		check(t, name+": body", body(t, a), "")
		check(t, name+": clears", cookieOf(a) != nil && cookieOf(a).MaxAge < 0, c.clears)
	}
}

// P8: a stolen database signs nobody in, and holds nothing of what sessions hold.
func TestStolenStoreSignsNobodyIn(t *testing.T) {
	t.Parallel()
	var st *watched
	w := newWorld(t, watch(&st))
	_, cookie := w.see(w.born("ada", `"city":"Oslo"`))
	_, _, cookie = w.visit(cookie, func(s *session.Session) string {
		city.Set(s, "Oslo")
		s.Flash("info", "Oslo")
		s.Renew()
		return ""
	})
	stored, err := st.Store.Load(t.Context(), w.idOf(cookie), w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.visit("", func(s *session.Session) string { city.Set(s, "Oslo"); return signedInAs("bob")(s) })
	w.visit(w.flask(`{"city":"Oslo"}`), signedInAs("eve"))
	for _, r := range append(st.created, stored) {
		for key, value := range r.Values {
			if key == "city" || key == "loggedin_user" || len(value) > 16 {
				t.Errorf("the record of %q holds %s: %q", r.Subject, key, value)
			}
		}
	}
	other, err := flask.NewSigner(flask.Keys{Secret: []byte("a key that a thief has made up, 0123")})
	if err != nil {
		t.Fatal(err)
	}
	made := `{` + ada + `,"_doorbook":` + forged(stored.ID, stored.Digest[:], stored.SignedIn, "ada") + `}`
	check(t, "with the database alone", w.opens(other.Sign([]byte(made), w.now)), "")
	check(t, "with Flask's key", w.opens(w.flask(made)), "") // a name is signed by a key of our own
}

// P9: safe by default, under Flask's name.
func TestSafeByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := cookieOf(w.get("", signedInAs("ada")))
	check(t, "attributes", strings.TrimPrefix(c.Raw, "session="+c.Value), "; Path=/; HttpOnly; Secure; SameSite=Lax")
	w = newWorld(t, func(_ *flask.Config, c *session.Config) { c.Home.Cookie = session.Cookie{PlainHTTP: true} })
	c = cookieOf(w.get("", signedInAs("ada")))
	check(t, "without TLS", strings.TrimPrefix(c.Raw, "session="+c.Value), "; Path=/; HttpOnly; SameSite=Lax")
}

// P10: caches never mix people up.
func TestCachesNeverMixPeopleUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, named := w.see(w.born("ada"))
	for name, c := range map[string]struct {
		cookie      string
		do          func(s *session.Session) string
		vary, store string
	}{
		"not used":           {named, func(*session.Session) string { return "" }, "", ""},
		"nobody":             {"", who, "Cookie", ""},
		"somebody":           {named, who, "Cookie", "no-store"},
		"first seen":         {w.born("bob"), who, "Cookie", "no-store"},
		"a cookie is set":    {"", func(s *session.Session) string { city.Set(s, "x"); return "" }, "Cookie", "no-store"},
		"a stranger's is":    {w.flask(`{"city":"Oslo"}`), who, "Cookie", "no-store"},
		"a cookie that none": {"x", who, "Cookie", ""},
	} {
		a := w.get(c.cookie, c.do)
		check(t, name+": Vary", strings.Join(a.Header["Vary"], ","), c.vary)
		check(t, name+": Cache-Control", a.Header.Get("Cache-Control"), c.store)
	}
}

// P12: a client that hangs up does not cancel a save.
func TestHangingUpCancelsNoSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	var saved error
	a := w.do(r, "", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		cancel()
		signedInAs("ada")(s)
		saved = s.Save()
	})
	check(t, "saved", saved, nil)
	check(t, "sessions", len(w.list("ada")), 1)
	check(t, "opens", w.opens(cookieOf(a).Value), "ada")
	born := w.born("bob")
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	w.do(httptest.NewRequest("GET", "/", nil).WithContext(ctx), born, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Subject() })
	check(t, "enrolled", len(w.list("bob")), 1)
}
