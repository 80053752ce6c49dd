package session

import (
	"context"
	"net/http"
)

// request is what the middleware adds to one request, in one piece of memory: the context that
// leads to the session, the session, and the response writer that saves it in time (writer.go).
type request struct {
	context.Context
	session Session
	rw      http.ResponseWriter
	r       *http.Request // the copy that carries the session
	before  []headerLine  // the headers that stood when the middleware was entered
	failed  error         // why the handler's answer was withheld
	begun   bool          // the final header is out, or the connection is hijacked
}

func (q *request) Value(key any) any {
	if key == (contextKey{}) || key == any(q.session.m) {
		return &q.session
	}
	return q.Context.Value(key)
}

// Handler gives every request of next its session, reached with From. A request that does not use
// it costs two allocations, one that does costs one visit to the store.
//
// The session is saved when the answer begins: at the handler's final WriteHeader, first Write,
// Flush, ReadFrom or Hijack, or when it returns. If that fails the answer is ErrorHandler's, and
// nothing of the handler's is sent. If the handler panics before, nothing is saved, whether the
// panic is recovered outside or inside of Handler; nor is anything when a http.TimeoutHandler
// inside gives up on it.
//
// Handlers of two Managers may stand inside of each other, if their cookies have different names:
// From then gives the inner one's session, and Manager.From that of the Manager asked. If the inner
// one fails, what was done to the outer one's session is saved with the error page; if the outer
// one fails, the inner one's cookie is lost with the answer. A Handler inside of another of the
// same Manager does nothing.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, twice := r.Context().Value(m).(*Session); twice {
			next.ServeHTTP(w, r)
			return
		}
		q := &request{Context: r.Context(), rw: w, before: copyHeader(w.Header())}
		q.session.m, q.session.r = m, r
		q.r = r.WithContext(q)
		defer q.finish()
		next.ServeHTTP(q, q.r)
		if !q.begun {
			q.begin(http.StatusOK)
		}
	})
}
