package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// RequireSignedIn makes middleware that lets only requests of somebody who is signed in through.
// Who asks for a page is sent to the login page, a path of this site, with the way back in the
// query parameter "next" (see WayBack), if the page can be asked for again; everything else is
// answered by Config.ErrorHandler with ErrNotSignedIn, which is 401 by default. It panics if login is
// no path of this site.
//
// A preflight of CORS brings no cookie, so to the guard it is a stranger's and gets 401. What
// answers preflights stands outside of the guard; best outside of Handler, too, because an error
// page keeps no headers that were set inside of it, and without those of CORS no script may read
// it.
func (m *Manager) RequireSignedIn(login string) func(http.Handler) http.Handler {
	return m.require(login, ErrNotSignedIn, func(*Session) bool { return true })
}

// RequireFresh is RequireSignedIn for routes where the sign-in must not be longer ago than within
// (ASVS 7.5.1): to change a password, say. Others are sent to the page where people confirm who
// they are, by signing in once more; what is no page is ErrNotFresh, 403 by default, or
// ErrNotSignedIn.
func (m *Manager) RequireFresh(within time.Duration, confirm string) func(http.Handler) http.Handler {
	return m.require(confirm, ErrNotFresh, func(s *Session) bool {
		ago := m.now().Sub(s.SignedInSince())
		return ago <= within && ago >= -maxSkew
	})
}

func (m *Manager) require(page string, failed error, enough func(*Session) bool) func(http.Handler) http.Handler {
	if !local(page) {
		panic(fmt.Sprintf("session: a guard sends people to a page of this site, a path such as \"/login\", not to %q", page))
	}
	own, _, query := strings.Cut(page, "?")
	next := "?next="
	if query {
		next = "&next="
	}
	return func(guarded http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := m.From(r.Context())
			signedIn := s.Subject() != ""
			if signedIn && enough(s) {
				guarded.ServeHTTP(w, r)
				return
			}
			err, broken, here := failed, s.Err(), SamePage(r)
			switch {
			case errors.Is(broken, ErrNoMiddleware):
				m.cfg.ErrorHandler(w, r, broken)
				return
			case broken != nil: // nobody knows who is signed in; the error handler answers in place of this
				w.WriteHeader(ErrorStatus(r, broken))
				return
			case !signedIn:
				err = ErrNotSignedIn
			}
			path, _, _ := strings.Cut(here, "?")
			if plain, err := url.PathUnescape(path); err == nil {
				path = plain
			}
			if !wantsPage(r) || path == own { // a login page behind its own guard would be asked for forever
				answer := &errorWriter{ResponseWriter: w, r: r}
				m.cfg.ErrorHandler(answer, r, err)
				if !answer.begun {
					answer.WriteHeader(ErrorStatus(r, err))
				}
				return
			}
			target := page
			if reads(r) && local(here) {
				target += next + url.QueryEscape(here)
			}
			w.Header()["Location"] = []string{target}
			w.WriteHeader(http.StatusSeeOther)
		})
	}
}

// WayBack gives the page that somebody came from when a guard sent them to the login page: the
// parameter "next" of the query or the form, if it is the address of a page of this site, other
// than this one. Otherwise, and for anything that could lead elsewhere, it gives the second
// argument.
func WayBack(r *http.Request, otherwise string) string {
	next := r.FormValue("next")
	if !local(next) {
		return otherwise
	}
	if u, err := url.Parse(next); err != nil || u.Host != "" || u.Scheme != "" || u.Path == r.URL.Path {
		return otherwise
	}
	return next
}

// local reports whether an address is a path of this site to every browser, of at most 2048 bytes:
// they take backslashes for slashes, drop tabs and line breaks, and two slashes begin a host
// (WHATWG URL, 4.4).
func local(address string) bool {
	if len(address) > 2048 || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
		return false
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}
