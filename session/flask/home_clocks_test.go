package flask_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

// A value that was set for a time keeps it when Flask's side sets it anew, and Flask's side sees it
// after its time.
func TestTimesBesideFlask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, cookie := w.visit("", func(s *session.Session) string { city.SetFor(s, "Oslo", time.Minute); return "" })
	cookie = w.edit(cookie, func(v map[string]string) { v["city"] = `"Rome"` })
	_, said, _ := w.visit(cookie, func(s *session.Session) string { c, _ := city.Get(s); return c })
	check(t, "in time", said, "Rome")
	w.now = w.now.Add(time.Minute)
	_, said, _ = w.visit(cookie, func(s *session.Session) string { return fmt.Sprint(s.Has("city")) })
	check(t, "after its time", said, "false")
	check(t, "as Flask sees it", w.values(cookie)["city"], `"Rome"`)
	_, _, again := w.visit(cookie, func(s *session.Session) string { city.Set(s, "Bergen"); return "" })
	check(t, "set anew", fmt.Sprint(w.values(again)), `map[city:"Bergen"]`)
}

// Signed by a fallback key is good, and signed by the first one with the next use that is written
// down.
func TestFallbackKey(t *testing.T) {
	t.Parallel()
	old, err := flask.NewSigner(flask.Keys{Secret: []byte("the key of last year, 0123456789")})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(app *flask.Config, _ *session.Config) {
		app.Fallbacks = [][]byte{[]byte("the key of last year, 0123456789")}
	})
	signed := old.Sign([]byte(`{`+ada+`}`), w.now)
	subject, cookie := w.see(signed)
	check(t, "signed in", subject, "ada")
	check(t, "signed anew", cookie != signed && w.text(cookie) != "", true)

	stranger := old.Sign([]byte(`{"city":"Oslo"}`), w.now)
	_, same := w.see(stranger)
	check(t, "a stranger's at once", same, stranger)
	w.now = w.now.Add(2 * time.Minute)
	_, anew := w.see(stranger)
	check(t, "a stranger's with the next use", anew != stranger && w.text(anew) == `{"city":"Oslo"}`, true)

	named := old.Sign([]byte(w.text(cookie)), w.now) // by a Flask process that has the old key still
	w.now = w.now.Add(2 * time.Minute)
	subject, anew = w.see(named)
	check(t, "a named one", subject, "ada")
	check(t, "a named one is signed anew", w.text(anew) != "", true)
	check(t, "sessions", len(w.list("ada")), 1)
	other := newWorld(t)
	check(t, "where the old key is not known", other.opens(signed), "")
}

// Both sides look at their own clocks.
func TestClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leeway, at time.Duration
		opens      bool
	}{
		"now":                           {0, 0, true},
		"a second ahead, as in Flask":   {0, time.Second, false},
		"within the leeway":             {10 * time.Second, 10 * time.Second, true},
		"beyond the leeway":             {10 * time.Second, 11 * time.Second, false},
		"a second before the limit":     {0, time.Second - flask.DefaultMaxAge, true},
		"a second after the limit":      {0, -time.Second - flask.DefaultMaxAge, false},
		"the limit with a leeway":       {10 * time.Second, -time.Second - flask.DefaultMaxAge, false},
		"a hundred years ago":           {0, -36500 * 24 * time.Hour, false},
		"a hundred years from now":      {0, 36500 * 24 * time.Hour, false},
		"the leeway, under its seconds": {time.Second - 1, time.Second, false},
	} {
		w := newWorld(t, leeway(c.leeway))
		for kind, text := range map[string]string{"signed in": `{` + ada + `,"city":"Oslo"}`, "a stranger": `{"city":"Oslo"}`} {
			cookie := w.signer.Sign([]byte(text), w.now.Add(c.at))
			_, said, _ := w.visit(cookie, func(s *session.Session) string { c, _ := city.Get(s); return c })
			check(t, name+", "+kind, said == "Oslo", c.opens)
		}
	}
}

// A session that Flask's side signs anew for ever ends here at the limit in all, and stays ended.
func TestLimitInAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, cookie := w.see(w.born("ada"))
	for range 30 {
		w.now = w.now.Add(24 * time.Hour)
		cookie = w.refresh(cookie)
		check(t, "in time", w.opens(cookie), "ada")
	}
	w.now = w.now.Add(24 * time.Hour)
	cookie = w.refresh(cookie)
	check(t, "at the limit", w.opens(cookie), "")
	for range 3 {
		if _, err := w.sessions.Sweep(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		check(t, "after a sweep", w.opens(w.refresh(cookie)), "")
		w.now = w.now.Add(24 * time.Hour)
	}
}
