package httpx_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const mine = "what the handler wanted to say"

// TestSessionError: what the session could not load or save becomes an answer of its own, and
// nothing of the handler's is sent.
func TestSessionError(t *testing.T) {
	t.Parallel()
	var r *rig
	var faults sitetest.Faults
	var ada account.Developer
	says := func(do func(v *door.Visit)) httpx.Handler {
		return func(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			do(v)
			w.Header().Set("X-Mine", mine)
			http.SetCookie(w, &http.Cookie{Name: "mine", Value: "x"})
			_, err := io.WriteString(w, mine)
			return err
		}
	}
	end := func(*door.Visit) { // the session ends elsewhere while the request is under way
		if _, err := r.Sessions.EndAll(context.Background(), ada.ID); err != nil {
			t.Error(err)
		}
	}
	ended := says(func(v *door.Visit) { end(v); color.Set(v.Session, "red") })
	large := says(func(v *door.Visit) { color.Set(v.Session, strings.Repeat("x", 100<<10)) })
	away := says(func(v *door.Visit) {
		color.Set(v.Session, "red")
		faults.Only("sessions.Patch", sitetest.Error)
	})
	r = newRig(t, map[string]httpx.Handler{
		"GET /{$}": ended, "POST /auth/logout": ended, "GET /developers": ended, "PATCH /developers/{id}": ended,
		"GET /setup": large, "POST /developers": large, "GET /auth/register": away, "GET /logs": away,
	}, faults.Wrap)
	ada = r.Developer("Ada", account.Admin)
	for _, c := range []struct {
		name   string
		status int
		ask    func(v *sitetest.Visitor) *sitetest.Answer
	}{
		{"ended, a page", 303, func(v *sitetest.Visitor) *sitetest.Answer { return v.Get("/?a=b&c=//evil.test") }},
		{"ended, a form", 401, func(v *sitetest.Visitor) *sitetest.Answer { return v.Post("/auth/logout", nil) }},
		{"ended, JSON", 401, func(v *sitetest.Visitor) *sitetest.Answer { return v.JSON("GET", "/developers", "") }},
		{"ended, JSON change", 401, func(v *sitetest.Visitor) *sitetest.Answer { return v.JSON("PATCH", "/developers/"+ada.ID, `{}`) }},
		{"too large, a page", 413, func(v *sitetest.Visitor) *sitetest.Answer { return v.Get("/setup") }},
		{"too large, JSON", 413, func(v *sitetest.Visitor) *sitetest.Answer { return v.JSON("POST", "/developers", `{}`) }},
		{"away, a page", 503, func(v *sitetest.Visitor) *sitetest.Answer { return v.Get("/auth/register") }},
		{"away, JSON", 503, func(v *sitetest.Visitor) *sitetest.Answer { return v.JSON("GET", "/logs", "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := r.at(r.SignedIn(ada))
			faults.Plan(0, 0, "")
			before := v.Session()
			a := c.ask(v)
			faults.Only("", "")
			if a.Status != c.status {
				t.Errorf("status %d, want %d: %s", a.Status, c.status, a.Body)
			}
			if a.Header.Get("X-Mine") != "" || a.Cookie("mine") != nil || strings.Contains(a.Body, mine) {
				t.Errorf("something of the handler's is sent: %v %s", a.Header, a.Body)
			}
			json := strings.HasPrefix(a.Header.Get("Content-Type"), "application/json")
			if strings.Contains(c.name, "JSON") != json {
				t.Errorf("an answer of type %q", a.Header.Get("Content-Type"))
			}
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("headers %v", a.Header)
			}
			if (a.Header.Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
			}
			if c.status == 303 && a.Location() != "/?a=b&c=//evil.test" {
				t.Errorf("leads to %q", a.Location())
			}
			if a.Cookie("__Host-session") != nil || v.Session() != before {
				t.Errorf("the cookie is touched: %v", a.Sent)
			}
			if strings.Contains(a.Body, "secret-place") {
				t.Errorf("the cause leaks: %s", a.Body)
			}
			if e := entryOf(t, r.Site, a); e.Status != c.status {
				t.Errorf("entered as %d", e.Status)
			}
			noted := 0
			for _, e := range r.Entries(book.Error) {
				if e.RequestID == a.Header.Get("X-Request-Id") {
					noted++
				}
			}
			if want := map[bool]int{true: 1}[c.status == 503]; noted != want {
				t.Errorf("%d error entries, want %d", noted, want)
			}
		})
	}
}

// TestLoadFails: while the sessions cannot be read nobody is taken for a stranger, and nobody loses
// their cookie.
func TestLoadFails(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	faults.Plan(0, 0, "")
	for _, kind := range []sitetest.Kind{sitetest.Error, sitetest.Hang} {
		faults.Only("sessions.Load", kind)
		for _, path := range []string{"/", "/login", "/developers", "/nowhere", "/auth/login"} {
			a := v.Get(path)
			if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Cookie("__Host-session") != nil {
				t.Errorf("%s: %d, Retry-After %q, cookies %v", path, a.Status, a.Header.Get("Retry-After"), a.Sent)
			}
			if strings.Contains(a.Body, "Ada") || strings.Contains(a.Body, "secret-place") {
				t.Errorf("%s: %s", path, a.Body)
			}
			noted := 0
			for _, e := range s.Entries(book.Error) {
				if e.RequestID == a.Header.Get("X-Request-Id") {
					noted++
				}
			}
			if noted != 1 {
				t.Errorf("%s: one failure is entered %d times", path, noted)
			}
		}
		for _, path := range []string{"/healthz", "/static/x"} {
			if a := v.Get(path); a.Status == http.StatusServiceUnavailable {
				t.Errorf("%s needs a session", path)
			}
		}
	}
	faults.Only("", "")
	if a := v.Get("/"); a.Status != http.StatusOK {
		t.Errorf("afterwards: %d", a.Status)
	}
}

// TestPopped: of two requests that take one value one is told to try again: a page is asked for
// again, once.
func TestPopped(t *testing.T) {
	t.Parallel()
	var r *rig
	var v *sitetest.Visitor
	pop := func(first func()) httpx.Handler {
		return func(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			got, _ := color.Pop(v.Session)
			first()
			_, err := io.WriteString(w, got)
			return err
		}
	}
	r = newRig(t, map[string]httpx.Handler{
		"GET /setup": func(_ http.ResponseWriter, _ *http.Request, v *door.Visit) error {
			color.Set(v.Session, "red")
			return nil
		},
		"GET /auth/login": pop(func() {}),
		"GET /auth/logout": pop(func() {
			if a := v.Clone().Get("/auth/login"); a.Body != "red" {
				t.Errorf("the quicker one: %d %s", a.Status, a.Body)
			}
		}),
	})
	v = r.at(r.SignedIn(r.Developer("Ada", account.Member)))
	for visit, want := range []int{http.StatusSeeOther, http.StatusConflict} {
		v.Get("/setup")
		if a := v.Get("/auth/logout"); a.Status != want || strings.Contains(a.Body, "red") {
			t.Errorf("the slower one, visit %d: %d %s", visit, a.Status, a.Body)
		}
	}
}
