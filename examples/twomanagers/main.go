// Command twomanagers shows two kinds of sessions in one program: those of the site, which last,
// and those of its administration, which are short and have a cookie, a store and secrets of their
// own. Neither opens the other.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// newSessions makes both managers. Their cookies must have different names.
func newSessions(siteSecret, adminSecret []byte) (public, admin *session.Manager, err error) {
	siteKeys, err := session.NewKeyRing(siteSecret)
	if err != nil {
		return nil, nil, fmt.Errorf("site: %w", err)
	}
	adminKeys, err := session.NewKeyRing(adminSecret)
	if err != nil {
		return nil, nil, fmt.Errorf("admin: %w", err)
	}
	public, err = session.New(session.Config{Keys: siteKeys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		return nil, nil, err
	}
	admin, err = session.New(session.Config{
		Keys:     adminKeys,
		Home:     session.Home{Store: memstore.New(memstore.Config{}), Cookie: session.Cookie{Name: "__Host-admin", SameSite: http.SameSiteStrictMode}},
		Lifetime: session.Lifetime{Idle: 15 * time.Minute, Absolute: 8 * time.Hour},
	})
	return public, admin, err
}

// site wraps everything in the public sessions, and /admin/ in the others as well. Within /admin/
// session.From gives the admin session, which is the inner one; Manager.From gives the one that is
// meant, wherever it is called.
func site(public, admin *session.Manager) http.Handler {
	office := http.NewServeMux()
	office.HandleFunc("GET /admin/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Administrator %q, visitor %q\n", admin.From(r.Context()).Subject(), public.From(r.Context()).Subject())
	})
	office.HandleFunc("POST /admin/login", login(admin, "/admin/"))
	office.HandleFunc("POST /admin/logout", logout(admin, "/admin/"))

	mux := http.NewServeMux()
	mux.Handle("/admin/", admin.Handler(office))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Visitor %q\n", public.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /login", login(public, "/"))
	mux.HandleFunc("POST /logout", logout(public, "/"))
	return http.NewCrossOriginProtection().Handler(public.Handler(mux))
}

func login(m *session.Manager, next string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

func logout(m *session.Manager, next string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.From(r.Context()).SignOut()
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

func main() {
	public, admin, err := newSessions([]byte(os.Getenv("SITE_SECRET")), []byte(os.Getenv("ADMIN_SECRET"))) // openssl rand -hex 32
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", site(public, admin)))
}
