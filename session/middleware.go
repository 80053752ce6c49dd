package session

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
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
		defer q.leave()
		next.ServeHTTP(q, q.r)
		if !q.begun {
			q.begin(http.StatusOK)
		}
	})
}

// DefaultErrorHandler answers with plain text. A session that ended under the request sends a page
// that was asked for by GET or HEAD to the same address again, where it starts afresh, and answers
// anything else with 401; a popped value that another request got is 409, too much data 413, and a
// session that cannot be loaded or saved is 503 with Retry-After. For the guards: nobody signed in
// is 401, a sign-in that is too long ago 403.
func DefaultErrorHandler(w http.ResponseWriter, r *http.Request, err error) {
	status := ErrorStatus(r, err)
	w.Header().Set("Cache-Control", "no-store")
	switch status {
	case http.StatusSeeOther:
		w.Header().Set("Location", SamePage(r))
		w.WriteHeader(status)
		return
	case http.StatusServiceUnavailable:
		if !hopeless(err) {
			w.Header().Set("Retry-After", "5")
		}
	}
	http.Error(w, http.StatusText(status), status)
}

// hopeless reports whether trying again mends nothing.
func hopeless(err error) bool {
	for _, mistake := range []error{ErrMisuse, ErrBadKey, ErrNoMiddleware, ErrUnsupported, ErrCommitted} {
		if errors.Is(err, mistake) {
			return true
		}
	}
	return false
}

// ErrorStatus is the status that fits an error given to an ErrorHandler; see DefaultErrorHandler.
func ErrorStatus(r *http.Request, err error) int {
	switch {
	case errors.Is(err, ErrEnded) && reads(r) && wantsPage(r):
		return http.StatusSeeOther
	case errors.Is(err, ErrEnded), errors.Is(err, ErrNotSignedIn):
		return http.StatusUnauthorized
	case errors.Is(err, ErrNotFresh):
		return http.StatusForbidden
	case errors.Is(err, ErrConflict):
		return http.StatusConflict
	case errors.Is(err, ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

// reads reports whether the request may be repeated without a second thought.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// wantsPage reports whether a person waits for a page.
func wantsPage(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// SamePage is the address of the request as a redirect may name it: a path of this site, whatever
// was asked for. It is what the client sent, before anything like http.StripPrefix changed it.
func SamePage(r *http.Request) string {
	u := r.URL
	if asked, err := url.ParseRequestURI(r.RequestURI); err == nil {
		u = asked
	}
	page := "/" + strings.TrimLeft(u.EscapedPath(), "/\\")
	if u.RawQuery != "" {
		page += "?" + u.RawQuery
	}
	return page
}
