package session_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const keyHeader = "X-Session-Key"

func byHeader(c *session.Config) { c.Header = keyHeader }

// program is a client that keeps its session key itself.
func (w *world) program(subject string) *browser {
	w.t.Helper()
	a := w.browser().asks(keyHeader + ": ").get("/in?as=" + subject)
	check(w.t, "status", a.status, http.StatusOK)
	check(w.t, "cookies", len(a.header["Set-Cookie"]), 0)
	key := a.header.Get(keyHeader)
	if key == "" {
		w.t.Fatal("no session key in the header")
	}
	return w.browser().asks(keyHeader + ": " + key)
}

func (b *browser) key() string {
	if v := b.header.Get(keyHeader); v != "" {
		return v
	}
	_, value, _ := strings.Cut(b.cookie, "=")
	return value
}

// Nothing but the session cookie opens a session unless the program says so. Guard: lifecycle.go,
// Session.presented, the condition on Config.Header.
func TestHeaderOffByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	key := b.key()
	for name, ask := range map[string]func() *http.Request{
		"query": func() *http.Request {
			return httptest.NewRequest("GET", "/who?session="+key+"&__Host-session="+key, nil)
		},
		"key in the path": func() *http.Request { return httptest.NewRequest("GET", "/who;session="+key, nil) },
		"form": func() *http.Request {
			r := httptest.NewRequest("POST", "/who", strings.NewReader("session="+key+"&__Host-session="+key))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"header": func() *http.Request {
			return w.browser().asks(keyHeader+": "+key, "X-Session: "+key).request("GET", "/who")
		},
		"authorization": func() *http.Request { return w.browser().asks("Authorization: Bearer "+key).request("GET", "/who") },
		"basic": func() *http.Request {
			r := httptest.NewRequest("GET", "/who", nil)
			r.SetBasicAuth("__Host-session", key)
			return r
		},
		"header like the cookie": func() *http.Request { return w.browser().asks("__Host-session: "+key).request("GET", "/who") },
		"another cookie":         func() *http.Request { return w.browser().asks("Cookie: session="+key).request("GET", "/who") },
		"Cookie2":                func() *http.Request { return w.browser().asks("Cookie2: __Host-session="+key).request("GET", "/who") },
		"Set-Cookie": func() *http.Request {
			return w.browser().asks("Set-Cookie: __Host-session="+key).request("GET", "/who")
		},
	} {
		w.store.forget()
		rec := httptest.NewRecorder()
		w.h.ServeHTTP(rec, ask())
		if strings.Contains(rec.Body.String(), "ada") {
			t.Errorf("%s opens the session", name)
		}
		check(t, name+": store calls", len(w.store.called()), 0)
		check(t, name+": header", rec.Header().Get(keyHeader), "")
	}
	check(t, "the cookie", b.get("/who").body, "ada")
}

// A client asks for a key with an empty header, and uses it in any spelling that is documented.
// Guard: lifecycle.go, Session.presented; answer.go, Session.sendDue.
func TestHeaderCarries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	for name, value := range map[string]string{"plain": p.key(), "bearer": "Bearer " + p.key()} {
		a := w.browser().asks(keyHeader + ": " + value).get("/who")
		check(t, name, a.body, "ada")
		check(t, name+": Vary", strings.Join(a.header["Vary"], ", "), keyHeader+", Cookie")
		check(t, name+": Cache-Control", a.header.Get("Cache-Control"), "no-store")
		check(t, name+": a new key", a.header.Get(keyHeader), "")
	}
	a := p.get("/set?city=Oslo")
	check(t, "status", a.status, http.StatusOK)
	check(t, "no new key for a write", a.header.Get(keyHeader), "")
	check(t, "city", p.get("/city").body, "Oslo")
	a = w.browser().asks(keyHeader + ": ").get("/who")
	check(t, "an empty header: Vary", strings.Join(a.header["Vary"], ", "), keyHeader+", Cookie")
	check(t, "an empty header: no key for a stranger", a.header.Get(keyHeader), "")
	a = w.browser().get("/who")
	check(t, "no header: Vary", strings.Join(a.header["Vary"], ", "), keyHeader+", Cookie")
	b := w.signedIn("bob")
	a = b.get("/set?city=Rome")
	check(t, "a browser", b.get("/who").body, "bob")
	check(t, "a browser's answer", a.header.Get(keyHeader), "")
}

