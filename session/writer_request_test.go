package session_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// The request is the server's, and middleware outside sees what becomes of it.

// A server removes the temporary files of a multipart form; it finds them behind the middleware,
// too.
func TestWriterMultipartFilesAreRemoved(t *testing.T) {
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

// What ServeMux notes on the request reaches middleware outside, such as logs and metrics.
func TestWriterPatternReachesOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/item/{id}", func(http.ResponseWriter, *http.Request, *session.Session) {})
	r := httptest.NewRequest("GET", "/item/7", nil)
	w.h.ServeHTTP(httptest.NewRecorder(), r)
	check(t, "pattern", r.Pattern, "/item/{id}")
}

// Old handlers ask for http.CloseNotifier without a doubt, and get it.
func TestWriterCloseNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, _ *session.Session) {
		if _, ok := rw.(interface{ CloseNotify() <-chan bool }); !ok {
			t.Error("no CloseNotify, which gin's Stream asserts")
		}
	})
	w.browser().fetch("GET", "/")
}
