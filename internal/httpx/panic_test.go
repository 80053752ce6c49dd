package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/session"
)

const secret = "secret-0xC0FFEE" // what a visitor sent, or an operator keeps to themselves

const color session.Key[string] = "color"

// troubles are handlers in which something goes wrong before the first byte.
func troubles() map[string]httpx.Handler {
	return map[string]httpx.Handler{
		"GET /login": func(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			w.Header().Set("X-Mine", "1")
			color.Set(v.Session, "red")
			panic(secret)
		},
		"GET /register": func(http.ResponseWriter, *http.Request, *door.Visit) error { panic(errors.New(secret)) },
		"GET /setup": func(_ http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			return errors.New(secret[len(v.Addr)+100:])
		},
		"GET /auth/login": func(http.ResponseWriter, *http.Request, *door.Visit) error {
			return errors.New(secret)
		},
		"GET /auth/register": func(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			w.Header().Set("Cache-Control", "public")
			color.Set(v.Session, "red")
			return fault.Wrap(fault.Internal, "Something went wrong on our side.", errors.New("a broken disk"))
		},
		"GET /auth/logout": func(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
			return w.(interface{ Nonsense() }).(error) // a failed conversion
		},
	}
}

// TestPanicBefore: before the first byte a panic becomes an error page, an error entry and nothing
// else.
func TestPanicBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t, troubles())
	for _, path := range []string{"/login", "/register", "/setup", "/auth/login", "/auth/register", "/auth/logout"} {
		for _, accept := range []string{"text/html", "application/json"} {
			t.Run(path+" "+accept, func(t *testing.T) {
				v := r.at(r.Visitor())
				a := v.Get(path, "Accept", accept)
				if accept == "application/json" {
					a = v.Do("GET", path, "", "Accept", accept)
				}
				if a.Status != http.StatusInternalServerError || !strings.Contains(a.Body, "Something went wrong on our side.") {
					t.Errorf("%d %s", a.Status, a.Body)
				}
				if accept == "application/json" && !strings.HasPrefix(a.Body, `{"status":false,"error":`) {
					t.Errorf("not the envelope: %s", a.Body)
				}
				if a.Header.Get("X-Mine") != "" || len(a.Sent) > 0 || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("something of the handler's is left: %v", a.Header)
				}
				for _, leak := range []string{secret, "goroutine", ".go:", "httpx", "disk", "panic", "bounds"} {
					if strings.Contains(a.Body, leak) {
						t.Errorf("the answer holds %q: %s", leak, a.Body)
					}
				}
				if e := entryOf(t, r.Site, a); e.Status != 500 {
					t.Errorf("entered as %d", e.Status)
				}
				errs := r.Entries(book.Error)
				if len(errs) == 0 || errs[0].RequestID != a.Header.Get("X-Request-Id") || errs[0].Text == "" {
					t.Fatalf("no error entry: %+v", errs)
				}
				panicked := path != "/auth/login" && path != "/auth/register"
				if got := errs[0].Action == book.ActionPanic; got != panicked {
					t.Errorf("entered as %s", errs[0].Action)
				}
				if panicked && (strings.Contains(errs[0].Text, secret) || !strings.Contains(errs[0].Text, "httpx_test")) {
					t.Errorf("entered with %q", errs[0].Text)
				}
			})
		}
	}
	// One error is one entry.
	seen := map[string]int{}
	for _, e := range r.Entries(book.Error) {
		if seen[e.RequestID]++; seen[e.RequestID] > 1 {
			t.Errorf("%s is entered %d times", e.RequestID, seen[e.RequestID])
		}
	}
	if n := records(t, r); n != 0 {
		t.Errorf("%d sessions were saved by handlers that failed", n)
	}
	if a := r.at(r.Visitor()).Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("afterwards: %d", a.Status)
	}
	for _, line := range strings.Split(r.Log.String(), "\n") {
		if strings.Contains(line, secret) && !strings.Contains(line, `"internal_error"`) { // a cause is for the operator
			t.Errorf("logged: %s", line)
		}
	}
}

// records is how many sessions are kept.
func records(t *testing.T, r *rig) (n int) {
	t.Helper()
	if err := r.DB.Main.Read.QueryRow(`SELECT count(*) FROM sessions`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPanicAfter: after the first byte the connection is cut, so that half an answer does not look
// like a whole one.
func TestPanicAfter(t *testing.T) {
	t.Parallel()
	r := newRig(t, map[string]httpx.Handler{
		"GET /login": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			_, _ = io.WriteString(w, strings.Repeat("half an answer ", 1000))
			_ = http.NewResponseController(w).Flush()
			panic(secret)
		},
		"GET /register": func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			_, _ = io.WriteString(w, "half an answer")
			return errors.New(secret)
		},
		"GET /setup": func(http.ResponseWriter, *http.Request, *door.Visit) error { panic(http.ErrAbortHandler) },
	})
	s := listen(t, r.Handler)
	answer, err := s.Client().Get(s.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); err == nil {
		t.Error("half an answer looks like a whole one")
	}
	errs := r.Entries(book.Error)
	if len(errs) != 1 || errs[0].Action != book.ActionPanic || errs[0].RequestID != answer.Header.Get("X-Request-Id") {
		t.Errorf("entries %+v", errs)
	}
	if _, err := s.Client().Get(s.URL + "/setup"); err == nil {
		t.Error("an aborted answer looks like one")
	}
	a := r.at(r.Visitor()).Get("/register")
	if a.Status != http.StatusOK || a.Body != "half an answer" {
		t.Errorf("an error after the first byte: %d %q", a.Status, a.Body)
	}
	if again, err := s.Client().Get(s.URL + "/healthz"); err != nil || again.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %v", err)
	}
}

// TestPanicSignedIn: the visitor stays who they are, with their session as it was.
func TestPanicSignedIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, map[string]httpx.Handler{
		"GET /{$}": func(_ http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			color.Set(v.Session, "red")
			v.Session.SignOut()
			panic(secret)
		},
		"GET /setup": func(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			c, _ := color.Get(v.Session)
			_, err := io.WriteString(w, v.Developer.Name+c)
			return err
		},
	})
	v := r.at(r.SignedIn(r.Developer("Ada", account.Member)))
	if a := v.Get("/"); a.Status != 500 || len(a.Sent) > 0 {
		t.Errorf("%d, cookies %v", a.Status, a.Sent)
	}
	if a := v.Get("/setup"); a.Body != "Ada" {
		t.Errorf("afterwards: %q", a.Body)
	}
	if e := r.Activities(book.ActionPanic); len(e) != 1 || e[0].UserName != "Ada" {
		t.Errorf("entries %+v", e)
	}
}
