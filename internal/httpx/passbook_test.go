package httpx_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// answering stands in for the way to an application.
type answering func(w http.ResponseWriter, r *http.Request)

func (a answering) Serve(w http.ResponseWriter, r *http.Request, _ *gate.Carry) { a(w, r) }

// before is a site before an application that answers so, unless a change says otherwise.
func before(t *testing.T, answer answering, rules []gate.Rule, changes ...func(*server.Parts)) *sitetest.Site {
	t.Helper()
	g := &gate.Gate{
		Apps:     []gate.App{{Name: "Wiki", Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}, Rules: rules}},
		Identity: gate.Identity{Names: gate.DefaultNames()},
	}
	return sitetest.New(t, append([]func(*server.Parts){func(p *server.Parts) {
		p.URL, p.Gate, p.Proxy = sitetest.URL+pages, func() *gate.Gate { return g }, answer
	}}, changes...)...)
}

// TestR17Entry: who, where, by which rule, whether it passed, how much was sent; of the query what
// the rule keeps, of the body its length. Guard: pass.go, enter; record.go, finish.
func TestR17Entry(t *testing.T) {
	t.Parallel()
	rules := gate.Everybody()
	rules[0].Keep = []string{"page"}
	s := before(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/told") {
			w.Header().Set("Content-Length", "10")
		}
		_, _ = io.WriteString(w, "1234567890"[:10-len(r.URL.Query().Get("short"))])
		if r.URL.Path == "/told" {
			return
		}
		_ = http.NewResponseController(w).Flush()
	}, rules)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedInAt(pages, ada)

	told, parts := v.Get("/told?page=2&q=secret&page=3"), v.Get("/parts%2F{") // which net/url would write anew
	cut := v.Get("/told/cut?short=xxx")
	head := v.Do("HEAD", "/told", "")
	refused := s.Visitor().Get("/admin?page=secret-not")
	v.Get("/told") // endings are written with the next entry

	e := entryOf(t, s, told)
	want := book.Entry{
		Application: "Wiki", Host: sitetest.Host, Rule: e.Rule, URL: "/told?page=2&q=[redacted]&page=3", Bytes: 10, User: ada.ID, Status: 200,
	}
	got := book.Entry{
		Application: e.Application, Host: e.Host, Rule: e.Rule, URL: e.URL, Bytes: e.Bytes, User: e.User, Status: e.Status, Action: e.Action, Body: e.Body,
	}
	if got != want || e.Rule == "" {
		t.Errorf("told %+v\nwant %+v", got, want)
	}
	if e := entryOf(t, s, parts); e.Bytes != 10 || e.URL != "/parts%2F{" {
		t.Errorf("in parts: %d bytes of %s", e.Bytes, e.URL)
	}
	if e := entryOf(t, s, cut); e.Bytes != 7 {
		t.Errorf("cut off: %d bytes", e.Bytes)
	}
	if e := entryOf(t, s, head); e.Bytes != 0 {
		t.Errorf("HEAD: %d bytes", e.Bytes)
	}
	e = entryOf(t, s, refused)
	if e.Action != book.RequestRefused || e.Application != "Wiki" || e.User != "" || e.Rule == "" {
		t.Errorf("refused: %+v", e)
	}
}

