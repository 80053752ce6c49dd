package main

import (
	"errors"
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

var page = template.Must(template.New("").Parse(`<!doctype html>{{if .}}Hello {{.}}. <form method=post action=/logout><button>Sign out</button></form>
{{else}}<form method=post action=/login>Your name <input name=name required> <button>Sign in</button></form>{{end}}`))

func site(sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		page.Execute(w, session.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

func main() {
	keys, weak := session.NewKeyRing([]byte(os.Getenv("SESSION_SECRET"))) // openssl rand -hex 32
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err := errors.Join(weak, err); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
