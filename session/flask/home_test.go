package flask_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/memstore"
)

const secretKey = "a secret of two programs, 0123456789"

// user is what the Flask application keeps of who is signed in.
type user struct {
	ID     string   `json:"_id"`
	Name   string   `json:"name"`
	Skills []string `json:"skills"`
}

const (
	loggedIn session.Key[user]   = "loggedin_user"
	city     session.Key[string] = "city"
)

func subject(v flask.Values) string {
	var u user
	v.Get("loggedin_user", &u)
	return u.ID
}

// world is a Go program beside a Flask application, of which there is only its cookie.
type world struct {
	t        *testing.T
	now      time.Time
	sessions *session.Manager
	signer   *flask.Signer
}

func newWorld(t *testing.T, change ...func(*flask.Config, *session.Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)}
	app := flask.Config{SecretKey: []byte(secretKey), Subject: subject}
	base := session.Config{Now: func() time.Time { return w.now }, Home: session.Home{Store: memstore.New(memstore.Config{})}}
	for _, f := range change {
		f(&app, &base)
	}
	config, err := app.Sessions(base)
	if err != nil {
		t.Fatal(err)
	}
	if w.sessions, err = session.New(config); err != nil {
		t.Fatal(err)
	}
	if w.signer, err = flask.NewSigner(flask.Keys{Secret: []byte(secretKey)}); err != nil {
		t.Fatal(err)
	}
	return w
}

// visit is one request with a cookie ("" for none). It returns the status, what the handler wrote,
// and the cookie that the browser has then.
func (w *world) visit(cookie string, f func(s *session.Session) string) (status int, body, after string) {
	w.t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html")
	if cookie != "" {
		r.Header.Set("Cookie", "session="+cookie)
	}
	a := httptest.NewRecorder()
	w.sessions.Handler(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
		io.WriteString(a, f(session.From(r.Context())))
	})).ServeHTTP(a, r)
	after = cookie
	for _, c := range a.Result().Cookies() {
		after = c.Value
		if c.MaxAge < 0 {
			after = ""
		}
	}
	return a.Code, a.Body.String(), after
}

// flask makes the cookie that the Flask application would, for a session of that text.
func (w *world) flask(text string) string { return w.signer.Sign([]byte(text), w.now) }

// text is what the Flask application finds in a cookie.
func (w *world) text(cookie string) string {
	w.t.Helper()
	if cookie == "" {
		return ""
	}
	text, _, _, err := w.signer.Verify(cookie, w.now, flask.DefaultMaxAge)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func who(s *session.Session) string { return s.Subject() }

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

const ada = `"loggedin_user":{"_id":"ada","name":"Ada","skills":["go"]}`

// What Flask's side writes is read here, is carried along, and gets a name of its own.
func TestSignedInByFlask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.flask(`{"_flashes":[{" t":["message","Welcome"]},{" t":["x",{" m":"<b>y</b>"}]}],` + ada + `,"when":{" d":"Thu, 01 May 2031 12:00:00 GMT"}}`)
	status, body, after := w.visit(cookie, who)
	check(t, "status", status, 200)
	check(t, "signed in here", body, "ada")
	text := w.text(after)
	if !strings.HasPrefix(text, `{"_doorbook":"`) || !strings.Contains(text, `,"_flashes":[{" t":["message","Welcome"]},{" t":["x",{" m":"<b>y</b>"}]}],`+ada+`,"when":{" d":"Thu, 01 May 2031 12:00:00 GMT"}}`) {
		t.Errorf("what Flask's side reads: %s", text)
	}
	list, err := w.sessions.List(t.Context(), "ada")
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	_, body, last := w.visit(after, func(s *session.Session) string { return fmt.Sprint(s.Flashes(), s.Subject()) })
	check(t, "messages", body, "[{message Welcome} {x <b>y</b>}]ada")
	check(t, "messages are gone", strings.Contains(w.text(last), "_flashes"), false)
	if err := w.sessions.End(t.Context(), "ada", list[0].ID); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]string{"first": cookie, "named": after, "last": last} {
		_, body, cleared := w.visit(c, who)
		check(t, name+" after its end", body, "")
		check(t, name+" is cleared", cleared, "")
	}
}

func TestSignedInHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, cookie := w.visit("", func(s *session.Session) string {
		s.SignIn("ada")
		loggedIn.Set(s, user{ID: "ada", Name: "Ada", Skills: []string{"go"}})
		s.Flash("success", "Hello")
		return ""
	})
	text := w.text(cookie)
	if !strings.HasSuffix(text, `,"_flashes":[{" t":["success","Hello"]}],`+ada+`}`) {
		t.Errorf("what Flask's side reads: %s", text)
	}
	// Flask's side signs out by clearing, or by taking the user away.
	out := w.flask(strings.Replace(text, ","+ada, "", 1))
	_, body, _ := w.visit(out, who)
	check(t, "signed out by Flask", body, "")
	_, body, _ = w.visit(cookie, who)
	check(t, "a copy of before", body, "")
	// Without the user there is nothing to be signed in as.
	status, _, _ := w.visit("", func(s *session.Session) string { s.SignIn("ada"); return "" })
	check(t, "a sign-in that Flask cannot see", status, 500)
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, cookie := w.visit("", func(s *session.Session) string { city.Set(s, "Oslo"); return "" })
	check(t, "what Flask's side reads", w.text(cookie), `{"city":"Oslo"}`)
	_, body, same := w.visit(cookie, func(s *session.Session) string { c, _ := city.Get(s); return c })
	check(t, "city", body, "Oslo")
	check(t, "cookie", same, cookie)
	_, _, gone := w.visit(cookie, func(s *session.Session) string { city.Delete(s); return "" })
	check(t, "an empty session", gone, "")
	_, _, cookie = w.visit(cookie, func(s *session.Session) string { city.SetFor(s, "Bergen", time.Minute); return "" })
	check(t, "what Flask's side reads", w.text(cookie), `{"_doorbook_until":{"city":1935403260000},"city":"Bergen"}`)
	w.now = w.now.Add(time.Minute)
	_, body, _ = w.visit(cookie, func(s *session.Session) string { return fmt.Sprint(s.Has("city")) })
	check(t, "after its time", body, "false")
}

func TestEndAllReachesCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	copied := w.flask(`{` + ada + `}`)
	w.now = w.now.Add(time.Minute)
	if _, err := w.sessions.EndAll(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	_, body, _ := w.visit(copied, who)
	check(t, "a copy of before", body, "")
	w.now = w.now.Add(time.Second)
	_, body, _ = w.visit(w.flask(`{`+ada+`}`), who)
	check(t, "a sign-in of after", body, "ada")
}

// The Flask application is switched off: its sessions go on in the store.
func TestMovesIntoTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := memstore.New(memstore.Config{})
	keys, err := session.NewKeyRing([]byte("a key of our own, 0123456789abcdefgh"))
	if err != nil {
		t.Fatal(err)
	}
	shared := newWorld(t, func(_ *flask.Config, c *session.Config) {
		c.Keys, c.Home.Store, c.Now = keys, store, func() time.Time { return w.now }
	})
	foreign := w.flask(`{` + ada + `,"city":"Oslo"}`)
	_, _, named := shared.visit(foreign, who)

	home, err := flask.Config{SecretKey: []byte(secretKey), Subject: subject}.Home(store, session.Cookie{}, func() time.Time { return w.now })
	if err != nil {
		t.Fatal(err)
	}
	w.sessions, err = session.New(session.Config{
		Keys: keys, Home: session.Home{Store: store, Cookie: session.Cookie{Name: "session"}}, Codec: flask.Codec{}, Old: home, Now: func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	see := func(s *session.Session) string { c, _ := city.Get(s); return s.Subject() + " " + c }
	for name, cookie := range map[string]string{"named": named, "never seen": w.flask(`{` + ada + `,"city":"Rome"}`)} {
		w.now = w.now.Add(2 * time.Minute)
		_, body, moved := w.visit(cookie, see)
		if !strings.HasPrefix(body, "ada ") || len(body) < 5 {
			t.Errorf("%s: %q", name, body)
		}
		check(t, name+" has a session key now", len(moved), 80)
		_, again, _ := w.visit(cookie, see)
		check(t, name+" with the old cookie again", again, body)
		_, again, _ = w.visit(moved, see)
		check(t, name+" with the new one", again, body)
		_, _, _ = w.visit(moved, func(s *session.Session) string { s.SignOut(); return "" })
		_, again, _ = w.visit(moved, see)
		check(t, name+" after signing out", again, " ")
	}
	_, body, _ := w.visit(named, see)
	check(t, "the shared cookie after signing out", body, " ")
}
