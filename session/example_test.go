package session_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// visitor is a browser for the examples: it sends back the cookies it got.
type visitor struct {
	handler http.Handler
	cookies map[string]string
}

func (v *visitor) get(path string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("User-Agent", "Example/1")
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if v.cookies == nil {
			v.cookies = map[string]string{}
		}
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%s: %d %s", path, w.Code, w.Body)))
}

func newSessions() *session.Manager {
	secret := make([]byte, 32) // keep it: a new one ends every session
	_, _ = rand.Read(secret)
	keys, err := session.NewKeyRing(secret)
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		log.Fatal(err)
	}
	return sessions
}

// The ten lines that begin.
func Example() {
	const name session.Key[string] = "name"

	sessions := newSessions()
	hello := func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		before, ok := name.Get(s)
		name.Set(s, r.FormValue("name"))
		fmt.Fprintf(w, "last time you were %q (%t)", before, ok)
	}
	browser := &visitor{handler: sessions.Handler(http.HandlerFunc(hello))}
	browser.get("/?name=Ada")
	browser.get("/?name=Grace")
	// Output:
	// /?name=Ada: 200 last time you were "" (false)
	// /?name=Grace: 200 last time you were "Ada" (true)
}

// Sign in, and out. The key of the session changes with both.
func ExampleSession_SignIn() {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn("ada") // after the password was right
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		who := session.From(r.Context()).Subject()
		if who == "" {
			http.Error(w, "please sign in", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "welcome %s", who)
	})
	browser := &visitor{handler: newSessions().Handler(mux)}
	browser.get("/")
	browser.get("/login")
	browser.get("/")
	browser.get("/logout")
	browser.get("/")
	// Output:
	// /: 401 please sign in
	// /login: 303 <a href="/">See Other</a>.
	// /: 200 welcome ada
	// /logout: 303 <a href="/">See Other</a>.
	// /: 401 please sign in
}

// A typed key is a constant. Its values are encoded by Set, and decoded afresh by each Get.
func ExampleKey() {
	type Developer struct {
		Name   string
		Skills []string
	}
	const loggedInUser session.Key[Developer] = "loggedin_user"

	mux := http.NewServeMux()
	mux.HandleFunc("/set", func(_ http.ResponseWriter, r *http.Request) {
		loggedInUser.Set(session.From(r.Context()), Developer{"Ada", []string{"analysis", "poetry"}})
	})
	mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		dev, ok := loggedInUser.Get(session.From(r.Context()))
		fmt.Fprintf(w, "%q %q %t", dev.Name, dev.Skills, ok)
	})
	browser := &visitor{handler: newSessions().Handler(mux)}
	browser.get("/get")
	browser.get("/set")
	browser.get("/get")
	// Output:
	// /get: 200 "" [] false
	// /set: 200
	// /get: 200 "Ada" ["analysis" "poetry"] true
}

// A counter that stays right however many requests come at once.
func ExampleKey_Update() {
	const visits session.Key[int] = "visits"

	count := func(w http.ResponseWriter, r *http.Request) {
		n := visits.Update(session.From(r.Context()), func(old int) int { return old + 1 })
		fmt.Fprintf(w, "visit %d", n)
	}
	browser := &visitor{handler: newSessions().Handler(http.HandlerFunc(count))}
	browser.get("/")
	browser.get("/")
	browser.get("/")
	// Output:
	// /: 200 visit 1
	// /: 200 visit 2
	// /: 200 visit 3
}

// A value that is good for one use, such as the state of a sign-in elsewhere.
func ExampleKey_Pop() {
	const state session.Key[string] = "oauth_state"

	mux := http.NewServeMux()
	mux.HandleFunc("/begin", func(_ http.ResponseWriter, r *http.Request) { state.Set(session.From(r.Context()), "s3cr3t") })
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		if want, ok := state.Pop(session.From(r.Context())); !ok || r.FormValue("state") != want {
			http.Error(w, "begin again", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, "fine")
	})
	browser := &visitor{handler: newSessions().Handler(mux)}
	browser.get("/begin")
	browser.get("/callback?state=s3cr3t")
	browser.get("/callback?state=s3cr3t")
	// Output:
	// /begin: 200
	// /callback?state=s3cr3t: 200 fine
	// /callback?state=s3cr3t: 400 begin again
}

// A message for the next page, shown once.
func ExampleSession_Flash() {
	mux := http.NewServeMux()
	mux.HandleFunc("/save", func(_ http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).Flash("success", "Your changes are saved.")
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		for _, f := range session.From(r.Context()).Flashes() {
			fmt.Fprintf(w, "%s: %s", f.Category, f.Text)
		}
	})
	browser := &visitor{handler: newSessions().Handler(mux)}
	browser.get("/save")
	browser.get("/page")
	browser.get("/page")
	// Output:
	// /save: 200
	// /page: 200 success: Your changes are saved.
	// /page: 200
}

// A person sees their sessions, and ends all but the one they sit at.
func ExampleManager_EndAll() {
	sessions := newSessions()
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(_ http.ResponseWriter, r *http.Request) { session.From(r.Context()).SignIn("ada") })
	mux.HandleFunc("/sessions", func(w http.ResponseWriter, r *http.Request) {
		list, err := sessions.List(r.Context(), session.From(r.Context()).Subject())
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		for _, i := range list {
			fmt.Fprintf(w, "%s from %s; ", i.UserAgent, i.Addr)
		}
	})
	mux.HandleFunc("/end-others", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		this, _ := s.ID()
		n, err := sessions.EndAll(r.Context(), s.Subject(), this)
		fmt.Fprint(w, n, " ended, ", err)
	})
	laptop, phone := &visitor{handler: sessions.Handler(mux)}, &visitor{handler: sessions.Handler(mux)}
	laptop.get("/login")
	phone.get("/login")
	laptop.get("/sessions")
	laptop.get("/end-others")
	laptop.get("/sessions")
	phone.get("/sessions")
	// Output:
	// /login: 200
	// /login: 200
	// /sessions: 200 Example/1 from 192.0.2.1; Example/1 from 192.0.2.1;
	// /end-others: 200 1 ended, <nil>
	// /sessions: 200 Example/1 from 192.0.2.1;
	// /sessions: 200
}

// An error page of one's own, for sessions that could not be loaded or saved. ErrorStatus says what
// fits.
func ExampleConfig_errorHandler() {
	const note session.Key[string] = "note"

	keys, _ := session.NewKeyRing([]byte("32 bytes or more from crypto/rand"))
	sessions, err := session.New(session.Config{
		Keys:     keys,
		Home:     session.Home{Store: memstore.New(memstore.Config{})},
		MaxBytes: 100,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(err, session.ErrTooLarge) {
				http.Error(w, "that note is too long", http.StatusRequestEntityTooLarge)
				return
			}
			session.DefaultErrorHandler(w, r, err)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	save := func(w http.ResponseWriter, r *http.Request) {
		note.Set(session.From(r.Context()), strings.Repeat("x", 200))
		fmt.Fprint(w, "saved") // never sent, because it would be a lie
	}
	browser := &visitor{handler: sessions.Handler(http.HandlerFunc(save))}
	browser.get("/")
	// Output:
	// /: 413 that note is too long
}

// Dead records are removed in the background until the program ends.
func ExampleManager_RunSweeper() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go newSessions().RunSweeper(ctx, time.Minute)
}
