// Package static holds the files that pages refer to and serves them under addresses that change
// with their content, so that browsers may keep them for ever and still never use an old one. The
// style sheet is written in layers, a file for each, and served as one.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix is where the files are served.
const Prefix = "/static/"

// FS holds the files as they are in the source.
//
//go:embed css/*.css app.js icon.svg
var FS embed.FS

// Layers are the parts of the style sheet, each a file of its own in css and a cascade layer: what
// comes later wins over what comes earlier, whatever their selectors.
func Layers() []string {
	return []string{"tokens", "base", "layout", "parts", "pages", "print"}
}

// Static is the files with their addresses. It does not change after New and is safe for concurrent
// use.
type Static struct {
	byName map[string]string // name: address
	byURL  map[string]file
}

type file struct {
	kind          string // Content-Type
	plain, zipped variant
}

// variant is a file in one coding.
type variant struct {
	content []byte
	tag     string // ETag
}

// New reads the embedded files, hashes them, and compresses them once for all who will ask. The
// error is that of a broken build: a file that cannot be read, or one whose type is not known.
func New() (*Static, error) {
	css, err := styleSheet()
	if err != nil {
		return nil, err
	}
	s := &Static{byName: map[string]string{}, byURL: map[string]file{}}
	if err := s.add("app.css", css); err != nil {
		return nil, err
	}
	for _, name := range []string{"app.js", "icon.svg"} {
		content, err := fs.ReadFile(FS, name)
		if err != nil {
			return nil, err
		}
		if err := s.add(name, content); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// styleSheet joins the layers, after a line that says their order.
func styleSheet() ([]byte, error) {
	css := []byte("@layer " + strings.Join(Layers(), ", ") + ";\n")
	for _, layer := range Layers() {
		content, err := fs.ReadFile(FS, "css/"+layer+".css")
		if err != nil {
			return nil, err
		}
		css = append(css, content...)
	}
	return css, nil
}

func (s *Static) add(name string, content []byte) error {
	kind, err := contentType(name)
	if err != nil {
		return err
	}
	zipped, err := compressed(content)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:8]) // names a version; nothing is protected by it
	url := Prefix + hash + "/" + name
	s.byName[name] = url
	s.byURL[url] = file{kind, variant{content, `"` + hash + `"`}, variant{zipped, `"` + hash + `-gzip"`}}
	return nil
}

func compressed(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// contentType does not ask the system's table, which differs from machine to machine.
func contentType(name string) (string, error) {
	switch ext := path.Ext(name); ext {
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	default:
		return "", &fs.PathError{Op: "serve", Path: name, Err: fs.ErrInvalid}
	}
}

// URL gives the address of a file ("app.css"), "" for a name that does not exist.
func (s *Static) URL(name string) string { return s.byName[name] }

// Handler serves the files below Prefix, which it expects in the path: to GET and HEAD only (405),
// at their current address only (404), and compressed to whoever takes that. A file may be kept for
// a year without asking again (RFC 8246); a refusal may not be kept at all. Headers that every
// answer carries (nosniff and the like) are left to the server around it.
func (s *Static) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed)
			return
		}
		f, ok := s.byURL[r.URL.Path]
		if !ok {
			refuse(w, http.StatusNotFound)
			return
		}
		v := f.plain
		if takesGzip(r.Header.Values("Accept-Encoding")) {
			v = f.zipped
			h.Set("Content-Encoding", "gzip")
		}
		h.Add("Vary", "Accept-Encoding")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", v.tag)
		if matches(r.Header.Get("If-None-Match"), v.tag) {
			h.Del("Content-Encoding") // of what is not sent
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", f.kind)
		h.Set("Content-Length", strconv.Itoa(len(v.content)))
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodGet {
			_, _ = bytes.NewReader(v.content).WriteTo(w) // a client that went away is not our concern
		}
	})
}

// takesGzip reports whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3). Who says nothing
// of it, or says it in a way of which this makes nothing, gets the file as it is, which everybody
// can read.
func takesGzip(headers []string) bool {
	for _, h := range headers {
		for _, coding := range strings.Split(h, ",") {
			name, params, _ := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			key, weight, given := strings.Cut(strings.TrimSpace(params), "=")
			if !given && params == "" {
				return true
			}
			q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
			return strings.EqualFold(strings.TrimSpace(key), "q") && err == nil && q > 0 && q <= 1
		}
	}
	return false
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}

// matches reports whether an If-None-Match header names the tag (RFC 9110 §13.1.2).
func matches(header, tag string) bool {
	if header == "*" {
		return true
	}
	for _, t := range strings.Split(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(t), "W/") == tag {
			return true
		}
	}
	return false
}
