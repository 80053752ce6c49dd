package session_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// A server removes the temporary files of a multipart form; it finds them behind the middleware,
// too.
func TestMultipartFilesAreRemoved(t *testing.T) {
	for _, name := range []string{"bare", "sessions"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			w := newWorld(t)
			var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if err := r.ParseMultipartForm(10); err != nil {
					t.Error(err)
				}
			})
			if name == "sessions" {
				h = w.m.Handler(h)
			}
			s := httptest.NewServer(h)
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, _ := form.CreateFormFile("f", "f")
			_, _ = part.Write(bytes.Repeat([]byte("x"), 1<<20))
			_ = form.Close()
			res, err := http.Post(s.URL, form.FormDataContentType(), &body)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			s.Close()
			files, _ := os.ReadDir(dir)
			check(t, "files left", len(files), 0)
		})
	}
}

// The touch of a remembered session, which prolongs its cookie, is no reason to refuse an upgrade.
func TestUpgradeOfRememberedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	w.clock.add(2 * time.Minute)
	failed := make(chan error, 1)
	w.on("/ws", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		s.Subject() // only reads
		conn, _, err := http.NewResponseController(rw).Hijack()
		failed <- err
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			_ = conn.Close()
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.serve(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = b.request("GET", "/ws").Write(conn)
	_, _ = http.ReadResponse(bufio.NewReader(conn), nil)
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

// An answer that is withheld from a reverse proxy is a broken connection, not 503.
func TestProxyBeforeAWithheldAnswer(t *testing.T) {
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

// A change between TakeCookie (or a Hijack that failed) and the first byte is refused and nobody is
// told: 200.
func TestChangeAfterTakeCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, first := range map[string]func(http.ResponseWriter, *session.Session){
		"TakeCookie": func(_ http.ResponseWriter, s *session.Session) { _, _ = s.TakeCookie() },
		"Hijack":     func(rw http.ResponseWriter, _ *session.Session) { _, _, _ = rw.(http.Hijacker).Hijack() },
	} {
		t.Run(name, func(t *testing.T) {
			b := w.signedIn("ada")
			w.on("/"+name, func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
				s.Subject()
				first(rw, s) // a recorder has no Hijack, as HTTP/2 has none
				s.SignOut()
				_, _ = io.WriteString(rw, "signed out")
			})
			a := b.get("/" + name)
			if who := b.get("/who").body; a.status == 200 && who == "ada" {
				t.Errorf("the answer is %d %q, and the session lives: %q", a.status, a.body, who)
			}
		})
	}
}

// An error handler that panics, recovered inside, makes 200 of an answer that was withheld.
func TestErrorHandlerThatPanics(t *testing.T) {
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

// What ServeMux notes on the request reaches middleware outside, such as logs and metrics.
func TestPatternReachesOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/item/{id}", func(http.ResponseWriter, *http.Request, *session.Session) {})
	r := httptest.NewRequest("GET", "/item/7", nil)
	w.h.ServeHTTP(httptest.NewRecorder(), r)
	check(t, "pattern", r.Pattern, "/item/{id}")
}

// Old handlers ask for http.CloseNotifier without a doubt.
func TestCloseNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, _ *session.Session) {
		if _, ok := rw.(interface{ CloseNotify() <-chan bool }); !ok {
			t.Error("no CloseNotify, which gin's Stream asserts")
		}
	})
	w.browser().fetch("GET", "/")
}

// A kept header map fills a trailer that was announced outside.
func TestTrailerOfAWithheldAnswer(t *testing.T) {
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

// The same manager twice.
func TestManagerInsideOfItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/x", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo") // say, a middleware that counts visits
		w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			session.From(r.Context()).SignIn("ada")
		})).ServeHTTP(rw, r)
	})
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, httptest.NewRequest("GET", "/x", nil))
	check(t, "session cookies in one answer", len(rec.Header()["Set-Cookie"]), 1)
	b := w.browser()
	b.keep(rec.Result())
	check(t, "signed in", b.get("/who").body, "ada")
}

// net/http has 101 as one more informational status over HTTP/2.
func TestWriterSwitchingOverHTTP2(t *testing.T) {
	hold(t, []writerCase{{name: "101", only: "HTTP/2.0", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
		w.WriteHeader(101)
		w.WriteHeader(202)
	}}})
}
