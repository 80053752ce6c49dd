package gate_test

import (
	"bufio"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

// switching is an application that goes over to what it is asked for, if it is asked, and then sends
// everything back until the visitor has said all.
func switching(t *testing.T) string {
	t.Helper()
	return scripted(t, func(conn net.Conn, header string) {
		to := lines("\r\n"+header, "Upgrade")
		if len(to) == 0 {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain")
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+to[0]+
			"\r\nSet-Cookie: doorbook=EVIL\r\nRemote-User: EVIL\r\nX-Kept: 1\r\n\r\n")
		_, _ = io.Copy(conn, conn)
		_ = conn.(*net.TCPConn).CloseWrite()
	})
}

const browser = "Origin: https://app.example.org\r\nSec-Fetch-Mode: websocket\r\n"

// upgraded asks for an upgrade and returns the connection with the answer's header read, nil if it
// was not given.
func (g *rig) upgraded(headers string) (net.Conn, *bufio.Reader, string) {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: app.example.org\r\n"+headers+"\r\n"); err != nil {
		g.t.Fatal(err)
	}
	r := bufio.NewReaderSize(conn, 512)
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			g.t.Fatalf("%v after %q", err, head.String())
		}
		head.WriteString(line)
		if line == "\r\n" {
			return conn, r, head.String()
		}
	}
}

// TestR13Upgrade: any protocol passes that the visitor asked for, except those in which more
// requests would come, which go past the rules.
func TestR13Upgrade(t *testing.T) {
	t.Parallel()
	g := newRig(t, switching(t))
	for headers, want := range map[string]string{
		"Connection: Upgrade\r\nUpgrade: websocket\r\n":             "101",
		"Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\n": "101",
		"Connection: Upgrade\r\nUpgrade: tcp\r\n":                   "101",
		"Upgrade: websocket\r\n":                                    "200", // not for this connection
		"Connection: Upgrade\r\n":                                   "200",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n": "200",
		"Connection: Upgrade\r\nUpgrade: websocket, H2C\r\n":                                                  "200",
		"Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n":                                                        "200",
		"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n":                                                         "200",
		"Connection: Upgrade\r\nUpgrade: web\xffsocket\r\n":                                                   "400",
	} {
		_, _, head := g.upgraded(browser + headers)
		if status(head) != want || strings.Contains(head, "EVIL") || want != "400" && lines(head, "X-Frame-Options") != nil {
			t.Errorf("%q: want %s, have\n%s", headers, want, head)
		}
		if want == "101" && (len(lines(head, "X-Kept")) != 1 || len(lines(head, "X-Request-Id")) != 1) {
			t.Errorf("%q:\n%s", headers, head)
		}
	}
	if answer := g.raw("GET / HTTP/1.0\r\nHost: a\r\n" + browser + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"); status(answer) != "200" {
		t.Errorf("HTTP/1.0:\n%s", answer)
	}
}

