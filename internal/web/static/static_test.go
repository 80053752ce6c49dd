package static_test

import (
	"bytes"
	"compress/gzip"
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
			want := source(t, name)
			res := get(s, "GET", url)
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != 200 || string(body) != want {
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

// source is a file as it stands in the source; the style sheet in all its layers.
func source(t *testing.T, name string) string {
	t.Helper()
	names, text := []string{name}, ""
	if name == "app.css" {
		names, text = nil, "@layer tokens, base, layout, parts, pages, print;\n"
		for _, layer := range static.Layers() {
			names = append(names, "css/"+layer+".css")
		}
	}
	for _, n := range names {
		content, err := fs.ReadFile(static.FS, n)
		if err != nil {
			t.Fatal(err)
		}
		text += string(content)
	}
	return text
}

// TestFilesAreServedCompressed: to who takes it, under a tag of its own, and said to caches.
func TestFilesAreServedCompressed(t *testing.T) {
	t.Parallel()
	s := newStatic(t)
	for accept, want := range map[string]bool{
		"gzip": true, "br, gzip, zstd": true, "GZIP": true, "gzip;q=0.5": true, "deflate, gzip; q=1.0": true, " gzip ": true,
		"": false, "identity": false, "gzip;q=0": false, "gzip; q=0.000": false, "*": false, "x-gzip": false, "gzipped": false,
		"gzip;q=": false, "gzip;q=2": false, "gzip;q=nan": false, "gzip;level=9": false, "br;gzip": false,
	} {
		for _, name := range []string{"app.css", "app.js", "icon.svg"} {
			url := s.URL(name)
			res := get(s, "GET", url, "Accept-Encoding", accept)
			body, _ := io.ReadAll(res.Body)
			if res.Header.Get("Vary") != "Accept-Encoding" || res.ContentLength != int64(len(body)) {
				t.Errorf("%q: vary %q, length %d of %d", accept, res.Header.Get("Vary"), res.ContentLength, len(body))
			}
			if got := res.Header.Get("Content-Encoding") == "gzip"; got != want {
				t.Errorf("%q: compressed %v, want %v", accept, got, want)
				continue
			}
			plain := get(s, "GET", url)
			if (plain.Header.Get("ETag") == res.Header.Get("ETag")) == want {
				t.Errorf("%q: both codings, or one asked for twice: tag %s", accept, res.Header.Get("ETag"))
			}
			if want {
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(z)
			}
			if string(body) != source(t, name) {
				t.Errorf("%q: %s is not what it is in the source", accept, name)
			}
			again := get(s, "GET", url, "Accept-Encoding", accept, "If-None-Match", res.Header.Get("ETag"))
			if again.StatusCode != 304 || again.Header.Get("Content-Encoding") != "" {
				t.Errorf("%q again: %d %q", accept, again.StatusCode, again.Header.Get("Content-Encoding"))
			}
		}
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

// TestWeight: with the login page (under 5 kB, see package view) this stays well under 30 kB as
// browsers get it; nobody else gets much more.
func TestWeight(t *testing.T) {
	t.Parallel()
	s := newStatic(t)
	for accept, most := range map[string]int{"": 30_000, "gzip": 10_000} {
		total := 0
		for _, name := range []string{"app.css", "app.js", "icon.svg"} {
			body, _ := io.ReadAll(get(s, "GET", s.URL(name), "Accept-Encoding", accept).Body)
			t.Logf("%s, %q: %d bytes", name, accept, len(body))
			total += len(body)
		}
		if total > most {
			t.Errorf("%q: the files weigh %d bytes, want at most %d", accept, total, most)
		}
	}
}

func TestFilesAskNobodyElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		text := strings.ReplaceAll(source(t, name), `xmlns="http://www.w3.org/2000/svg"`, "")
		for _, bad := range []string{"http:", "https:", "//cdn", "@import", "url(", "innerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage", "cookie"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q in it", name, bad)
			}
		}
	}
}
