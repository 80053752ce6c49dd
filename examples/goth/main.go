// Command goth signs people in with one of the many providers of github.com/markbates/goth. Its
// gothic wants a sessions.Store of gorilla's, which store makes of the request's session.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/github"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

func site(sessions *session.Manager) http.Handler {
	gothic.Store = store{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %q\n", session.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /auth/{provider}", func(w http.ResponseWriter, r *http.Request) {
		to, err := gothic.GetAuthURL(w, r)
		if err != nil {
			http.Error(w, "No such provider", http.StatusNotFound)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther) // BeginAuthHandler's 307 would post the form to the provider
	})
	mux.HandleFunc("GET /auth/{provider}/callback", func(w http.ResponseWriter, r *http.Request) {
		who, err := gothic.CompleteUserAuth(w, r) // forgets what was kept, whatever comes of it
		if err != nil {
			log.Print(err)
			http.Error(w, "The provider did not confirm the sign-in", http.StatusBadGateway)
			return
		}
		session.From(r.Context()).SignIn(who.Provider + ":" + who.UserID)
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
	callback := "http://localhost:8080/auth/github/callback"
	goth.UseProviders(github.New(os.Getenv("GITHUB_ID"), os.Getenv("GITHUB_SECRET"), callback))
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
