// Command oauthstate signs people in with an OpenID provider. What the way there and back needs is
// kept in the session for ten minutes, and good for one return.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// attempt is a sign-in that is under way: the state ties the return to this browser (RFC 6749,
// 10.12), the verifier ties the code to who asked for it (PKCE, RFC 7636).
type attempt struct{ State, Verifier string }

const underway session.Key[attempt] = "oauth"

func site(sessions *session.Manager, p provider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %q\n", session.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		a := attempt{State: rand.Text(), Verifier: rand.Text() + rand.Text()}
		underway.SetFor(session.From(r.Context()), a, 10*time.Minute)
		challenge := sha256.Sum256([]byte(a.Verifier))
		http.Redirect(w, r, p.authorize+"?"+url.Values{
			"response_type": {"code"}, "scope": {"openid"}, "client_id": {p.clientID}, "redirect_uri": {p.callback},
			"state": {a.State}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
			"code_challenge_method": {"S256"},
		}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		a, ok := underway.Pop(s) // gone, whatever comes of it: a return is good once
		if !ok || subtle.ConstantTimeCompare([]byte(a.State), []byte(r.FormValue("state"))) != 1 {
			http.Error(w, "This sign-in was not begun here, or too long ago", http.StatusBadRequest)
			return
		}
		who, err := p.redeem(r.Context(), r.FormValue("code"), a.Verifier)
		if err != nil {
			log.Print(err)
			http.Error(w, "The provider did not confirm the sign-in", http.StatusBadGateway)
			return
		}
		s.SignIn(who)
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
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions, provider{
		authorize:    os.Getenv("OIDC_AUTHORIZE"),
		token:        os.Getenv("OIDC_TOKEN"),
		userinfo:     os.Getenv("OIDC_USERINFO"),
		clientID:     os.Getenv("OIDC_CLIENT_ID"),
		clientSecret: os.Getenv("OIDC_CLIENT_SECRET"),
		callback:     "http://localhost:8080/callback",
		client:       http.DefaultClient,
	})))
}
