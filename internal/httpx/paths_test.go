package httpx_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// listen serves a site as the program does.
func listen(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.DisableGeneralOptionsHandler = true
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// raw sends the text of a request as it is: no client cleans the path before it is sent.
func raw(t *testing.T, s *httptest.Server, line string, headers ...string) *sitetest.Answer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := line + " HTTP/1.1\r\nHost: " + sitetest.Host + "\r\nConnection: close\r\n"
	for _, h := range headers {
		text += h + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(line, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return &sitetest.Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(body), Sent: answer.Cookies()}
}

// TestPathConfusion: however a restricted address is written, and whatever headers claim, a
// stranger does not get in.
func TestPathConfusion(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	c.SignedIn(c.root).Get("/") // so that there is something to see
	s := listen(t, c.Handler)
	var lines []string
	for _, path := range []string{"developers", "logs"} {
		for _, form := range []string{
			"/%s", "//%s", "///%s", "/%s/", "/%s//", "/./%s", "/x/../%s", "/../%s", "/..%%2f%s", "/%s;a", "/%s;.css", "/%s%%2f", "/%s%%00",
			"/%s?x=.css", "/%s?", "/%s%%3f", "/%s#", "/%s.json", "/%s/.", "/%s/..;/", "/static/../%s", "/static/%%2e%%2e/%s", "/healthz/../%s",
			"/login/../%s", "/%s%%20", "/%s%%0a", "/%s\\", "/\\%s", "/%%2e/%s", "/%%2f%s", "http://localhost:8080/%s", "http://other.test/%s",
		} {
			lines = append(lines, "GET "+fmt.Sprintf(form, path), "HEAD "+fmt.Sprintf(form, path))
		}
		lines = append(lines, "GET /"+strings.ToUpper(path), fmt.Sprintf("GET /%%%02x%s", path[0], path[1:]), fmt.Sprintf("GET /%s%%%02X", path[:len(path)-1], path[len(path)-1]))
	}
	for _, path := range []string{"/", "//", "/.", "/./", "/x/..", "/%2e", "/;a", "/?x=.css", "/index.html", "/#", "", "http://localhost:8080", "*"} {
		lines = append(lines, "GET "+path)
	}
	tricks := [][]string{
		nil,
		{"X-Original-URL: /login", "X-Rewrite-URL: /login", "X-Forwarded-Uri: /static/x.css", "X-Forwarded-Path: /healthz"},
		{"X-Middleware-Subrequest: middleware:middleware:middleware", "X-HTTP-Method-Override: GET", "User-Agent: kube-probe/1.30"},
		{"X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: localhost", "Forwarded: for=127.0.0.1;proto=https"},
		{"Authorization: Bearer " + c.root.ID, "X-Session: " + c.root.ID, "X-User: " + c.root.ID, "Cookie: user=" + c.root.ID},
	}
	for _, line := range lines {
		for i, headers := range tricks {
			a := raw(t, s, line, headers...)
			if a.Status == http.StatusOK || a.Status >= 500 {
				t.Errorf("%q with %q: status %d", line, headers, a.Status)
			}
			for _, private := range []string{"Root", "Ada", "example.org", "client_addr", "Welcome"} {
				if strings.Contains(a.Body, private) {
					t.Errorf("%q with %q: the answer holds %q", line, headers, private)
				}
			}
			if to := a.Location(); strings.HasPrefix(to, "//") || strings.Contains(to, ":") || strings.ContainsAny(to, "\\\r\n") {
				t.Errorf("%q with trick %d: leads to %q", line, i, to)
			}
		}
	}
	// The other way round: an open address is not turned into a closed one.
	for _, headers := range tricks {
		headers = append([]string{"X-Original-URL: /developers", "X-Rewrite-URL: /logs"}, headers...)
		if a := raw(t, s, "GET /healthz", headers...); a.Status != http.StatusOK || a.Body != "ok\n" {
			t.Errorf("with %q: %d %q", headers, a.Status, a.Body)
		}
	}
}

// TestMethods: on every address every method that the table does not have is 405 with the ones that
// it has, and HEAD tells what GET does and no more.
func TestMethods(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	stranger := c.Visitor()
	byPath := map[string][]string{}
	for _, route := range httpx.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if route.AnyMethod {
			continue
		}
		byPath[path] = append(byPath[path], method)
	}
	for pattern, methods := range byPath {
		path := strings.NewReplacer("{id}", c.ada.ID, "{$}", "").Replace(pattern)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "GETX", "TRACK", "CONNECT"} {
			if strings.Contains(" "+strings.Join(methods, " ")+" ", " "+method+" ") {
				continue
			}
			for who, v := range map[string]*sitetest.Visitor{"stranger": stranger, "admin": root} {
				a := v.Do(method, path, "", "X-HTTP-Method-Override", "GET", "X-HTTP-Method", methods[0])
				if a.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s by a %s: %d", method, path, who, a.Status)
				}
				allow := a.Header.Get("Allow")
				for _, m := range methods {
					if !strings.Contains(allow, m) {
						t.Errorf("%s %s: allowed are %q, without %s", method, path, allow, m)
					}
				}
				if strings.Contains(allow, "HEAD") != strings.Contains(allow, "GET") {
					t.Errorf("%s %s: allowed are %q", method, path, allow)
				}
				if strings.Contains(a.Body, "Root") && !strings.Contains(a.Header.Get("Content-Type"), "html") {
					t.Errorf("%s %s: %s", method, path, a.Body)
				}
			}
		}
	}
	// A body of any type does not hide that the method is wrong.
	if a := root.Do("PUT", "/developers", "x", "Content-Type", "text/plain"); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("with a body: %d", a.Status)
	}
	s := listen(t, c.Handler)
	for _, path := range []string{"/", "/login", "/developers", "/logs", "/nowhere", "/healthz", "/setup", "/developers/" + c.ada.ID} {
		for _, accept := range []string{"Accept: text/html", "Accept: application/json"} {
			get, head := raw(t, s, "GET "+path, accept), raw(t, s, "HEAD "+path, accept)
			alike := get.Header.Get("Content-Length") == head.Header.Get("Content-Length") || get.Status == http.StatusSeeOther // whose body says nothing
			if get.Status != head.Status || head.Body != "" || !alike {
				t.Errorf("%s: GET %d %s, HEAD %d %s %q", path, get.Status, get.Header.Get("Content-Length"), head.Status, head.Header.Get("Content-Length"), head.Body)
			}
		}
	}
	for _, line := range []string{"OPTIONS *", "CONNECT localhost:8080", "TRACE /"} {
		a := raw(t, s, line)
		if a.Status < 400 || a.Header.Get("X-Request-Id") == "" || strings.Contains(a.Body, "TRACE / HTTP") {
			t.Errorf("%s: %d %v %q", line, a.Status, a.Header, a.Body)
		}
	}
}

