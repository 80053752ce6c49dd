package session

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/session/store"
)

// DefaultErrorHandler answers with plain text, by ErrorStatus, and logs the cause of every 5xx, which
// is not for the client. A page that is asked for by GET or HEAD is sent to its own address again
// where that may mend it.
func DefaultErrorHandler(w http.ResponseWriter, r *http.Request, err error) {
	status := ErrorStatus(r, err)
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case status == http.StatusSeeOther:
		w.Header().Set("Location", SamePage(r))
		w.WriteHeader(status)
		return
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	if status >= http.StatusInternalServerError {
		slog.ErrorContext(r.Context(), "session: an error page went out in place of the handler's answer",
			"method", r.Method, "path", r.URL.Path, "status", status, "error", err)
	}
	http.Error(w, http.StatusText(status), status)
}

// ErrorStatus returns the status that fits an error given to an ErrorHandler:
//
//	303  a page asked for by GET or HEAD whose session ended, or was renewed, under the request, or
//	     that lost a popped value to another: SamePage(r), where it starts afresh; once in ten
//	     seconds for a session, so that nobody is sent in circles
//	401  anything else whose session ended, and where somebody must be signed in
//	403  a sign-in that is too long ago
//	409  a popped value that another request got
//	413  too much data
//	500  a mistake of the program: ErrMisuse, ErrCommitted, ErrUnsupported, ErrNoMiddleware
//	503  a session that cannot be loaded or saved: the store is away, or full
func ErrorStatus(r *http.Request, err error) int {
	if again := errors.Is(err, ErrEnded) || errors.Is(err, store.ErrConflict); again && mayAskAgain(r) {
		return http.StatusSeeOther
	}
	for _, kind := range []struct {
		err    error
		status int
	}{
		{ErrEnded, http.StatusUnauthorized},
		{ErrNotSignedIn, http.StatusUnauthorized},
		{ErrNotFresh, http.StatusForbidden},
		{store.ErrConflict, http.StatusConflict},
		{ErrTooLarge, http.StatusRequestEntityTooLarge},
		{ErrMisuse, http.StatusInternalServerError},
		{ErrCommitted, http.StatusInternalServerError},
		{ErrUnsupported, http.StatusInternalServerError},
		{ErrNoMiddleware, http.StatusInternalServerError},
	} {
		if errors.Is(err, kind.err) {
			return kind.status
		}
	}
	return http.StatusServiceUnavailable
}

// mayAskAgain reports whether a person waits for a page that may be asked for again, and was not
// sent to its own address just now.
func mayAskAgain(r *http.Request) bool {
	if !reads(r) || !wantsPage(r) {
		return false
	}
	s, ok := r.Context().Value(contextKey{}).(*Session)
	return !ok || s.mayAskAgain()
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
