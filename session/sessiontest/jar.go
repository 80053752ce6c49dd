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

// visitByKey is visit for a client that is no browser and holds the key of its session in place of
// the cookie: Manager.Open, and Save where the answer begins. What becomes of the key, as
// Session.Key has it, is a cookie of the answer, so that whoever looks at it need not know how it
// came about. If Save fails nothing of h's is in the answer, and its status is that of the error.
func (j jar) visitByKey(m *session.Manager, r *http.Request, h func(http.ResponseWriter, *http.Request, *session.Session)) answer {
	sent := j[cookieName]
	s := m.Open(r.Context(), sent)
	w := &savingWriter{rec: httptest.NewRecorder(), s: s}
	h(w, r, s)
	w.WriteHeader(http.StatusOK)
	if w.failed != nil {
		w.rec = httptest.NewRecorder()
		w.rec.WriteHeader(session.ErrorStatus(r, w.failed))
	}
	res := w.rec.Result()
	if key := s.Key(); key != sent {
		res.Header.Add("Set-Cookie", (&http.Cookie{Name: cookieName, Value: key}).String())
	}
	j.keep(res)
	return answer{res.StatusCode, res.Header, w.rec.Body.String()}
}

// cookieName is the name of the session cookie where Config says no other.
const cookieName = "__Host-session"

// savingWriter saves a session that was opened by its key when the answer begins.
type savingWriter struct {
	rec    *httptest.ResponseRecorder
	s      *session.Session
	begun  bool
	failed error // what Save gave
}

func (w *savingWriter) Header() http.Header { return w.rec.Header() }

func (w *savingWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.rec.Write(b)
}

func (w *savingWriter) WriteHeader(status int) {
	if w.begun {
		return
	}
	w.begun, w.failed = true, w.s.Save()
	w.rec.WriteHeader(status)
}
