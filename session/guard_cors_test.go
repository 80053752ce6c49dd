package session_test

import (
	"errors"
	"net/http"
	"testing"
)

// A preflight of CORS brings no cookie, whoever is signed in: a guard takes it for a stranger. So
// what answers preflights stands outside of the guard; and outside of Manager.Handler, because an
// error page keeps the headers of what is outside only. Guard: guard.go, Manager.require.

// cors lets pages of one origin in, as the middleware of that name does.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if r.Header.Get("Origin") == "https://app.example.com" {
			h.Set("Access-Control-Allow-Origin", "https://app.example.com")
			h.Set("Access-Control-Allow-Credentials", "true")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "PUT")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func TestGuardPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := 0
	w.mux.Handle("/private", w.m.RequireSignedIn("/login")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })))
	bare, b := w.h, w.signedIn("ada")
	b.header.Set("Origin", "https://app.example.com")
	b.header.Set("Sec-Fetch-Mode", "cors")
	preflight := w.browser()
	preflight.header = b.header.Clone()
	preflight.header.Set("Access-Control-Request-Method", "PUT")
	w.store.forget()

	a := preflight.do(http.MethodOptions, "/private")
	check(t, "with nothing outside of the guard", a.status, http.StatusUnauthorized)
	check(t, "its Location", a.header.Get("Location"), "")

	w.h = cors(bare)
	a = preflight.do(http.MethodOptions, "/private")
	check(t, "a preflight", a.status, http.StatusNoContent)
	check(t, "methods it allows", a.header.Get("Access-Control-Allow-Methods"), "PUT")
	check(t, "cookies in the preflights' answers", preflight.cookie, "")
	check(t, "visits to the store by preflights", len(w.store.called()), 0)
	check(t, "served to preflights", served, 0)

	want := map[string]int{"signed in": http.StatusOK, "a stranger": http.StatusUnauthorized, "the store is away": http.StatusServiceUnavailable}
	for _, name := range []string{"signed in", "a stranger", "the store is away"} {
		who := b
		switch name {
		case "a stranger":
			who = w.browser()
			who.header = b.header
		case "the store is away":
			w.store.stepIn(func(string) error { return errors.New("away") })
		}
		a = who.do(http.MethodPut, "/private")
		check(t, name, a.status, want[name])
		check(t, name+": the script may read the answer", a.header.Get("Access-Control-Allow-Origin"), "https://app.example.com")
		check(t, name+": Vary", a.header["Vary"][0], "Origin")
	}
	check(t, "served", served, 1)

	w.h = w.m.Handler(cors(w.mux)) // the other way round
	a = b.do(http.MethodPut, "/private")
	check(t, "inside of the sessions, while the store is away", a.status, http.StatusServiceUnavailable)
	check(t, "the script may read it", a.header.Get("Access-Control-Allow-Origin"), "")
}
