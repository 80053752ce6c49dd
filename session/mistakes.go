package session

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
)

// mistakes are those of a program that nobody would notice otherwise. Each kind is told in the log
// once; events tell of every one.
type mistakes struct {
	read, changed atomic.Bool
}

// tooLate tells of a first use, or a change, after the answer has begun.
func (s *Session) tooLate(kind EventKind, told *atomic.Bool, what string) {
	s.observe(kind, s.id(), ErrCommitted)
	if told.CompareAndSwap(false, true) {
		slog.WarnContext(s.r.Context(), what, "method", s.r.Method, "path", s.r.URL.Path, "pattern", s.r.Pattern)
	}
}

const (
	readTooLate = "session: first used after the answer had begun, so it counted as empty and its cookie could not be renewed:" +
		" ask it before the first byte, or render the page to a buffer"
	changedTooLate = "session: changed after the answer had begun, so the change is lost: change first, write then"
)

// withoutHandler tells once that a request did not pass through Manager.Handler. Contexts that are of
// no request are none of its business.
func withoutHandler(ctx context.Context) {
	if ctx.Value(http.ServerContextKey) != nil {
		tellWithoutHandler()
	}
}

// tellWithoutHandler has no Manager that could remember that it was told.
var tellWithoutHandler = sync.OnceFunc(func() {
	slog.Warn("session: asked for in a request that did not pass through Manager.Handler, so nobody is signed in and nothing is kept:" + wrapIt)
})

const wrapIt = " wrap the server's handler, as in http.ListenAndServe(addr, sessions.Handler(mux))"
