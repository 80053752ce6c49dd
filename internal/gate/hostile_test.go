package gate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/gate"
)

// TestR9Smuggling: requests that can be read in two ways end at the server, or reach the application
// as one request that is written anew.
func TestR9Smuggling(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	app := scripted(t, func(conn net.Conn, header string) {
		requests.Add(1)
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(header), header)
	})
	g := newRig(t, app)
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.example.org\r\n\r\n"
	const last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" // where the connection stands
	for name, test := range map[string]struct {
		request string
		want    string // the status, "" for no answer
	}{
		"two lengths":              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n" + smuggled, "400"},
		"a list of lengths":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 60\r\n\r\n" + smuggled, "400"},
		"a length with a sign":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n" + smuggled, "400"},
		"unknown coding":           {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
		"coding by another name":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "200"},
		"two codings":              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled, "501"},
		"a space before the colon": {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n" + smuggled, "400"},
		"a name with a space":      {"GET / HTTP/1.1\r\nHost: a\r\nRemote User: EVIL\r\n\r\n", "400"},
		"a line that is continued": {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n Remote-User: EVIL\r\nConnection: close\r\n\r\n", "200"},
		"a first line of space":    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
		"two hosts":                {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		"no host":                  {"GET / HTTP/1.1\r\n\r\n", "400"},
		"NUL in a value":           {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "400"},
		"a bare CR in a value":     {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rRemote-User: EVIL\r\n\r\n", "400"},
		"HTTP/0.9":                 {"GET /\r\n\r\n", "400"},
	} {
		before := requests.Load()
		answer := g.raw(test.request + last)
		if status(answer) != test.want {
			t.Errorf("%s: %q, want %s", name, answer, test.want)
		}
		if strings.Contains(answer, "/smuggled") || strings.Contains(answer, "\r\nRemote-User: EVIL") {
			t.Errorf("%s: the application sees\n%s", name, answer)
		}
		if n := requests.Load() - before; n > 2 {
			t.Errorf("%s: the application got %d requests", name, n)
		}
	}
}

// TestR9LengthAndCoding: of a request with both the coding counts, as net/http has it, and the
// application is sent that alone.
func TestR9LengthAndCoding(t *testing.T) {
	t.Parallel()
	var paths atomic.Value
	paths.Store("")
	g := newRig(t, handled(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		paths.Store(paths.Load().(string) + r.URL.Path + "=" + string(body) + ";")
	}))
	g.raw("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if got := paths.Load(); got != "/one=abc;/two=;" { // each of the two was judged by itself
		t.Errorf("the application saw %q", got)
	}
}

// TestR18Failures: an application that is not there, or says what is no answer, is answered for by a
// page of ours; one that is too slow, by another.
func TestR18Failures(t *testing.T) {
	t.Parallel()
	silent := func(t *testing.T) string { // takes connections by its backlog alone
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return "http://" + l.Addr().String()
	}
	nobody := func(t *testing.T) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := "http://" + l.Addr().String()
		_ = l.Close()
		return addr
	}
	flood := func(t *testing.T) string {
		return scripted(t, func(conn net.Conn, _ string) {
			for {
				if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
					return
				}
			}
		})
	}
	text := func(answer string) func(*testing.T) string {
		return func(t *testing.T) string { return says(t, answer) }
	}
	for name, test := range map[string]struct {
		app  func(*testing.T) string
		want string
	}{
		"nobody listens":          {nobody, "502"},
		"takes no connection":     {silent, "504"},
		"closes":                  {text(""), "502"},
		"half a header":           {text("HTTP/1.1 200 OK\r\nContent-Le"), "502"},
		"no HTTP":                 {text("SSH-2.0-OpenSSH\r\n\r\n"), "502"},
		"status 000":              {text("HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n"), "502"},
		"status 099":              {text("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n"), "502"},
		"two lengths":             {text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "502"},
		"an endless header":       {text("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n"), "502"},
		"an upgrade unasked":      {text("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEVIL"), "502"},
		"an upgrade to nothing":   {text("HTTP/1.1 101 Switching Protocols\r\n\r\nEVIL"), "502"},
		"1xx without end":         {flood, "504"},
		"hints and then an error": {text("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nBAD"), "502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, test.app(t), func(g *rig) {
				if test.want == "504" {
					g.cfg.Header = 200 * time.Millisecond
				}
			})
			answer := g.get()
			hints := 0
			for strings.HasPrefix(answer, "HTTP/1.1 103") {
				if len(lines(answer, "X-Frame-Options")) > 0 || len(lines(answer, "X-Request-Id")) > 0 {
					t.Errorf("a hint has headers of ours:\n%s", answer)
				}
				_, answer, _ = strings.Cut(answer, "\r\n\r\n")
				hints++
			}
			if status(answer) != test.want || len(lines(answer, "X-Page")) == 0 || len(lines(answer, "X-Frame-Options")) == 0 {
				t.Errorf("want our page with %s, have\n%s", test.want, answer)
			}
			if hints > 16 {
				t.Errorf("%d hints were passed on", hints)
			}
		})
	}
}

