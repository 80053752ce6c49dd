package bench_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// work is what a handler does with the session of its request.
type work string

const (
	fill       work = "fill"       // store the three strings
	fillStruct work = "fillStruct" // store the three strings and the struct
	read       work = "read"       // read one string
	readStruct work = "readStruct" // read the struct
	write      work = "write"      // store one string anew
	written    work = "written"    // read what write stored
	absent     work = "absent"     // read one string, and find none
	nothing    work = "nothing"    // leave the session alone
)

// What the sessions hold: three strings, and for some works a struct beside them.
const (
	nameKey, nameValue = "name", "Ada Lovelace"
	langKey, langValue = "language", "en-GB"
	pageKey, pageValue = "last_page", "/developers?sort=name"
	newPageValue       = "/logs?type=activity"
	structKey          = "loggedin_user"
)

// developer is what the original application keeps of the person who is signed in.
type developer struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	Role   string   `json:"role"`
	Skills []string `json:"skills"`
}

func ada() developer {
	return developer{
		ID: "66f2a1b09c3d4e5f60718293", Name: nameValue, Email: "ada@example.org", Role: "admin",
		Skills: []string{"analysis", "poetry"},
	}
}

func (d developer) equal(e developer) bool {
	return d.ID == e.ID && d.Name == e.Name && d.Email == e.Email && d.Role == e.Role && slices.Equal(d.Skills, e.Skills)
}

// peer is one implementation of sessions under its middleware. handler gives the whole pass: the middleware around a
// handler that does w and answers 200 if all it read was right.
type peer interface {
	handler(w work) http.Handler
}

// peers gives every implementation anew. The first is what benchstat compares the others with.
func peers(tb testing.TB) []struct {
	name string
	peer peer
} {
	return []struct {
		name string
		peer peer
	}{
		{"scs", newSCS()},
		{"doorbook", newDoorbook(tb)},
		{"floor", newFloor()},
	}
}

// answer is what all the handlers end with, so that every implementation meets a status and a first byte.
func answer(w http.ResponseWriter, right bool, body []byte) {
	if !right {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(body)
}

// responseWriter allocates nothing: its header map is cleared and used again, and what is written is counted and dropped.
type responseWriter struct {
	header http.Header
	status int
	bytes  int
}

func newResponseWriter() *responseWriter { return &responseWriter{header: make(http.Header, 8)} }

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *responseWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.bytes += len(b)
	return len(b), nil
}

func (w *responseWriter) reset() {
	clear(w.header)
	w.status, w.bytes = 0, 0
}

// signIn makes a session by one pass of the work first, and gives the request that comes back with its cookie.
func signIn(tb testing.TB, p peer, first work) *http.Request {
	tb.Helper()
	w := httptest.NewRecorder()
	p.handler(first).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	cookies := w.Result().Cookies()
	if w.Code != http.StatusOK || len(cookies) != 1 {
		tb.Fatalf("%s: status %d and %d cookies, want 200 and one", first, w.Code, len(cookies))
	}
	r := stranger()
	r.Header["Cookie"] = []string{cookies[0].Name + "=" + cookies[0].Value}
	return r
}

// stranger is the request of somebody without a cookie, with the headers that a browser sends.
func stranger() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Language", "en-GB,en;q=0.5")
	return r
}

// TestPeers proves that the implementations do the work that they are timed at.
func TestPeers(t *testing.T) {
	for _, p := range peers(t) {
		t.Run(p.name, func(t *testing.T) {
			w := newResponseWriter()
			pass := func(r *http.Request, what work) {
				t.Helper()
				w.reset()
				p.peer.handler(what).ServeHTTP(w, r)
				if w.status != http.StatusOK || w.bytes == 0 {
					t.Errorf("%s: status %d with %d bytes", what, w.status, w.bytes)
				}
			}
			r := signIn(t, p.peer, fill)
			pass(r, read)
			if vary := w.header["Vary"]; !strings.EqualFold(strings.Join(vary, ","), "Cookie") {
				t.Errorf("Vary: %q after a read", vary)
			}
			pass(r, nothing)
			pass(r, write)
			pass(r, written)
			pass(r, read) // what write left alone
			pass(stranger(), absent)
			pass(signIn(t, p.peer, fillStruct), readStruct)

			// The tests above are only worth something if a wrong value is noticed.
			w.reset()
			p.peer.handler(read).ServeHTTP(w, stranger())
			if w.status == http.StatusOK {
				t.Error("a stranger read somebody's value")
			}
		})
	}
}
