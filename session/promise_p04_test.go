package session_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P4: the first byte commits.

// Guard: writer.go, each method of request by its name; middleware.go, Manager.Handler, the last
// begin.
func TestP04FirstByteCommits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first  func(http.ResponseWriter)
		status int
		body   string
	}{
		"nothing":         {func(http.ResponseWriter) {}, 200, ""},
		"WriteHeader":     {func(w http.ResponseWriter) { w.WriteHeader(418) }, 418, ""},
		"no content":      {func(w http.ResponseWriter) { w.WriteHeader(204) }, 204, ""},
		"error":           {func(w http.ResponseWriter) { http.Error(w, "no", 500) }, 500, "no\n"},
		"Write":           {func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, 200, "x"},
		"empty Write":     {func(w http.ResponseWriter) { _, _ = w.Write(nil) }, 200, ""},
		"WriteString":     {func(w http.ResponseWriter) { _, _ = w.(io.StringWriter).WriteString("x") }, 200, "x"},
		"Flush":           {func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, 200, ""},
		"controller":      {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, 200, ""},
		"ReadFrom":        {func(w http.ResponseWriter) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("x")) }, 200, "x"},
		"io.Copy":         {func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("x")) }, 200, "x"},
		"early hints, OK": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(202) }, 202, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var saved bool
			var late, after error
			w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				city.Set(s, "Oslo")
				test.first(rw)
				if name == "nothing" {
					return
				}
				_, saved = s.ID() // a stranger has one when the record is made
				late = s.Err()
				city.Set(s, "Rome")
				after = s.Err()
			})
			b := w.browser()
			a := b.fetch("GET", "/")
			check(t, "status", a.status, test.status)
			check(t, "body", a.body, test.body)
			check(t, "cookies", len(a.header["Set-Cookie"]), 1)
			check(t, "city", b.get("/city").body, "Oslo")
			if name != "nothing" && (!saved || late != nil || !errors.Is(after, session.ErrCommitted)) {
				t.Errorf("saved %t, error %v, of a late change %v", saved, late, after)
			}
		})
	}
}

// Guard: lifecycle.go, Session.load, committed; writer.go, informational.
func TestP04AfterTheFirstByte(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(*session.Session)
		after  func(*session.Session)
		want   error
	}{
		{"first read", func(*session.Session) {}, func(s *session.Session) { s.Subject() }, session.ErrCommitted},
		{"first id", func(*session.Session) {}, func(s *session.Session) { s.ID() }, session.ErrCommitted},
		{"first flashes", func(*session.Session) {}, func(s *session.Session) { s.Flashes() }, session.ErrCommitted},
		{"second read", func(s *session.Session) { s.Subject() }, func(s *session.Session) { city.Get(s) }, nil},
		{"set", func(s *session.Session) { s.Subject() }, func(s *session.Session) { city.Set(s, "Rome") }, session.ErrCommitted},
		{"delete", func(s *session.Session) { s.Subject() }, func(s *session.Session) { city.Delete(s) }, session.ErrCommitted},
		{"pop", func(s *session.Session) { s.Subject() }, func(s *session.Session) { city.Pop(s) }, session.ErrCommitted},
		{"update", func(s *session.Session) { s.Subject() }, func(s *session.Session) { city.Update(s, strings.ToUpper) }, session.ErrCommitted},
		{"clear", func(s *session.Session) { s.Subject() }, (*session.Session).Clear, session.ErrCommitted},
		{"renew", func(s *session.Session) { s.Subject() }, (*session.Session).Renew, session.ErrCommitted},
		{"sign in", func(s *session.Session) { s.Subject() }, func(s *session.Session) { s.SignIn("bob") }, session.ErrCommitted},
		{"sign out", func(s *session.Session) { s.Subject() }, (*session.Session).SignOut, session.ErrCommitted},
		{"flash", func(s *session.Session) { s.Subject() }, func(s *session.Session) { s.Flash("a", "b") }, session.ErrCommitted},
		{"flashes", func(s *session.Session) { s.Subject() }, func(s *session.Session) { s.Flashes() }, session.ErrCommitted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			var got error
			w.on("/stream", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				test.before(s)
				rw.(http.Flusher).Flush()
				test.after(s)
				s.Discard() // too late as well
				got = s.Err()
			})
			w.store.forget()
			check(t, "status", b.get("/stream").status, 200)
			if !errors.Is(got, test.want) {
				t.Errorf("error %v, want %v", got, test.want)
			}
			for _, c := range w.store.called() {
				if c != "Load" {
					t.Errorf("store call %s", c)
				}
			}
			check(t, "subject", b.get("/who").body, "ada")
		})
	}
}

// A proxy between the session and its backend, which clears the headers after each informational
// answer. Guard: writer.go, request.WriteHeader, informational: the cookie comes with the final
// header.
func TestP04InformationalThroughProxy(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Link", "</style.css>; rel=preload")
		rw.WriteHeader(103)
		rw.WriteHeader(103)
		_, _ = io.WriteString(rw, "page")
	}))
	defer backend.Close()
	target, _ := url.Parse(backend.URL)
	w := newWorld(t)
	proxy := httputil.NewSingleHostReverseProxy(target)
	w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		proxy.ServeHTTP(rw, r)
	})
	hints := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints++
		if h.Get("Set-Cookie") != "" {
			t.Error("a cookie came with an informational answer")
		}
		return nil
	}}
	r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", w.serve()+"/", nil)
	res, err := wire.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	a := b.keep(res)
	check(t, "hints", hints, 2)
	check(t, "body", a.body, "page")
	check(t, "Vary", a.header.Get("Vary"), "Cookie")
	check(t, "city", b.get("/city").body, "Oslo")
}

