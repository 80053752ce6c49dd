package sessiontest

import (
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/doorbook/doorbook/session"
)

// jar holds the cookies of one browser by name. Everything in this package that needs a session
// goes to Manager.Handler with one, as browsers do, so that it works wherever the data lives.
type jar map[string]string

// carry puts the cookies on a request, in place of those of the same names.
func (j jar) carry(r *http.Request) {
	had := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range had {
		if _, ok := j[c.Name]; !ok {
			r.AddCookie(c)
		}
	}
	for name, value := range j {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

// keep does what an answer's cookies ask for.
func (j jar) keep(res *http.Response) {
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(j, c.Name)
		} else {
			j[c.Name] = c.Value
		}
	}
}

// answer is what a browser got: all of it.
type answer struct {
	status int
	header http.Header
	body   string
}

// visit sends r with the cookies of the jar through a manager to h, and keeps the cookies of the
// answer.
func (j jar) visit(m *session.Manager, r *http.Request, h func(http.ResponseWriter, *http.Request, *session.Session)) answer {
	j.carry(r)
	rec := httptest.NewRecorder()
	m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(w, r, session.From(r.Context()))
	})).ServeHTTP(rec, r)
	res := rec.Result()
	j.keep(res)
	body, _ := io.ReadAll(res.Body) // of a recorder: never fails
	return answer{res.StatusCode, res.Header, string(body)}
}