// A sign-in, a renewal and a change of the ring's keys bring a new key; a sign-out empties it.
// Guard: answer.go, Session.sendDue; cookie.go, Cookie.removal.
func TestHeaderKeyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	p := w.program("ada")
	for _, path := range []string{"/renew", "/in?as=ada", "/in?as=bob&remember=1"} {
		a := p.get(path)
		key := a.header.Get(keyHeader)
		check(t, "one key", len(a.header[keyHeader]), 1)
		check(t, "cookies", len(a.header["Set-Cookie"]), 0)
		check(t, "no-store", a.header.Get("Cache-Control"), "no-store")
		if key == "" || key == p.key() {
			t.Fatalf("%s: key %q", path, key)
		}
		check(t, "the old key", p.get("/who").body, "")
		p = w.browser().asks(keyHeader + ": Bearer " + key)
	}
	check(t, "subject", p.get("/who").body, "bob")
	check(t, "SetKeys", w.m.SetKeys(ring(t, "two", "one")), nil)
	w.clock.add(time.Hour)
	key := p.get("/who").header.Get(keyHeader)
	p = w.browser().asks(keyHeader + ": " + key)
	check(t, "SetKeys", w.m.SetKeys(ring(t, "two")), nil)
	check(t, "subject under the new key", p.get("/who").body, "bob")

	a := p.get("/out")
	if lines := a.header[keyHeader]; len(lines) != 1 || lines[0] != "" {
		t.Errorf("after a sign-out the header is %q", lines)
	}
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "subject", p.get("/who").body, "")
}

// A key in a header counts alone: a cookie beside it is neither read nor written, and several lines
// are no key. Guard: lifecycle.go, Session.presented, lines.
func TestHeaderAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p, b := w.program("ada"), w.signedIn("bob")
	both := func(values ...string) *http.Request {
		r := b.copy().request("GET", "/who")
		r.Header[keyHeader] = values
		return r
	}
	for name, test := range map[string]struct {
		values []string
		want   string
	}{
		"a key and a cookie":     {[]string{p.key()}, "ada"},
		"an empty header":        {[]string{""}, ""},
		"rubbish":                {[]string{"x"}, ""},
		"two keys":               {[]string{p.key(), p.key()}, ""},
		"a key and nothing":      {[]string{p.key(), ""}, ""},
		"nothing and a key":      {[]string{"", p.key()}, ""},
		"two keys in a line":     {[]string{p.key() + ", " + p.key()}, ""},
		"two bearers":            {[]string{"Bearer Bearer " + p.key()}, ""},
		"another scheme":         {[]string{"Basic " + p.key()}, ""},
		"only the scheme":        {[]string{"Bearer "}, ""},
		"quoted":                 {[]string{`"` + p.key() + `"`}, ""},
		"as a cookie":            {[]string{"__Host-session=" + p.key()}, ""},
		"the key of the browser": {[]string{b.key()}, "bob"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			w.h.ServeHTTP(rec, both(test.values...))
			check(t, "status", rec.Code, http.StatusOK)
			check(t, "subject", rec.Body.String(), test.want)
			check(t, "cookies", len(rec.Header()["Set-Cookie"]), 0)
		})
	}
	a := b.copy().asks(keyHeader + ": " + p.key()).get("/out")
	check(t, "a sign-out by header: cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "the browser", b.get("/who").body, "bob")
}

