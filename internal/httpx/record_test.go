package httpx_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// watcher is a client that looks into the book at the moment the final header passes.
type watcher struct {
	*httptest.ResponseRecorder
	site  *sitetest.Site
	found []book.Entry // as the header passed
	told  []int        // statuses
}

func (w *watcher) WriteHeader(status int) {
	w.told = append(w.told, status)
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.found = w.site.Entries(book.Request)
	}
	w.ResponseRecorder.WriteHeader(status)
}

func (w *watcher) Write(b []byte) (int, error) {
	if len(w.told) == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseRecorder.Write(b)
}

func (w *watcher) ReadFrom(src io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, src)
}

func (w *watcher) FlushError() error {
	if len(w.told) == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return nil
}

func (w *watcher) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.found = w.site.Entries(book.Request)
	here, _ := net.Pipe()
	return here, bufio.NewReadWriter(bufio.NewReader(here), bufio.NewWriter(here)), nil
}

// TestEntryBeforeFirstByte: whatever way an answer takes, its entry is in the book when its header
// passes, with the status that the client sees.
func TestEntryBeforeFirstByte(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		answer func(w http.ResponseWriter)
	}{
		{"WriteHeader", 201, func(w http.ResponseWriter) { w.WriteHeader(201) }},
		{"Write", 200, func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") }},
		{"Flush", 200, func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }},
		{"Flusher", 200, func(w http.ResponseWriter) { w.(http.Flusher).Flush() }},
		{"ReadFrom", 200, func(w http.ResponseWriter) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("x")) }},
		{"Hijack", 101, func(w http.ResponseWriter) { _, _, _ = http.NewResponseController(w).Hijack() }},
		{"101", 101, func(w http.ResponseWriter) { w.WriteHeader(101) }},
		{"nothing", 200, func(http.ResponseWriter) {}},
		{"early hints first", 200, func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(200) }},
		{"two headers", 204, func(w http.ResponseWriter) { w.WriteHeader(204); w.WriteHeader(500) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, map[string]httpx.Handler{
				"GET /login": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
					c.answer(w)
					return nil
				},
			})
			w := &watcher{ResponseRecorder: httptest.NewRecorder(), site: r.Site}
			r.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login", nil))
			found := w.found
			if c.name == "nothing" { // net/http writes that header when the handler has returned
				found = r.Entries(book.Request)
			}
			if len(found) != 1 || found[0].Status != c.status || found[0].RequestID != w.Header().Get("X-Request-Id") {
				t.Errorf("as the header passed: %+v", found)
			}
			if n := len(r.Entries(book.Request)); n != 1 {
				t.Errorf("%d entries in the end", n)
			}
		})
	}
}

// TestDuration: an answer that goes on after its header gets its duration in the end; a short one
// is not written twice.
func TestDuration(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, map[string]httpx.Handler{
		"GET /login": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			r.Clock.Turn(20 * time.Millisecond)
			_ = http.NewResponseController(w).Flush()
			r.Clock.Turn(time.Hour)
			return nil
		},
		"GET /register": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			r.Clock.Turn(20 * time.Millisecond)
			_, err := io.WriteString(w, "x")
			r.Clock.Turn(50 * time.Millisecond)
			return err
		},
		"GET /setup": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			_ = http.NewResponseController(w).Flush()
			r.Clock.Turn(time.Minute)
			panic("in the middle")
		},
	})
	v := r.at(r.Visitor())
	stream, page := v.Get("/login"), v.Get("/register")
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("the connection is not cut: %v", p)
			}
		}()
		v.Get("/setup")
	}()
	v.Get("/register") // endings are written with the next entry
	if e := entryOf(t, r.Site, stream); e.Duration != time.Hour+20*time.Millisecond {
		t.Errorf("a stream took %v", e.Duration)
	}
	if e := entryOf(t, r.Site, page); e.Duration != 20*time.Millisecond {
		t.Errorf("a page took %v", e.Duration)
	}
	for _, e := range r.Entries(book.Request) {
		if e.Route == "GET /setup" && e.Duration != time.Minute {
			t.Errorf("an answer that was cut off took %v", e.Duration)
		}
	}
}

