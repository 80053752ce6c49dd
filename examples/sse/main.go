// Command sse shows a stream of events for somebody who is signed in, which ends when their session
// does: by a sign-out in another tab, by Manager.End, or when its time is over.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

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
	mux.HandleFunc("GET /events", events)
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

// events tells the time every second.
func events(w http.ResponseWriter, r *http.Request) {
	s := session.From(r.Context())
	if s.Subject() == "" {
		http.Error(w, "Please sign in", http.StatusUnauthorized)
		return
	}
	ctx, stop := context.WithCancelCause(r.Context())
	var watch sync.WaitGroup
	watch.Go(func() { stop(s.Watch(ctx)) })
	defer watch.Wait()
	defer stop(nil)

	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		if _, err := fmt.Fprintf(w, "data: %s\n\n", time.Now().Format(time.TimeOnly)); err != nil {
			return
		}
		if stream.Flush() != nil {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), session.ErrEnded) { // else the browser comes back by itself
				fmt.Fprint(w, "event: ended\ndata: please sign in\n\n")
			}
			return
		}
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