// A forged key costs no store access, in a header neither. Guard: internal/place/key.go, parseKey.
func TestHeaderForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	for what, line := range forged("k", p.key()) {
		value, found := strings.CutPrefix(line, "k=")
		if !found || strings.Contains(value, ";") || value == "" || value == p.key() {
			continue
		}
		w.store.forget()
		r := w.browser().request("GET", "/who")
		r.Header[keyHeader] = []string{value}
		rec := httptest.NewRecorder()
		w.h.ServeHTTP(rec, r)
		check(t, what, rec.Body.String(), "")
		check(t, what+": store calls", len(w.store.called()), 0)
		check(t, what+": header", rec.Header().Get(keyHeader), "")
	}
	check(t, "the key itself", p.get("/who").body, "ada")
}

// What a failing answer says, and what it does not. Guard: writer.go, begin; headers.go.
func TestHeaderFailClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	w.store.stepIn(func(method string) error {
		if method == "Create" {
			return fmt.Errorf("away")
		}
		return nil
	})
	a := w.browser().asks(keyHeader + ": ").get("/in?as=ada")
	check(t, "status", a.status, http.StatusServiceUnavailable)
	check(t, "keys", len(a.header[keyHeader]), 0)
	check(t, "Vary", strings.Join(a.header["Vary"], ", "), keyHeader+", Cookie")
}

// A connection that is hijacked: the caller says what TakeCookie gives, in the header. Guard:
// writer.go, Hijack.
func TestHeaderHijack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	w.on("/ws", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		if r.FormValue("renew") != "" {
			s.Renew()
		}
		s.Subject()
		key := ""
		if r.FormValue("take") != "" {
			c, err := s.TakeCookie()
			if err != nil || c == nil {
				t.Errorf("TakeCookie: %v, %v", c, err)
				return
			}
			key = c.Value
		}
		conn, buf, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			_, _ = io.WriteString(rw, err.Error())
			return
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nConnection: close\r\n%s: %s\r\n\r\nhijacked", keyHeader, key)
		_ = buf.Flush()
	})
	p := w.program("ada")
	check(t, "nothing due", p.fetch("GET", "/ws").body, "hijacked")
	a := p.fetch("GET", "/ws?renew=1&take=1")
	check(t, "taken", a.body, "hijacked")
	p = w.browser().asks(keyHeader + ": " + a.header.Get(keyHeader))
	check(t, "subject", p.get("/who").body, "ada")
	a = p.fetch("GET", "/ws?renew=1")
	check(t, "due and not taken", a.body, session.ErrCookieDue.Error())
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	p = w.browser().asks(keyHeader + ": " + a.header.Get(keyHeader))
	check(t, "subject by the key of the ordinary answer", p.get("/who").body, "ada")
}

// Names that mean something else, or nothing, are refused. Guard: config.go, validHeader.
func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"X-Session-Key": true, "x-session-key": true, "Authorization": true, "Session": true,
		"Cookie": false, "cookie": false, "Set-Cookie": false, "VARY": false, "Cache-Control": false,
		"X Key": false, "X:Key": false, "X\r\nKey": false, "Schlüssel": false, " ": false,
	} {
		_, err := session.New(session.Config{Keys: ring(t, "one"), Home: session.Home{Store: memstore.New(memstore.Config{})}, Header: name})
		check(t, fmt.Sprintf("%q", name), err == nil, ok)
	}
	w := newWorld(t, func(c *session.Config) { c.Header = "x-session-key" })
	check(t, "any case", w.program("ada").get("/who").body, "ada")
}

// The scheme is written in any case (RFC 9110, 11.1).
func TestHeaderBearerCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	check(t, "subject", w.browser().asks(keyHeader+": bearer "+p.key()).get("/who").body, "ada")
}

// A program that opens a WebSocket by a key in a header takes its new key from the cookie's value.
func TestHeaderTakeCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	key := ""
	a := inHandler(p, func(s *session.Session) {
		s.Renew()
		if c, err := s.TakeCookie(); err != nil || c == nil {
			t.Errorf("TakeCookie: %v, %v", c, err)
		} else {
			key = c.Value
		}
	})
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "subject", w.browser().asks(keyHeader+": "+key).get("/who").body, "ada")
}