// TestEntry: who, what, from where, under which route.
func TestEntry(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	v := c.SignedIn(c.ada)
	a := v.Do("GET", "/logs?limit=5&type=error&q=canary", "", "X-Forwarded-For", "203.0.113.66", "User-Agent", "canary")
	e := entryOf(t, c.Site, a)
	if e.ClientAddr != "192.0.2.1" || e.Method != "GET" || e.Status != 200 || e.Route != "GET /logs" || e.User != c.ada.ID ||
		e.UserName != "Ada" || len(e.Session) != 8 || strings.Contains(v.Session(), e.Session) {
		t.Errorf("%+v", e)
	}
	if u, err := url.ParseRequestURI(e.URL); err != nil || u.Query().Get("limit") != "5" || u.Query().Get("type") != "error" || strings.Contains(e.URL, "canary") {
		t.Errorf("URL %q", e.URL)
	}
	for path, want := range map[string]string{
		"/nowhere/canary?x=secret1":       "/nowhere/canary?",
		"/developers/secret1":             "/developers/{id}",
		"/setup?token=secret1":            "/setup?",
		"/login?next=/secret1&email=a@b":  "/login?",
		"/logs?limit=secret1&type=secret": "/logs?",
		"/logs?secret1=5":                 "/logs?",
	} {
		e := entryOf(t, c.Site, v.Do("PATCH", path, ""))
		if !strings.HasPrefix(e.URL, want) || strings.Contains(e.URL, "secret") {
			t.Errorf("PATCH %s is entered as %q", path, e.URL)
		}
	}
	// The one who signs in is the one whom the entry names, with the session that came into being.
	stranger := c.Visitor()
	e = entryOf(t, c.Site, stranger.SignIn(c.bob.Email, sitetest.Password))
	next := entryOf(t, c.Site, stranger.Get("/"))
	if e.User != c.bob.ID || e.Session == "" || e.Session != next.Session {
		t.Errorf("the sign-in %+v, the page after it %+v", e, next)
	}
}

// TestBodies: per route the fields of its list are kept, and of everything else nothing.
func TestBodies(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	const canary = "canary-bird-in-a-mine"
	form := url.Values{
		"email": {canary}, "password": {canary}, "confirm_password": {canary}, "name": {canary}, "skills": {canary},
		"token": {canary}, "next": {"/" + canary}, canary: {canary},
	}
	fields, _ := json.Marshal(map[string]any{
		"email": canary, "password": canary, "current_password": canary, "name": canary, "skills": []string{canary}, "role": canary,
		canary: map[string]any{canary: canary},
	})
	for _, route := range httpx.Routes() {
		if route.Silent || strings.HasSuffix(route.Pattern, "/logout") {
			continue
		}
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.NewReplacer("{id}", c.ada.ID, "{$}", "").Replace(path) + "?" + form.Encode()
		for _, v := range []*sitetest.Visitor{root, c.Visitor()} {
			v.Get("/login")
			form.Set("csrf_token", v.Token)
			for kind, body := range map[string]string{
				"application/x-www-form-urlencoded": form.Encode(), "application/json": string(fields),
				"text/plain": canary, "multipart/form-data; boundary=" + canary: "--" + canary + "\r\n\r\n" + canary,
				"application/json; charset=utf-8": `{"password":"` + canary, "application/x-" + canary: canary, "application/JSON": `["` + canary + `"]`,
			} {
				a := v.Do(method, path, body, "Content-Type", kind, "Authorization", canary, "Referer", "/"+canary, "X-Request-Id", canary)
				e := entryOf(t, c.Site, a)
				if all, _ := json.Marshal(e); strings.Contains(string(all), canary) || strings.Contains(string(all), v.Token) {
					t.Errorf("%s as %s: %s", route.Pattern, kind, all)
				}
				if e.Body == "" && method != "GET" {
					t.Errorf("%s as %s: the entry does not say that there was a body", route.Pattern, kind)
				}
			}
		}
	}
	if strings.Contains(c.Log.String(), canary) {
		t.Error("the log holds it")
	}
	e := entryOf(t, c.Site, root.JSON("PATCH", "/developers/"+c.ada.ID, `{"role":"member","disabled":false,"name":"Ada"}`))
	if e.Body != `{"name":"[redacted]","role":"member","disabled":false}` {
		t.Errorf("what is kept: %s", e.Body)
	}
	e = entryOf(t, c.Site, root.JSON("PATCH", "/developers/"+c.ada.ID, `{"role":"member","role":"admin"}`))
	if e.Body != `{"role":"[redacted: came twice]"}` {
		t.Errorf("a field that comes twice: %s", e.Body)
	}
}

