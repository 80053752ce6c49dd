package httpx

import (
	"context"
	"net/http"
)

// Lost says why the session that a request brings is not there.
type Lost int

// The reasons.
const (
	NotLost     Lost = iota
	LostEnded        // it has ended: it was not used for too long, or somebody ended it
	LostForeign      // our keys have not signed its cookie: it is another program's, or the key has changed
)

// SessionLost returns why the session that a request brought is not there, once the session was asked
// for.
func SessionLost(r *http.Request) Lost { return of(r).lost }

// NoteSessionLost is told why the session is not there of the request which a context is of.
func NoteSessionLost(ctx context.Context, why Lost) {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		q.lost = why
	}
}
