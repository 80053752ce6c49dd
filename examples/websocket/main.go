// Command websocket shows a WebSocket for somebody who is signed in, which is closed when their
// session ends: by a sign-out in another tab, by Manager.End, or when its time is over.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/coder/websocket"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// sessionEnded is the code that clients get, one of those that are free for programs (RFC 6455,
// 7.4.2).
const sessionEnded websocket.StatusCode = 4401

func site(sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %q\n", session.From(r.Context()).Subject())
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignIn(r.FormValue("name")) // check a password before this
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		session.From(r.Context()).SignOut()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /echo", echo)
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

// echo sends everything back.
func echo(w http.ResponseWriter, r *http.Request) {
	s := session.From(r.Context())
	if s.Subject() == "" {
		http.Error(w, "Please sign in", http.StatusUnauthorized)
		return
	}
	conn, err := websocket.Accept(w, r, nil) // refuses other origins, so that no other site uses this one's cookie
	if err != nil {
		return // it has answered
	}
	defer conn.CloseNow()

	// The request's context does not end with a connection that was taken over, so the reading does
	// it.
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go func() {
		defer stop()
		for {
			kind, message, err := conn.Read(ctx)
			if err != nil || conn.Write(ctx, kind, message) != nil {
				return
			}
		}
	}()
	if errors.Is(s.Watch(ctx), session.ErrEnded) {
		_ = conn.Close(sessionEnded, "the session has ended")
	}
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