// TestR18Cut: an answer that breaks off does not look whole, whatever says how long it is.
func TestR18Cut(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"by its length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"a bad chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
	} {
		g := newRig(t, says(t, said))
		resp, err := http.Get(g.front.URL)
		if err != nil {
			continue // not even a header
		}
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil {
			t.Errorf("%s: half an answer looks whole", name)
		}
	}
}

// TestR18BadBody: a body that the visitor breaks off or writes wrongly is theirs, not the
// application's.
func TestR18BadBody(t *testing.T) {
	t.Parallel()
	g := newRig(t, handled(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	answer := g.raw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n\r\n")
	if status(answer) != "400" {
		t.Errorf("a bad chunk: %q", answer)
	}
}

// TestR18Gone: when the visitor goes, the application is told by the end of its connection, and
// Failed that it was not the application.
func TestR18Gone(t *testing.T) {
	t.Parallel()
	asked, let := make(chan struct{}), make(chan error, 1)
	failed := make(chan error, 1)
	app := scripted(t, func(conn net.Conn, _ string) {
		close(asked)
		_, err := conn.Read(make([]byte, 1))
		let <- err
	})
	g := newRig(t, app, func(g *rig) {
		g.carry.Failed = func(_ http.ResponseWriter, _ *http.Request, err error, timeout bool) {
			if timeout {
				err = errors.New("taken for a timeout")
			}
			failed <- err
		}
	})
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked
	_ = conn.Close()
	if err := <-let; err == nil {
		t.Error("the application's connection stands")
	}
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Failed was told %v", err)
	}
}

// TestR13Download: an answer of many MB takes no memory, whether its length is known or not.
func TestR13Download(t *testing.T) { // not parallel: it looks at the memory of the process
	const size = 256 << 20
	block := make([]byte, 1<<20)
	g := newRig(t, handled(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/known" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		for range size / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	for _, path := range []string{"/known", "/chunked"} {
		resp, err := http.Get(g.front.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, resp.Body)
		runtime.ReadMemStats(&after)
		_ = resp.Body.Close()
		if n != size || err != nil {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > 16<<20 {
			t.Errorf("%s: it took %d KB of memory", path, made>>10)
		}
	}
}

// TestR13Upload: so does a body.
func TestR13Upload(t *testing.T) {
	const size = 256 << 20
	g := newRig(t, handled(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, n, err)
	}))
	for _, length := range []int64{size, -1} {
		r, err := http.NewRequest(http.MethodPost, g.front.URL, io.LimitReader(zeros{}, size))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		answer, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if want := fmt.Sprint(size, error(nil)); string(answer) != want {
			t.Errorf("length %d: the application read %s", length, answer)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > 16<<20 {
			t.Errorf("length %d: it took %d KB of memory", length, made>>10)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestR13Expect: a body that waits for leave is not read before the application gives it, and never
// if it refuses.
func TestR13Expect(t *testing.T) {
	t.Parallel()
	app := scripted(t, func(conn net.Conn, header string) {
		if strings.Contains(header, "/no") {
			_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
		body := make([]byte, 4)
		_, _ = io.ReadFull(conn, body)
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n%s", body)
	})
	g := newRig(t, app)
	for path, want := range map[string]string{"/yes": "100 200", "/no": "413"} {
		conn, err := net.Dial("tcp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "PUT "+path+" HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(resp.StatusCode)
		if resp.StatusCode == http.StatusContinue {
			_, _ = io.WriteString(conn, "body")
			if resp, err = http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			got += fmt.Sprint(" ", resp.StatusCode)
			if string(body) != "body" {
				t.Errorf("the application read %q", body)
			}
		}
		_ = conn.Close()
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestR13EarlyAnswer: an application may answer while it reads.
func TestR13EarlyAnswer(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		app := handled(t, func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			_ = rc.EnableFullDuplex()
			buf := make([]byte, 1)
			for {
				if _, err := r.Body.Read(buf); err != nil {
					return
				}
				_, _ = w.Write(buf)
				_ = rc.Flush()
			}
		})
		g := newRig(t, app, func(g *rig) { g.tls = secure })
		out, in := io.Pipe()
		r, err := http.NewRequest(http.MethodPost, g.front.URL, out)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = in.Write([]byte("a")) }()
		resp, err := g.front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1)
		for _, sent := range "abc" {
			if sent != 'a' {
				_, _ = in.Write([]byte(string(sent)))
			}
			if _, err := io.ReadFull(resp.Body, buf); err != nil || rune(buf[0]) != sent {
				t.Errorf("HTTP/%d: sent %c, came back %q, %v", resp.ProtoMajor, sent, buf, err)
			}
		}
		_ = in.Close()
		if _, err := resp.Body.Read(buf); err != io.EOF { //nolint:errorlint // io.Reader's own
			t.Errorf("the answer ended with %v", err)
		}
		_ = resp.Body.Close()
	}
}

// TestR13Trailers: they pass in both directions, but for those that are ours to set.
func TestR13Trailers(t *testing.T) {
	t.Parallel()
	app := handled(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusOK)
		_, _ = fmt.Fprint(w, r.Trailer)
		w.Header().Set("X-Sum", "1")
		w.Header().Set(http.TrailerPrefix+"X-Late", "2")
		w.Header().Set(http.TrailerPrefix+"Remote-User", "EVIL")
		w.Header().Set(http.TrailerPrefix+"Set-Cookie", "doorbook=EVIL")
	})
	for _, secure := range []bool{false, true} {
		g := newRig(t, app, func(g *rig) { g.tls = secure })
		r, err := http.NewRequest(http.MethodPost, g.front.URL, struct{ io.Reader }{strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
		r.Trailer = http.Header{"X-Checksum": {"abc"}, "Remote_user": {"EVIL"}, "X-Forwarded-For": {"EVIL"}}
		resp, err := g.front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != "map[X-Checksum:[abc]]" {
			t.Errorf("HTTP/%d: the application saw %s", resp.ProtoMajor, body)
		}
		if got := fmt.Sprint(resp.Trailer); got != "map[X-Late:[2] X-Sum:[1]]" {
			t.Errorf("HTTP/%d: the visitor saw %s", resp.ProtoMajor, got)
		}
	}
}

// TestR13Hints: 103 passes, without what is not for browsers, and what we set for our own pages is
// in neither answer.
func TestR13Hints(t *testing.T) {
	t.Parallel()
	g := newRig(t, says(t, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSet-Cookie: doorbook=EVIL\r\nRemote-User: EVIL\r\n\r\n"+
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nLink: </b.css>\r\n\r\nok"))
	hint, answer, _ := strings.Cut(g.get(), "\r\n\r\n")
	if hint != "HTTP/1.1 103 Early Hints\r\nLink: </a.css>" {
		t.Errorf("the hint is\n%s", hint)
	}
	if status(answer) != "200" || len(lines(answer, "Link")) != 1 || !strings.HasSuffix(answer, "\r\n\r\nok") || strings.Contains(answer, "X-Frame-Options") {
		t.Errorf("the answer is\n%s", answer)
	}
	if old := g.raw("GET / HTTP/1.0\r\nHost: a\r\n\r\n"); status(old) != "200" {
		t.Errorf("HTTP/1.0 gets\n%s", old)
	}
}

// TestR13Events: an event is there when it is sent, and so is the header before the first.
func TestR13Events(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"text/event-stream", "application/x-ndjson"} {
		next := make(chan struct{})
		g := newRig(t, handled(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_ = http.NewResponseController(w).Flush()
			for range next {
				_, _ = io.WriteString(w, "data: x\n\n")
				_ = http.NewResponseController(w).Flush()
			}
		}))
		resp, err := http.Get(g.front.URL)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(resp.Body)
		for range 3 {
			next <- struct{}{}
			if line, err := r.ReadString('\n'); line != "data: x\n" {
				t.Errorf("%q, %v", line, err)
			}
			_, _ = r.ReadString('\n')
		}
		close(next)
		if _, err := r.ReadByte(); err != io.EOF { //nolint:errorlint // io.Reader's own
			t.Errorf("the stream ended with %v", err)
		}
		_ = resp.Body.Close()
	}
}

// TestR13Head: the answer to HEAD is the application's, with the length of what GET would give.
func TestR13Head(t *testing.T) {
	t.Parallel()
	g := newRig(t, says(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n"))
	answer := g.raw("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if got := lines(answer, "Content-Length"); status(answer) != "200" || len(got) != 1 || got[0] != "1000" {
		t.Errorf("HEAD gives\n%s", answer)
	}
}

// TestR18Socket: an application is reached at a unix socket, too.
func TestR18Socket(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/app.sock"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Host) })}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	for keep, want := range map[bool]string{true: "app.example.org", false: "localhost"} {
		g := newRig(t, "http://localhost", func(g *rig) {
			g.carry.App.Upstream.Socket, g.carry.App.KeepHost = path, keep
		})
		if answer := g.get(); !strings.HasSuffix(answer, "\r\n\r\n"+want) {
			t.Errorf("keeping the host: %t:\n%s", keep, answer)
		}
	}
}

// TestR18Reload: the way to an application that is no more is given up, and made anew when it is
// back.
func TestR18Reload(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	app := scripted(t, func(conn net.Conn, _ string) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		_, _ = conn.Read(make([]byte, 1))
		closed <- struct{}{}
	})
	g := newRig(t, app, func(g *rig) { g.cfg.Idle = time.Hour })
	for range 2 {
		if answer := g.get(); status(answer) != "200" {
			t.Fatal(answer)
		}
		g.proxy.Keep(&gate.Gate{Apps: []gate.App{*g.carry.App}})
		select {
		case <-closed:
			t.Error("the way to an application that is still there was given up")
		default:
		}
		g.proxy.Keep(&gate.Gate{})
		<-closed
	}
}
