package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/memstore"
)

// developer is what the Flask application keeps of who is signed in.
type developer struct {
	ID     string   `json:"_id"`
	Name   string   `json:"name"`
	Skills []string `json:"skills"`
}

const loggedInUser session.Key[developer] = "loggedin_user"

// beside is a Go program and a real Flask application that share a cookie, and a browser with that
// cookie.
type beside struct {
	t        *testing.T
	real     *oracle
	sessions *session.Manager
	now      int64
	cookie   string // "" is none
}

func besideFlask(t *testing.T) *beside {
	t.Helper()
	b := &beside{t: t, real: realFlask(t), now: flaskNow}
	app := flask.Config{SecretKey: []byte(flaskSecret), Subject: func(v flask.Values) string {
		var d developer
		v.Get("loggedin_user", &d)
		return d.ID
	}}
	config, err := app.Sessions(session.Config{
		Home: session.Home{Store: memstore.New(memstore.Config{}), Cookie: session.Cookie{PlainHTTP: true}},
		Now:  func() time.Time { return time.Unix(b.now, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.sessions, err = session.New(config); err != nil {
		t.Fatal(err)
	}
	return b
}

// flask is a request to the Flask application. It gives what the view found.
func (b *beside) flask(do string, put *typed) (result, seen *typed) {
	b.t.Helper()
	q := question{Op: "request", Secret: flaskSecret, Now: b.now, Do: do, Session: put, Look: true}
	if b.cookie != "" {
		q.Cookie = &b.cookie
	}
	a := b.real.ask(b.t, q)
	if a.Status != 200 {
		b.t.Fatalf("Flask answers %d to %s: %s", a.Status, do, a.Error)
	}
	b.keep(a.SetCookie)
	return a.Result, a.Session
}

// here is a request to the Go program.
func (b *beside) here(f func(s *session.Session) string) string {
	b.t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	if b.cookie != "" {
		r.Header.Set("Cookie", "session="+b.cookie)
	}
	w := httptest.NewRecorder()
	b.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, f(session.From(r.Context())))
	})).ServeHTTP(w, r)
	if w.Code != 200 {
		b.t.Fatalf("answered %d", w.Code)
	}
	b.keep(w.Result().Header["Set-Cookie"])
	return w.Body.String()
}

func (b *beside) keep(lines []string) {
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			b.t.Fatal(err)
		}
		if b.cookie = c.Value; c.MaxAge < 0 {
			b.cookie = ""
		}
	}
}

func (b *beside) subject() string {
	return b.here(func(s *session.Session) string { return s.Subject() })
}

func (b *beside) want(what, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

const ada = `dict{str "_id": str "ada", str "name": str "Ada", str "skills": list[str "go"]}`

func signInHere(s *session.Session) string {
	s.SignIn("ada")
	loggedInUser.Set(s, developer{ID: "ada", Name: "Ada", Skills: []string{"go"}})
	s.Flash("success", "Hello “Ada”")
	return ""
}

// TestFlaskKnowsWhoSignedInHere: a sign-in, its message and its end cross to the real Flask.
func TestFlaskKnowsWhoSignedInHere(t *testing.T) {
	t.Parallel()
	b := besideFlask(t)
	b.here(signInHere)
	messages, seen := b.flask("get_flashed", nil)
	b.want("the message there", messages.String(), `list[tuple[str "success" str "Hello “Ada”"]]`)
	if !strings.Contains(seen.String(), `str "loggedin_user": `+ada) {
		t.Errorf("signed in there: %v", seen)
	}
	b.want("the message is gone here", b.here(func(s *session.Session) string { return fmt.Sprint(s.Flashes()) }), "[]")

	id := b.here(func(s *session.Session) string { id, _ := s.ID(); return id.String() })
	b.flask("set_new", nil)
	b.flask("flash", nil)
	b.want("the same session with what Flask has put in", b.here(func(s *session.Session) string {
		same, _ := s.ID()
		n, _ := keyB.Get(s)
		return fmt.Sprintf("%t %d %v %s", same.String() == id, n, s.Flashes(), s.Subject())
	}), "true 2 [{message hi} {error oops}] ada")

	copied := b.cookie
	b.here(func(s *session.Session) string { s.SignOut(); return "" })
	b.want("the browser's cookie after the sign-out", b.cookie, "")
	_, seen = b.flask("get", nil)
	b.want("signed out there", seen.String(), "dict{}")

	b.cookie = copied
	if _, seen = b.flask("get", nil); !strings.Contains(seen.String(), ada) {
		t.Errorf("the documentation says that Flask goes on taking a copy; it sees %v", seen)
	}
	b.want("a copy here", b.subject(), "")
	b.cookie = copied
	b.now += 100
	b.flask("set_changed", nil) // Flask signs it anew
	b.want("a copy here that Flask has refreshed", b.subject(), "")
}

// TestSignedInAtFlask: a sign-in at the real Flask and its end cross to here, and here it can be
// ended.
func TestSignedInAtFlask(t *testing.T) {
	t.Parallel()
	b := besideFlask(t)
	skills := []*typed{typedText("str", "go")}
	user := &typed{T: "dict", V: [][2]*typed{
		{typedText("str", "_id"), typedText("str", "ada")},
		{typedText("str", "name"), typedText("str", "Ada")},
		{typedText("str", "skills"), {T: "list", V: skills}},
	}}
	signIn := &typed{T: "dict", V: [][2]*typed{
		{typedText("str", "loggedin_user"), user},
		{typedText("str", "when"), typedTime(time.Unix(flaskNow, 0).UTC())},
		{typedText("str", "pair"), {T: "tuple", V: []*typed{{T: "none"}, {T: "bytes", V: "ff00"}}}},
	}}
	b.flask("put", signIn)
	b.want("signed in here", b.here(func(s *session.Session) string {
		d, _ := loggedInUser.Get(s)
		keyA.Set(s, 7)
		return fmt.Sprint(s.Subject(), " ", d)
	}), "ada {ada Ada [go]}")
	_, seen := b.flask("flash", nil)
	for _, part := range []string{`str "pair": tuple[none bytes "ff00"]`, fmt.Sprint(`str "when": datetime `, flaskNow), `str "a": int "7"`, ada} {
		if !strings.Contains(seen.String(), part) {
			t.Errorf("carried along: %v, want it to have %s", seen, part)
		}
	}
	b.want("messages here", b.here(func(s *session.Session) string { return fmt.Sprint(s.Flashes()) }), "[{message hi} {error oops}]")

	before := b.cookie
	b.flask("clear", nil)
	b.want("the browser's cookie after the sign-out", b.cookie, "")
	b.want("signed out here", b.subject(), "")

	b.cookie = before
	list, err := b.sessions.List(t.Context(), "ada")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d sessions: %v", len(list), err)
	}
	if err := b.sessions.End(t.Context(), "ada", list[0].ID); err != nil {
		t.Fatal(err)
	}
	b.want("ended here", b.subject(), "")

	b.cookie, b.now = "", b.now+1
	b.flask("put", signIn)
	b.want("signed in at Flask once more", b.subject(), "ada")
	if _, err := b.sessions.EndAll(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	b.want("all ended here", b.subject(), "")
	b.cookie = before
	b.want("the first one after all were ended", b.subject(), "")
}