// upgrade speaks a protocol of one line over a hijacked connection.
func upgrade(rw http.ResponseWriter, cookie *http.Cookie) error {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return err
	}
	head := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n"
	if cookie != nil {
		head += "Set-Cookie: " + cookie.String() + "\r\n"
	}
	_, _ = io.WriteString(conn, head+"\r\nhello\n")
	return conn.Close()
}

// Guard: writer.go, request.Hijack, the commit and ErrCookieDue; headers.go, Session.headers,
// taken.
func TestP04Hijack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed := make(chan error, 1)
	w.on("/no-cookie", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		failed <- upgrade(rw, nil)
	})
	w.on("/due", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		err := upgrade(rw, nil)
		failed <- err
		http.Error(rw, "try again", http.StatusUpgradeRequired)
	})
	w.on("/taken", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		c, err := s.TakeCookie()
		if err == nil {
			err = upgrade(rw, c)
		}
		failed <- err
	})
	w.on("/taken-for-nothing", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		_, err := s.TakeCookie()
		failed <- err
		http.Error(rw, "not a WebSocket", http.StatusBadRequest)
	})
	w.on("/own-header", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		c, err := s.TakeCookie()
		http.SetCookie(rw, c)
		failed <- err
		rw.WriteHeader(http.StatusSwitchingProtocols) // as some WebSocket libraries do before they hijack
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	})
	w.on("/own-101", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		rw.WriteHeader(http.StatusSwitchingProtocols)
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		failed <- err
	})
	w.on("/late", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Has("anything")
		_, _ = w.m.EndAll(t.Context(), "ada")
		city.Set(s, "Oslo")
		failed <- upgrade(rw, nil)
	})
	signedIn := w.signedIn("ada")
	tests := []struct {
		path    string
		browser *browser
		err     error
		status  int
		cookies int
		city    string
	}{
		{"/no-cookie", signedIn, nil, 101, 0, "Oslo"},
		{"/due", w.browser(), session.ErrCookieDue, 426, 1, "Oslo"},
		{"/taken", w.browser(), nil, 101, 1, "Oslo"},
		{"/taken-for-nothing", w.browser(), nil, 400, 1, "Oslo"},
		{"/own-header", w.browser(), nil, 101, 1, "Oslo"},
		{"/own-101", w.browser(), nil, 101, 1, "Oslo"},
		{"/late", w.signedIn("ada"), session.ErrEnded, 401, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.path[1:], func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.serve(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			r := test.browser.request("GET", test.path)
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "test")
			_ = r.Write(conn)
			res, err := http.ReadResponse(bufio.NewReader(conn), r)
			if err != nil {
				t.Fatal(err)
			}
			if err := <-failed; !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			a := test.browser.keep(res)
			check(t, "status", a.status, test.status)
			check(t, "cookies", len(a.header["Set-Cookie"]), test.cookies)
			check(t, "city", test.browser.get("/city").body, test.city)
		})
	}
}

// fileWriter notices how it is given a file.
type fileWriter struct {
	*httptest.ResponseRecorder
	from io.Reader
}

func (w *fileWriter) ReadFrom(r io.Reader) (int64, error) {
	w.from = r
	return io.Copy(w.ResponseRecorder, r)
}

// Guard: writer.go, request.ReadFrom, which hands the reader on.
func TestP04SendfileReachesTheServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.on("/file", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		_, _ = io.Copy(struct{ http.ResponseWriter }{rw}, strings.NewReader("")) // plain writers work, too
		_, _ = io.CopyN(rw, f, 7)
	})
	rw := &fileWriter{ResponseRecorder: httptest.NewRecorder()}
	w.h.ServeHTTP(rw, httptest.NewRequest("GET", "/file", nil))
	limited, ok := rw.from.(*io.LimitedReader)
	if !ok {
		t.Fatalf("the server got a %T", rw.from)
	}
	if _, ok := limited.R.(*os.File); !ok {
		t.Errorf("the server got a %T of a %T, which it cannot send by itself", rw.from, limited.R)
	}
	check(t, "body", rw.Body.String(), "content")
	check(t, "cookies", len(rw.Result().Cookies()), 1)
}

// Server-sent events: each flush arrives at once, and deadlines can be set through the controller.
// Guard: writer.go, request.FlushError and Unwrap.
func TestP04ServerSentEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	next := make(chan struct{})
	w.on("/events", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		control := http.NewResponseController(rw)
		if err := control.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("deadline: %v", err)
		}
		for i := range 3 {
			_, _ = fmt.Fprintf(rw, "data: %s %d\n\n", s.Subject(), i)
			if err := control.Flush(); err != nil {
				t.Errorf("flush: %v", err)
			}
			<-next
		}
	})
	b := w.signedIn("ada")
	r, _ := http.NewRequestWithContext(t.Context(), "GET", w.serve()+"/events", nil)
	r.Header.Set("Cookie", b.cookie)
	res, err := wire.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		lines.Scan()
		check(t, "event", lines.Text(), fmt.Sprint("data: ada ", i))
		lines.Scan()
		next <- struct{}{}
	}
}

// Guard: writer.go, request.WriteHeader: an impossible status panics in net/http before anything is
// saved.
func TestP04ImpossibleStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		rw.WriteHeader(0)
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		w.browser().get("/")
	}()
	check(t, "store calls", len(w.store.called()), 0)
}
