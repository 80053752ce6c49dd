// Command cart shows a cart that a stranger fills and keeps when they sign in. Two tabs that add to
// it at the same moment both do, because Key.Update says how the cart changes and not what it is.
package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// Cart is how many pieces there are of each article.
type Cart map[string]int

const cart session.Key[Cart] = "cart"

//go:embed page.html
var source string

type page struct {
	Subject  string
	Messages []session.Flash
	Cart     Cart
}

func site(sessions *session.Manager) http.Handler {
	front := template.Must(template.New("front").Parse(source))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		c, _ := cart.Get(s)
		var b bytes.Buffer
		if err := front.Execute(&b, page{s.Subject(), s.Flashes(), c}); err != nil {
			http.Error(w, "This page is broken", http.StatusInternalServerError)
			return
		}
		_, _ = b.WriteTo(w)
	})
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		article := r.FormValue("article")
		if article != "tea" && article != "cake" { // what is not checked can fill the session
			http.Error(w, "There is no such article", http.StatusBadRequest)
			return
		}
		s := session.From(r.Context())
		cart.Update(s, func(c Cart) Cart {
			if c == nil { // the first piece
				c = Cart{}
			}
			c[article]++
			return c
		})
		s.Flash("success", "One more "+article)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this; the cart stays
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut() // the cart goes
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
