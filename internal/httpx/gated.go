package httpx

import (
	"cmp"
	"net/http"
	"strings"

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

// Instead is the application in whose place a page of ours answers, nil for all other pages, and
// whether that is so because its rules let nobody in who asks as this one does.
func Instead(r *http.Request) (app *gate.App, refused bool) {
	switch q := of(r); {
	case q.asked != nil:
		d := &q.asked.decision
		return q.asked.app, d.Verdict == gate.Refuse && d.Why != "" // without a reason nobody was asked
	case q.refused:
		return AppHere(r), true
	}
	return nil, false
}

// Health tells of each application of the gate that a request sees whether it answers.
func Health(r *http.Request) []gate.State {
	g := Gate(r)
	if g == nil {
		return nil
	}
	return of(r).edge.health.Of(g)
}

// AppOrigin is the scheme and host at which people reach an application.
func AppOrigin(r *http.Request, app *gate.App) string {
	return cmp.Or(app.Origin, strings.TrimSuffix(Origin(r), Base(r)))
}