// TestR17Assets: what pages are made of is counted, if it is that. Guard: assets.go, isAsset.
func TestR17Assets(t *testing.T) {
	t.Parallel()
	s := before(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		if status := r.URL.Query().Get("status"); status != "" {
			w.WriteHeader(http.StatusNotModified)
		}
	}, gate.Everybody())
	v := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	counted := 0
	for _, c := range []struct {
		dest, query string
		counts      bool
	}{
		{"image", "type=image/png", true},
		{"style", "type=text/css%3Bcharset%3Dutf-8", true},
		{"script", "type=text/javascript", true},
		{"font", "type=font/woff2", true},
		{"image", "type=x&status=304", true},
		{"", "type=image/png", false},
		{"document", "type=image/png", false},
		{"empty", "type=text/javascript", false},
		{"image", "type=text/html", false}, // who sends the header alone does not read without an entry
		{"script", "type=application/json", false},
		{"style", "type=", false},
	} {
		a := v.Get("/x?"+c.query, "Sec-Fetch-Dest", c.dest)
		listed := false
		for _, e := range s.Entries(book.Request) {
			listed = listed || e.RequestID == a.Header.Get("X-Request-Id")
		}
		if listed == c.counts {
			t.Errorf("%q of %s: listed %v", c.dest, c.query, listed)
		}
		if c.counts {
			counted++
		}
	}
	refused := s.Visitor().Get("/x?type=image/png", "Sec-Fetch-Dest", "image")
	entryOf(t, s, refused)
	s.Clock.Turn(time.Minute)
	v.Get("/page")
	var sums []string
	for _, e := range s.Entries(book.Request) {
		if e.Action == book.RequestOfAssets {
			sums = append(sums, e.UserName+": "+e.Text)
		}
	}
	if len(sums) != 1 || counted != 5 || !strings.HasPrefix(sums[0], "Ada: 5 images, styles, scripts and fonts of Wiki in the minute of ") {
		t.Errorf("told %q of %d", sums, counted)
	}
}

// TestR17BookAway: with the book away the application is served.
func TestR17BookAway(t *testing.T) {
	t.Parallel()
	slow := &slowBook{}
	s := before(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "theirs") }, gate.Everybody(),
		func(p *server.Parts) { slow.Repository, p.Entries = p.Entries, slow })
	v := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	slow.away.Store(true)
	for range 3 {
		if a := v.Get("/page"); a.Status != http.StatusOK || a.Body != "theirs" {
			t.Errorf("%d %q", a.Status, a.Body)
		}
	}
	slow.away.Store(false)
	s.Clock.Turn(time.Minute)
	v.Get("/page")
	v.Get("/page") // the loss is told once the book works again
	s.Clock.Turn(time.Minute)
	v.Get("/page")
	lost := ""
	for _, e := range s.Entries(book.Error) {
		lost += e.Action + ": " + e.Text
	}
	if lost != book.ActionEntriesDropped+": 3 requests of signed-in people" {
		t.Errorf("lost: %q", lost)
	}
}

// carrying stands in for the whole way to an application, with what it is told.
type carrying func(w http.ResponseWriter, r *http.Request, c *gate.Carry)

func (f carrying) Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry) { f(w, r, c) }

// TestR17NotCarried: what the proxy does not carry has not passed, whatever the rules said.
// Guard: pass.go, notCarried.
func TestR17NotCarried(t *testing.T) {
	t.Parallel()
	s := beforeProxy(t, func(w http.ResponseWriter, r *http.Request, c *gate.Carry) {
		c.Refused(w, r, http.StatusForbidden, gate.ErrOrigin)
	})
	a := s.SignedInAt(pages, s.Developer("Ada", account.Member)).Get("/socket")
	if e := entryOf(t, s, a); a.Status != http.StatusForbidden || e.Action != book.RequestRefused {
		t.Errorf("%d, entered as %+v", a.Status, e)
	}
}

// TestR17Tunnel: the entry of a tunnel has how long it was open, and what was sent.
// Guard: record.go, tunnelEnded.
func TestR17Tunnel(t *testing.T) {
	t.Parallel()
	var ended func(sent, received int64)
	s := beforeProxy(t, func(w http.ResponseWriter, _ *http.Request, c *gate.Carry) {
		ended = c.Ended
		w.WriteHeader(http.StatusSwitchingProtocols)
	})
	v := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	a := v.Get("/socket")
	s.Clock.Turn(time.Hour)
	ended(4096, 10)
	v.Get(pages + "/login") // endings are written with the next entry
	if e := entryOf(t, s, a); e.Bytes != 4096 || e.Duration < time.Hour {
		t.Errorf("entered as %+v", e)
	}
}

func beforeProxy(t *testing.T, proxy carrying) *sitetest.Site {
	t.Helper()
	return before(t, nil, gate.Everybody(), func(p *server.Parts) { p.Proxy = proxy })
}
