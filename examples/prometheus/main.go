// Command prometheus counts what happens to sessions, and shows the counters on a listener of their
// own, away from the public.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// observe makes the counters and gives what feeds them. Worth an alert: "revived" and "unreadable"
// that rise, which somebody may be trying out, and every "load failed" and "save failed", which
// somebody has seen as an error page.
func observe(registry prometheus.Registerer) func(context.Context, session.Event) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "session_events_total",
		Help: "What happened to sessions, by kind.",
	}, []string{"kind"})
	registry.MustRegister(events)
	for _, kind := range []session.EventKind{
		session.EventCreated, session.EventSignedIn, session.EventEnded, session.EventRevived, session.EventUnreadable,
		session.EventLoadFailed, session.EventSaveFailed,
	} {
		events.WithLabelValues(string(kind)) // there from the start, as 0: a rate needs a first value
	}
	return func(_ context.Context, e session.Event) { events.WithLabelValues(string(e.Kind)).Inc() }
}

func site(sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
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
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

func metrics(registry prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

func main() {
	keys, err := session.NewKeyRing([]byte(os.Getenv("SESSION_SECRET"))) // 32 random bytes or more: openssl rand -hex 32
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	sessions, err := session.New(session.Config{
		Keys:    keys,
		Home:    session.Home{Store: memstore.New(memstore.Config{})},
		Observe: observe(registry),
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.ListenAndServe("localhost:9090", metrics(registry))) }()
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
