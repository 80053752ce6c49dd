package main

import (
	"fmt"
	"net/http"

	"github.com/doorbook/doorbook/session"
)

func main() {
	sessions, err := session.New(session.Config{})
	if err != nil {
		panic(err)
	}
	http.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %s.\n", session.From(r.Context()).Subject())
	})
	http.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password first
	})
	http.HandleFunc("POST /logout", func(_ http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
	})
	panic(http.ListenAndServe("localhost:8080", sessions.Handler(http.DefaultServeMux)))
}