// TestParameters: what stands in the place of a parameter is not kept either when no route answers:
// with a wrong method, a slash too many, or on the way to a cleaner spelling. Guard: edge.go,
// Edge.shape.
func TestParameters(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	const canary = "canary-bird-in-a-mine"
	for _, r := range []struct{ method, path string }{
		{"GET", "/developers/" + canary},
		{"HEAD", "/developers/" + canary},
		{"GET", "/logs/" + canary + "/"},
		{"PATCH", "//developers/" + canary},
		{"PATCH", "/developers/./" + canary},
		{"PATCH", "/developers/" + canary + "/"},
		{"DELETE", "/logs/" + canary + "/" + canary},
	} {
		root.Do(r.method, r.path, "")
	}
	for _, e := range c.Entries(book.Request) {
		if strings.Contains(e.URL, canary) {
			t.Errorf("%s is kept as %s", e.Method, e.URL)
		}
	}
}

// TestEntryTime: an entry is of the moment at which it was entered, and lists go by it: a request
// that took long stands behind what was done meanwhile. Guard: book/recorder.go, accept.
func TestEntryTime(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, map[string]httpx.Handler{
		"GET /login": func(http.ResponseWriter, *http.Request, *door.Visit) error {
			r.Clock.Turn(time.Second)
			r.at(r.Visitor()).Get("/register")
			r.Clock.Turn(time.Second)
			return nil
		},
	})
	began := r.Clock.Now()
	slow := entryOf(t, r.Site, r.at(r.Visitor()).Get("/login"))
	if !slow.CreatedAt.Equal(began.Add(2*time.Second)) || slow.Duration != 2*time.Second {
		t.Errorf("entered at %s with %s, began at %s", slow.CreatedAt, slow.Duration, began)
	}
	list := r.Entries(book.Request)
	if list[0].ID != slow.ID || !list[1].CreatedAt.Before(list[0].CreatedAt) {
		t.Errorf("the list is %+v", list)
	}
}

// TestMethodKept: what is no method of HTTP is not kept. Guard: record.go, method.
func TestMethodKept(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	for sent, want := range map[string]string{
		"GET": "GET", "OPTIONS": "OPTIONS", "PROPFIND": "[other]", "get": "[other]", "CANARY-OF-A-SECRET": "[other]",
	} {
		if e := entryOf(t, s, v.Do(sent, "/login", "")); e.Method != want {
			t.Errorf("%s is kept as %s", sent, e.Method)
		}
	}
}

// TestSilent: probes and static files leave no entry.
func TestSilent(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	v := c.Visitor()
	for _, path := range []string{"/healthz", "/readyz", "/static/x/app.css"} {
		v.Get(path)
		v.Do("HEAD", path, "")
	}
	if list := c.Entries(book.Request); len(list) != 0 {
		t.Errorf("%d entries: %+v", len(list), list)
	}
	v.Do("POST", "/healthz", "")
	if n := len(c.Entries(book.Request)); n != 1 {
		t.Errorf("%d entries of a probe that changes something", n)
	}
}

// TestBookAway: answers go out while entries cannot be written, readiness tells of it, and all is
// well again afterwards.
func TestBookAway(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	if a := v.Get("/readyz"); a.Status != http.StatusOK {
		t.Fatalf("ready: %d", a.Status)
	}
	failing := func() { // every write of an entry, and nothing else
		faults.Plan(0, 0, "")
		faults.Only("entries.Append", sitetest.Error)
	}
	failing()
	if a := v.SignIn(ada.Email, sitetest.Password); a.Status != http.StatusSeeOther {
		t.Errorf("sign-in: %d", a.Status)
	}
	if a := v.Get("/developers"); a.Status != http.StatusOK || !strings.Contains(a.Body, "Ada") {
		t.Errorf("list: %d", a.Status)
	}
	if a := v.Get("/readyz"); a.Status != http.StatusServiceUnavailable || strings.Contains(a.Body, "fault") {
		t.Errorf("ready: %d %s", a.Status, a.Body)
	}
	if a := v.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("alive: %d", a.Status)
	}
	faults.Only("", "")
	a := v.Get("/developers")
	entryOf(t, s, a)
	if a := v.Get("/readyz"); a.Status != http.StatusOK {
		t.Errorf("ready again: %d", a.Status)
	}
}

// TestHangUp: what a visitor did is entered, whether they wait for the answer or not.
func TestHangUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	r.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login", nil).WithContext(ctx))
	if list := r.Entries(book.Request); len(list) != 1 || list[0].Status != w.Code {
		t.Errorf("status %d, entries %+v", w.Code, list)
	}
}
