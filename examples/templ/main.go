// Command templ shows sessions in templ components, which reach them through their ctx: see
// page.templ.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

func site(sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", templ.Handler(front())) // which draws to a buffer first, unless it is told to stream
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
