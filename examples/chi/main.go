// Command chi shows sessions in a chi router: Manager.Handler is middleware as chi takes it.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// The form goes back to the address that it came from, "?next=" included.
const loginPage = `<!doctype html><title>Sign in</title>
<form method="post"><label>Your name <input name="name" required></label> <button>Sign in</button></form>
`

func site(sessions *session.Manager) http.Handler {
	router := chi.NewRouter()
	router.Use(middleware.Recoverer) // outside of the sessions: a handler that panics saves nothing
	router.Use(http.NewCrossOriginProtection().Handler)
	router.Use(sessions.Handler)

	router.Get("/login", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, loginPage)
	})
	router.Post("/login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		http.Redirect(w, r, session.WayBack(r, "/"), http.StatusSeeOther)
	})
	router.Post("/logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %q\n", session.From(r.Context()).Subject())
	})
	router.With(sessions.RequireSignedIn("/login")).Get("/private/{page}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "The private page %q of %q\n", chi.URLParam(r, "page"), session.From(r.Context()).Subject())
	})
	return router
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
