package httpx

import (
	"net/http"
	"strings"
)

// Base is the path that the whole site stands below: "" or, of the public URL
// https://example.org/door, "/door". Requests come with it, and nobody takes it away on their way:
// neither a proxy nor we. Routes are written without it.
func Base(r *http.Request) string {
	if q := of(r); q != nil {
		return q.edge.base
	}
	return ""
}

// Path is where an address of this site ("/login") is found.
func Path(r *http.Request, address string) string { return Base(r) + address }

// Redirect sends a visitor to an address of this site ("/login"), to be asked for with GET.
func Redirect(w http.ResponseWriter, r *http.Request, address string) {
	http.Redirect(w, r, Path(r, address), http.StatusSeeOther)
}

// SeeOther sends a visitor to an address as it stands, to be asked for with GET. http.Redirect would
// tidy its path up: what an application made of "//" in it is the application's own.
func SeeOther(w http.ResponseWriter, to string) {
	w.Header()["Location"] = []string{to}
	w.WriteHeader(http.StatusSeeOther)
}

// below takes the prefix off a path, and reports whether there is one and the path was below it.
func (e *Edge) below(path string) (string, bool) {
	if e.base == "" {
		return path, false
	}
	if rest, ok := strings.CutPrefix(path, e.base); ok && strings.HasPrefix(rest, "/") {
		return rest, true
	}
	return path, false
}