// TestOtherCarriers: a session key counts in its cookie alone, and once.
func TestOtherCarriers(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	key, other := c.SignedIn(c.root).Session(), c.SignedIn(c.ada).Session()
	const name = "__Host-session"
	for what, headers := range map[string][]string{
		"query":             nil,
		"header":            {"X-Session", key, "Session", key},
		"bearer":            {"Authorization", "Bearer " + key},
		"basic":             {"Authorization", "Basic " + key},
		"another cookie":    {"Cookie", "session=" + key + "; __Secure-session=" + key},
		"other case":        {"Cookie", "__host-session=" + key},
		"spaces around":     {"Cookie", "__Host-session =" + key},
		"quoted":            {"Cookie", name + `="` + key + `"`},
		"twice":             {"Cookie", name + "=" + key + "; " + name + "=" + other},
		"twice, turned":     {"Cookie", name + "=" + other + "; " + name + "=" + key},
		"in two lines":      {"Cookie", name + "=" + key, "Cookie", name + "=" + other},
		"cut":               {"Cookie", name + "=" + key[1:]},
		"longer":            {"Cookie", name + "=" + key + "A"},
		"padded":            {"Cookie", name + "=" + key + "="},
		"url-encoded":       {"Cookie", name + "=%41" + key[1:]},
		"in other case":     {"Cookie", name + "=" + strings.ToLower(key)},
		"a path":            {"Cookie", name + "=../" + key},
		"one letter turned": {"Cookie", name + "=" + turned(key)},
		"a megabyte":        {"Cookie", name + "=" + strings.Repeat(key, 13000)},
		"not UTF-8":         {"Cookie", name + "=\xff\xfe" + key},
	} {
		v := c.Visitor()
		target := "/logs?session=" + key + "&" + name + "=" + key
		headers = append(headers, "Accept", "application/json")
		if a := v.Do("GET", target, "", headers...); a.Status != http.StatusUnauthorized || slices.ContainsFunc(a.Sent, func(c *http.Cookie) bool { return c.MaxAge >= 0 }) {
			t.Errorf("%s: %d, cookies %v", what, a.Status, a.Sent)
		}
	}
	for what, line := range map[string]string{"the key itself": name + "=" + key, "twice": name + "=" + key + "; " + name + "=" + key} {
		if a := c.Visitor().Do("GET", "/logs", "", "Cookie", line); a.Status != http.StatusOK {
			t.Errorf("%s: %d", what, a.Status)
		}
	}
}

func turned(key string) string {
	b := []byte(key)
	if b[30] == 'A' {
		b[30] = 'B'
	} else {
		b[30] = 'A'
	}
	return string(b)
}
