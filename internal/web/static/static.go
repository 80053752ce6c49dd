// Package static holds the files that pages refer to and serves them under addresses that change
// with their content, so that browsers may keep them for ever and still never use an old one.
package static

import (
	"bytes"
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
//go:embed app.css app.js icon.svg
var FS embed.FS

// Static is the files with their addresses. It does not change after New and is safe for concurrent
// use.
type Static struct {
	byName map[string]string // name: address
	byURL  map[string]file
}

type file struct {
	content []byte
	kind    string // Content-Type
	tag     string // ETag
}

// New reads the embedded files and hashes them. The error is that of a broken build: a file that
// cannot be read, or one whose type is not known.
func New() (*Static, error) {
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		return nil, err
	}
	s := &Static{byName: map[string]string{}, byURL: map[string]file{}}
	for _, e := range entries {
		content, err := fs.ReadFile(FS, e.Name())
		if err != nil {
			return nil, err
		}
		kind, err := contentType(e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:8]) // names a version; nothing is protected by it
		url := Prefix + hash + "/" + e.Name()
		s.byName[e.Name()] = url
		s.byURL[url] = file{content: content, kind: kind, tag: `"` + hash + `"`}
	}
	return s, nil
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
// at their current address only (404). A file may be kept for a year without asking again (RFC
// 8246); a refusal may not be kept at all. Headers that every answer carries (nosniff and the like)
// are left to the server around it.
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
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", f.tag)
		if matches(r.Header.Get("If-None-Match"), f.tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", f.kind)
		h.Set("Content-Length", strconv.Itoa(len(f.content)))
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodGet {
			_, _ = bytes.NewReader(f.content).WriteTo(w) // a client that went away is not our concern
		}
	})
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
