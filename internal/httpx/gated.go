package httpx

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/gate"
)

// Gate is the applications behind the door, as they are for a request; nil where there are none.
func Gate(r *http.Request) *gate.Gate {
	switch q := of(r); {
	case q.asked != nil:
		return q.asked.gate
	case q.edge.gate != nil:
		return q.edge.gate()
	}
	return nil
}

// AppHere is the application of the host that a request asked for, nil if there is none.
func AppHere(r *http.Request) *gate.App {
	if g := Gate(r); g != nil {
		return g.Find(hostName(of(r).host))
	}
	return nil
}
