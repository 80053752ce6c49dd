// Command jsonapi shows one site for people and for programs: pages and JSON from the same
// sessions, errors in the language of whoever asked, and the session key in a header for clients
// that keep no cookies.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const note session.Key[string] = "note"

func config() session.Config {
	return session.Config{
		Home:         session.Home{Store: memstore.New(memstore.Config{})},
		ErrorHandler: sorry,
		Header:       "X-Session-Key",
	}
}

// sorry answers for the middleware: when a session could not be loaded or saved, and when a guard
// lets nobody through.
func sorry(w http.ResponseWriter, r *http.Request, err error) {
	status := session.ErrorStatus(r, err)
	if status == http.StatusSeeOther { // the session ended meanwhile: the same page again, as a stranger
		http.Redirect(w, r, session.SamePage(r), status)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		log.Print(err) // the reason is for us, the client learns the status
		w.Header().Set("Retry-After", "5")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		answer(w, status, map[string]string{"error": http.StatusText(status)})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><title>%[1]s</title><h1>%[1]s</h1>\n", http.StatusText(status))
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func site(sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %q\n", session.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	// A program begins with an empty X-Session-Key, and brings the key of each answer with its next
	// request.
	mux.HandleFunc("POST /api/session", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /api/session", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		w.WriteHeader(http.StatusNoContent)
	})
	signedIn := sessions.RequireSignedIn("/")
	mux.Handle("PUT /api/note", signedIn(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note.Set(session.From(r.Context()), r.FormValue("text"))
		w.WriteHeader(http.StatusNoContent)
	})))
	mux.Handle("GET /api/note", signedIn(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		text, _ := note.Get(s)
		answer(w, http.StatusOK, map[string]string{"subject": s.Subject(), "text": text})
	})))
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

func main() {
	keys, err := session.NewKeyRing([]byte(os.Getenv("SESSION_SECRET"))) // 32 random bytes or more: openssl rand -hex 32
	if err != nil {
		log.Fatal(err)
	}
	c := config()
	c.Keys = keys
	sessions, err := session.New(c)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
