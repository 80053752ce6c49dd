package session_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// What is left of an answer that is withheld because the session could not be saved.

// An answer that is withheld from a reverse proxy, which aborts then, is 503 and no broken
// connection.
func TestWriterWithheldFromProxy(t *testing.T) {
	t.Parallel()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") }))
	defer up.Close()
	target, _ := url.Parse(up.URL)
	p := httputil.NewSingleHostReverseProxy(target)
	p.ErrorLog = log.New(io.Discard, "", 0)
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		p.ServeHTTP(rw, r)
	})
	w.store.stepIn(func(m string) error {
		if m == "Patch" {
			return errors.New("away")
		}
		return nil
	})
	check(t, "status", b.fetch("GET", "/").status, 503)
}

// An error handler that panics, recovered inside, makes no 200 of an answer that was withheld.
func TestWriterErrorHandlerPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic("template") }
	})
	b := w.signedIn("ada")
	h := w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				http.Error(rw, "sorry", 500)
			}
		}()
		city.Set(session.From(r.Context()), "Oslo")
		_, _ = io.WriteString(rw, "saved")
	}))
	w.store.stepIn(func(m string) error {
		if m == "Patch" {
			return errors.New("away")
		}
		return nil
	})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, b.request("GET", "/"))
	if rec.Code < 500 {
		t.Errorf("status %d %q", rec.Code, rec.Body)
	}
}

// A header map that the handler kept fills no trailer that was announced outside.
func TestWriterWithheldTrailer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.store.stepIn(func(m string) error {
		if m == "Patch" {
			return errors.New("away")
		}
		return nil
	})
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Trailer", "Server-Timing")
		w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			kept := rw.Header()
			city.Set(session.From(r.Context()), "Oslo")
			_, _ = io.WriteString(rw, "page")
			kept.Set("Server-Timing", "secret")
		})).ServeHTTP(rw, r)
	})
	s := httptest.NewServer(h)
	defer s.Close()
	req, _ := http.NewRequest("GET", s.URL, nil)
	req.Header.Set("Cookie", b.cookie)
	res, err := wire.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(res.Body)
	check(t, "status", res.StatusCode, 503)
	check(t, "trailer", res.Trailer.Get("Server-Timing"), "")
}
