package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// TestRun: from the first start to the end, and once more.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	r := run(t, settings(dir))
	for _, said := range []string{dir, "__Host-session (Secure)", "open\n", "doorbook user add EMAIL"} {
		if !strings.Contains(r.Out.String(), said) {
			t.Errorf("it does not say %q:\n%s", said, r.Out)
		}
	}
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/": 303, "/login": 200, "/setup?token=" + r.Token: 200, "/setup?token=x": 404, "/nowhere": 404,
	} {
		if a, body := get(t, r.URL+path); a.StatusCode != want || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d, want %d: %.200s", path, a.StatusCode, want, body)
		}
	}
	if answer := exchange(t, r.URL, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.Contains(answer, "X-Request-Id: ") {
		t.Errorf("an answer without the headers of every answer:\n%s", answer)
	}
	private(t, dir)
	if err := r.wait(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*-wal")); err != nil || len(left) > 0 {
		t.Errorf("not written into the databases: %q", left)
	}

	again := run(t, settings(dir))
	if again.Token == "" || again.Token == r.Token {
		t.Errorf("setup tokens %q and %q", r.Token, again.Token)
	}
	if a, _ := get(t, again.URL+"/setup?token="+r.Token); a.StatusCode != http.StatusNotFound {
		t.Errorf("the link of the earlier start: %d", a.StatusCode)
	}
	if strings.Contains(r.Log.String()+again.Log.String(), r.Token) {
		t.Error("the log holds the setup token")
	}
	private(t, dir)
}

// private fails when somebody else on the machine could read anything.
func private(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v, %v", dir, info.Mode(), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func exchange(t *testing.T, url, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// TestDrain: a request that is under way when the program is told to end gets its answer, and its
// entry.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := run(t, settings(dir))
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = "email=nobody%40example.org&password=x"
	fmt.Fprintf(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" { // the server begins to read it
		t.Fatal(line, err)
	}
	if _, err := in.ReadString('\n'); err != nil { // the end of that
		t.Fatal(err)
	}
	r.stop()
	for { // until it has begun to end
		another, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
		if err != nil {
			break
		}
		_ = another.Close()
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusForbidden { // it has no form token
		t.Fatalf("%v, %v", answer, err)
	}
	id := answer.Header.Get("X-Request-Id")
	_, _ = io.Copy(io.Discard, answer.Body)
	if err := r.wait(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://")); err == nil {
		t.Error("the port is still open")
	}
	s := sitetest.Open(t, dir)
	for _, e := range s.Entries("request") {
		if e.RequestID == id {
			return
		}
	}
	t.Errorf("request %s has no entry", id)
}

// TestCannotStart: what is wrong is said, and nothing is left open.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, spoil := range map[string]func(dir string) config.Serve{
		"the port is taken": func(string) config.Serve {
			return config.Serve{Addr: taken.Addr().String(), Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"}
		},
		"proxies": func(string) config.Serve {
			return config.Serve{Addr: "localhost:0", TrustedProxies: "nonsense", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"}
		},
		"others may read the key": func(dir string) config.Serve {
			if err := os.WriteFile(filepath.Join(dir, config.KeyFile), []byte(sitetest.Secret), 0o644); err != nil {
				t.Fatal(err)
			}
			return config.Serve{Addr: "localhost:0", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"}
		},
		"not a database": func(dir string) config.Serve {
			if err := os.WriteFile(filepath.Join(dir, "doorbook.db"), []byte(strings.Repeat("nonsense", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
			return config.Serve{Addr: "localhost:0", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := settings(t.TempDir())
			c.Serve = spoil(c.Dir)
			if err := runToEnd(t, c); err == nil {
				t.Error("it started")
			}
		})
	}
	weak := settings(t.TempDir())
	weak.Secrets.Key = []byte("short")
	if err := runToEnd(t, weak); err == nil || !strings.Contains(err.Error(), session.ErrWeakKey.Error()) {
		t.Errorf("with a weak key: %v", err)
	}
}

// TestCookieMode: what the cookie is called is decided by where people reach the site, and said at
// the start.
func TestCookieMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ addr, public, mode, said, cookie string }{
		{"localhost:0", "", "auto", "__Host-session (Secure)", "__Host-form"},
		{"127.0.0.1:0", "", "auto", "__Host-session (Secure)", "__Host-form"},
		{"localhost:0", "https://door.example.org", "auto", "__Host-session (Secure)", "__Host-form"},
		{"localhost:0", "http://door.example.org", "auto", "session, NOT Secure", "form"},
		{"localhost:0", "", "never", "session, NOT Secure", "form"},
		{"0.0.0.0:0", "", "auto", "session, NOT Secure", "form"},
		{":0", "", "auto", "session, NOT Secure", "form"},
	} {
		if strings.Contains(c.addr, "0.0.0.0") && c.public == "" {
			// Nobody opens that address: what is printed is one that opens.
			s := settings(t.TempDir())
			s.Addr = c.addr
			if r := run(t, s); !strings.HasPrefix(r.URL, "http://localhost:") {
				t.Errorf("%s: open at %s", c.addr, r.URL)
			}
		}
		t.Run(c.addr+c.public+c.mode, func(t *testing.T) {
			s := settings(t.TempDir())
			s.Addr, s.PublicURL, s.CookieSecure = c.addr, c.public, c.mode
			r := run(t, s)
			if !strings.Contains(r.Out.String(), c.said) {
				t.Errorf("it does not say %q:\n%s", c.said, r.Out)
			}
			if c.public != "" {
				return // it listens somewhere else
			}
			a, _ := get(t, r.URL+"/login")
			if cookie := a.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, c.cookie+"-") || strings.Contains(cookie, "Secure") != strings.HasPrefix(c.cookie, "__Host") {
				t.Errorf("cookie %q", cookie)
			}
		})
	}
}
