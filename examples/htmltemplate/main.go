// Command htmltemplate shows what every page knows of the session in html/template: functions that
// are bound to the request when the page is drawn, so that no handler need pass it on.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const visits session.Key[int] = "visits"

//go:embed page.html
var source string

// inPages are the functions that the templates call; s is the session of the request.
func inPages(s *session.Session) template.FuncMap {
	return template.FuncMap{
		"subject": s.Subject,
		"flashes": s.Flashes,
		"visits":  func() int { n, _ := visits.Get(s); return n },
	}
}

type app struct{ page *template.Template }

// show draws the page to a buffer first: messages are gone once shown, and a page that fails
// halfway is no page.
func (a app) show(w http.ResponseWriter, r *http.Request, data any) {
	page := template.Must(a.page.Clone()).Funcs(inPages(session.From(r.Context())))
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		http.Error(w, "This page is broken", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w)
}

func site(sessions *session.Manager) http.Handler {
	// Parsed with a session that keeps nothing, only for the functions' names.
	a := app{template.Must(template.New("page").Funcs(inPages(session.From(context.Background()))).Parse(source))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if s := session.From(r.Context()); s.Subject() != "" {
			visits.Update(s, func(n int) int { return n + 1 })
		}
		a.show(w, r, time.Now())
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		s.SignIn(r.FormValue("name")) // check a password before this
		s.Flash("success", "Welcome back")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

func main() {
	keys, err := session.NewKeyRing([]byte(os.Getenv("SESSION_SECRET"))) // 32 random bytes or more: openssl rand -hex 32
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
