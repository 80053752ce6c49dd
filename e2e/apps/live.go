// Package apps is applications of the tests, which know nothing of Doorbook but the headers by which
// they are told who asks.
package apps

import (
	_ "embed"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/coder/websocket"
)

// Live is an application whose pages hear of what happens: by a WebSocket at /socket, and by an event
// stream at /events.
type Live struct {
	Open atomic.Int32 // sockets and streams that are open at this moment
}

//go:embed live.html
var livePage string

// ServeHTTP implements http.Handler.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _ := url.PathUnescape(r.Header.Get("Remote-Name"))
	switch r.URL.Path {
	case "/socket":
		l.socket(w, r, name)
	case "/events":
		l.events(w, r, name)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, livePage, html.EscapeString(name), html.EscapeString(r.URL.RequestURI()))
	}
}

func (l *Live) socket(w http.ResponseWriter, r *http.Request, name string) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // it is behind a proxy that looks
	if err != nil {
		return
	}
	defer conn.CloseNow()
	l.Open.Add(1)
	defer l.Open.Add(-1)
	for message := "hello " + name; ; {
		if err := conn.Write(r.Context(), websocket.MessageText, []byte(message)); err != nil {
			return
		}
		_, said, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		message = "you said " + string(said)
	}
}

func (l *Live) events(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Content-Type", "text/event-stream")
	l.Open.Add(1)
	defer l.Open.Add(-1)
	fmt.Fprintf(w, "data: hello %s\n\n", name)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
