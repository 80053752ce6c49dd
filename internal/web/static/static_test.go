package static_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/web/static"
)

func newStatic(t *testing.T) *static.Static {
	t.Helper()
	s, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *static.Static, method, url string, header ...string) *http.Response {
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestEveryFileIsServed(t *testing.T) {
	t.Parallel()
	s := newStatic(t)
	for name, kind := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		t.Run(name, func(t *testing.T) {
			url := s.URL(name)
			if !regexp.MustCompile(`^/static/[0-9a-f]{16}/` + regexp.QuoteMeta(name) + `$`).MatchString(url) {
				t.Fatalf("address %q", url)
			}
			want, err := fs.ReadFile(static.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			res := get(s, "GET", url)
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != 200 || string(body) != string(want) {
				t.Errorf("status %d, %d bytes", res.StatusCode, len(body))
			}
			if got := res.Header.Get("Content-Type"); got != kind {
				t.Errorf("type %q", got)
			}
			if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("cache %q", got)
			}
			head := get(s, "HEAD", url)
			if rest, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(rest) != 0 || head.ContentLength != int64(len(want)) {
				t.Errorf("HEAD: status %d, %d bytes, length %d", head.StatusCode, len(rest), head.ContentLength)
			}
			again := get(s, "GET", url, "If-None-Match", `"other", W/`+res.Header.Get("ETag"))
			if rest, _ := io.ReadAll(again.Body); again.StatusCode != 304 || len(rest) != 0 {
				t.Errorf("asked again: status %d, %d bytes", again.StatusCode, len(rest))
			}
			if other := get(s, "GET", url, "If-None-Match", `"other"`); other.StatusCode != 200 {
				t.Errorf("another tag: status %d", other.StatusCode)
			}
		})
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	s := newStatic(t)
	css := s.URL("app.css")
	for _, url := range []string{
		"/static/", "/static/app.css", "/static/0000000000000000/app.css", strings.Replace(css, "app.css", "app.js", 1), css + "/", css + "x",
		"/static/../static.go", "/static/" + strings.Split(css, "/")[2] + "/../app.css", "/", "/static/%2e%2e/static.go",
	} {
		res := get(s, "GET", url)
		if res.StatusCode != 404 || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, cache %q", url, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
		if res := get(s, method, css); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, res.StatusCode, res.Header.Get("Allow"))
		}
	}
	if url := s.URL("static.go"); url != "" {
		t.Errorf("an unknown name has the address %q", url)
	}
}

// Together with the login page (under 5 kB, see package view) this stays under 30 kB.
func TestWeight(t *testing.T) {
	t.Parallel()
	total := 0
	entries, err := fs.ReadDir(static.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", e.Name(), info.Size())
		total += int(info.Size())
	}
	if total > 25_000 {
		t.Errorf("the files weigh %d bytes, want at most 25000", total)
	}
}

func TestFilesAskNobodyElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		content, err := fs.ReadFile(static.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(content), `xmlns="http://www.w3.org/2000/svg"`, "")
		for _, bad := range []string{"http:", "https:", "//cdn", "@import", "url(", "innerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage", "cookie"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q in it", name, bad)
			}
		}
	}
}
