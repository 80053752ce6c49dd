package httpx

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
)

// This is how tokens come in (RFC 6750): on the routes that speak JSON, in "Authorization: Bearer",
// and in no other way. Who brings one is let in by it or not at all: its cookies are no second
// chance.

// bring takes the token that a request brings from its header. By then nothing has looked at the
// session, and nothing will: the cookies are taken away.
func (q *request) bring(w http.ResponseWriter, r *http.Request) error {
	switch lines := r.Header["Authorization"]; q.route.Form {
	case JSON:
		w.Header().Add("Vary", "Authorization")
		return q.bringToJSON(w, r, lines)
	case Page:
		// A proxy may have signed people in with a header of its own, which is none of our business.
		if slices.ContainsFunc(lines, func(line string) bool { return account.MeantAsToken(bearer(line)) }) {
			return q.tokenRefused(w, r, "Tokens are taken at the addresses that answer in JSON. This one is for people.")
		}
	}
	return nil
}

func (q *request) bringToJSON(w http.ResponseWriter, r *http.Request, lines []string) error {
	switch {
	case len(lines) > 1:
		q.strip(r)
		return fault.New(fault.Malformed, "The header Authorization came more than once.")
	case r.URL.RawQuery != "" && r.URL.Query().Has("access_token"):
		// It would be in logs and histories by now.
		return q.tokenRefused(w, r, "A token is taken in the header Authorization and never in an address. End this one: it may have been seen.")
	case len(lines) == 0 || !isBearer(lines[0]):
		return nil
	}
	q.strip(r)
	q.bearer, q.token = true, bearer(lines[0])
	return nil
}

// strip makes the request one without cookies.
func (q *request) strip(r *http.Request) { r.Header.Del("Cookie") }

// isBearer reports whether a line of the header Authorization is of the scheme for tokens.
func isBearer(line string) bool {
	const scheme = "Bearer"
	return len(line) >= len(scheme) && strings.EqualFold(line[:len(scheme)], scheme) &&
		(len(line) == len(scheme) || line[len(scheme)] == ' ' || line[len(scheme)] == '\t')
}

// bearer returns the token of such a line, "" for none.
func bearer(line string) string {
	_, token, _ := strings.Cut(line, " ")
	if !isBearer(line) {
		return ""
	}
	return token
}

// tokenRefused is the answer to a token that is not taken.
func (q *request) tokenRefused(w http.ResponseWriter, r *http.Request, text string) error {
	q.strip(r)
	q.bare = true
	challenge(w, `error="invalid_token"`)
	return fault.New(fault.Unauthorized, text)
}

func challenge(w http.ResponseWriter, what string) {
	w.Header().Set("WWW-Authenticate", "Bearer "+what)
}

// letInBy lets a request in by its token, if that is good and does for what is asked.
func (e *Edge) letInBy(w http.ResponseWriter, r *http.Request, q *request) error {
	v := &q.visit
	if err := e.door.IdentifyToken(r.Context(), v, q.token); err != nil {
		if e.tallyToken(v, err) {
			challenge(w, `error="invalid_token"`)
		}
		return err
	}
	if need := scopeOf(r.Method); !v.Token.Scopes.Has(need) {
		return e.lacksScope(w, r, v, need)
	}
	if q.route.Fresh != 0 { // nobody has just proved who they are
		e.door.Note(r.Context(), v, book.ActionForbidden, "")
		return fault.New(fault.Forbidden, "That takes somebody who has just signed in. A token may not do it.")
	}
	return nil
}

// lacksScope tells a program what its token may not do (RFC 6750, 3.1).
func (e *Edge) lacksScope(w http.ResponseWriter, r *http.Request, v *door.Visit, need account.Scopes) error {
	e.door.Note(r.Context(), v, book.ActionForbidden, "")
	challenge(w, `error="insufficient_scope", scope="`+need.String()+`"`)
	return fault.New(fault.Forbidden, "This token may not do that: it lacks the scope "+need.String()+".")
}

// tallyToken counts a token that lets nobody in, and reports whether the error is that it does not.
func (e *Edge) tallyToken(v *door.Visit, err error) bool {
	switch {
	case errors.Is(err, door.ErrNoToken):
		e.recorder.Tally(book.ActionTokenRefused, v.Addr)
	case errors.Is(err, door.ErrTokenOver):
		e.recorder.Tally(book.ActionTokenUsedAfterEnd, v.Addr)
	default:
		return false
	}
	return true
}

// tokenForApplication returns the token of ours that a request to an application brings, as a Bearer
// or as the password of Basic, for git and other clients that know nothing else. One that is brought
// in another way, as the name of Basic, say, is given and no good: or the application would get it,
// and could use it. Every other word in the header is between the client and the application.
func tokenForApplication(lines []string) (token string, given bool) {
	if len(lines) == 1 {
		if token = bearer(lines[0]); token == "" {
			_, token = basic(lines[0])
		}
		if account.MeantAsToken(token) {
			return token, true
		}
	}
	return "", slices.ContainsFunc(lines, func(line string) bool {
		name, password := basic(line)
		return account.HoldsToken(line) || account.HoldsToken(name) || account.HoldsToken(password)
	})
}

// basic returns the name and the password of a line of the header Authorization.
func basic(line string) (name, password string) {
	scheme, rest, _ := strings.Cut(line, " ")
	r := http.Request{Header: http.Header{"Authorization": {scheme + " " + strings.Trim(rest, " \t")}}}
	name, password, _ = r.BasicAuth()
	return name, password
}

// scopeOf is what a token needs for a method.
func scopeOf(method string) account.Scopes {
	if unsafe(method) {
		return account.ScopeWrite
	}
	return account.ScopeRead
}