// TestR13Tunnel: bytes pass in both directions, those that came with the request too, large and
// small, and each direction ends by itself.
func TestR13Tunnel(t *testing.T) {
	t.Parallel()
	g := newRig(t, switching(t))
	conn, r, _ := g.upgraded(browser + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly")
	buf := make([]byte, len("early\r\n"))
	if _, err := io.ReadFull(r, buf); string(buf) != "early\r\n" {
		t.Errorf("what came with the request came back as %q, %v", buf, err)
	}
	const size = 4 << 20
	go func() {
		_, _ = io.CopyN(conn, zeros{}, size)
		_, _ = io.WriteString(conn, "end")
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	n, err := io.CopyN(io.Discard, r, size)
	if err != nil {
		t.Fatal(n, err)
	}
	if rest, err := io.ReadAll(r); string(rest) != "end" || err != nil {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// TestR13Origin: an upgrade that a page of another site asked for is refused, and the application
// never hears of it.
func TestR13Origin(t *testing.T) {
	t.Parallel()
	stranger := func(g *rig) { g.carry.Developer = account.Developer{} }
	token := func(g *rig) { g.carry.TookAuthorization = true }
	plain := func(g *rig) { g.carry.Scheme, g.carry.Host = "http", "app.example.org:8080" }
	as := func(*rig) {}
	var asked atomic.Bool
	app := scripted(t, func(conn net.Conn, _ string) {
		asked.Store(true)
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	})
	for _, test := range []struct {
		name, headers string
		who           func(*rig)
		want          string
	}{
		{"its own", "Origin: https://app.example.org\r\n", as, "101"},
		{"its own, with the port", "Origin: https://APP.example.org:443\r\n", as, "101"},
		{"its own, on a port", "Origin: http://app.example.org:8080\r\n", plain, "101"},
		{"another port", "Origin: http://app.example.org\r\n", plain, "403"},
		{"another scheme", "Origin: http://app.example.org\r\n", as, "403"},
		{"another host", "Origin: https://evil.example\r\n", as, "403"},
		{"a host that begins alike", "Origin: https://app.example.org.evil.example\r\n", as, "403"},
		{"a user that looks like it", "Origin: https://app.example.org@evil.example\r\n", as, "403"},
		{"null", "Origin: null\r\n", as, "403"},
		{"empty", "Origin: \r\n", as, "403"},
		{"two", "Origin: https://app.example.org\r\nOrigin: https://evil.example\r\n", as, "403"},
		{"another host, a stranger", "Origin: https://evil.example\r\n", stranger, "403"},
		{"none, by cookie", "", as, "403"},
		{"none, a stranger", "", stranger, "101"},
		{"none, a stranger's browser", "Sec-Fetch-Mode: websocket\r\n", stranger, "403"},
		{"none, by token", "Authorization: Bearer x\r\n", token, "101"},
		{"another host, by token", "Authorization: Bearer x\r\nOrigin: https://evil.example\r\n", token, "101"},
		{"another host, by Basic, which browsers repeat", "Authorization: Basic x\r\nOrigin: https://evil.example\r\n", token, "403"},
	} {
		g := newRig(t, app, test.who)
		_, _, head := g.upgraded(test.headers + "Connection: Upgrade\r\nUpgrade: websocket\r\n")
		if status(head) != test.want || (test.want == "403") == asked.Swap(false) {
			t.Errorf("%s: want %s, have\n%s", test.name, test.want, head)
		}
	}
}

// TestR13IdleUpgrades: an upgraded connection that is idle costs less than 40 KB on our side, with
// all that net/http keeps of it.
func TestR13IdleUpgrades(t *testing.T) { // not parallel: it looks at the memory of the process
	const many = 500
	g := newRig(t, switching(t))
	direct := *g // the visitor's and the application's ends, which are in this process as well
	direct.addr = g.carry.App.Upstream.URL.Host
	ends := direct.idleUpgrades(many)
	each := g.idleUpgrades(many) - ends
	t.Logf("%.1f KB each, and %.1f KB for its two ends", each/1024, ends/1024)
	if each > 40<<10 {
		t.Errorf("an idle connection takes %.1f KB", each/1024)
	}
}

// idleUpgrades opens connections, sends something back and forth on each, and returns what one
// costs in bytes.
func (g *rig) idleUpgrades(many int) float64 {
	g.t.Helper()
	measure := func() uint64 {
		runtime.GC()
		runtime.GC() // what is pooled goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	one := func() {
		conn, r, head := g.upgraded(browser + "Connection: Upgrade\r\nUpgrade: websocket\r\n")
		if status(head) != "101" {
			g.t.Fatal(head)
		}
		for _, size := range []int64{5, 100 << 10, 5} { // a large buffer is not kept
			go func() { _, _ = io.CopyN(conn, zeros{}, size) }()
			if _, err := io.CopyN(io.Discard, r, size); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	one()
	before := measure()
	for range many {
		one()
	}
	return float64(measure()-before) / float64(many)
}
