package gate_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/internal/gate"
)

// pipes is a listener whose connections are in memory, so that the clock of a bubble stands for
// them, too.
type pipes struct {
	conns chan net.Conn
	end   context.Context
	close context.CancelFunc
}

func newPipes() pipes {
	p := pipes{conns: make(chan net.Conn)}
	p.end, p.close = context.WithCancel(context.Background())
	return p
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.end.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.close()
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.end.Done():
		return nil, net.ErrClosed
	}
}

// patience serves an application in a bubble, by a server with the limits that ours has, and gives
// what a visitor dials and a client that does. In a bubble time passes at once when all wait.
func patience(t *testing.T, h2 bool, app http.HandlerFunc) (pipes, *http.Client) {
	t.Helper()
	back, front := newPipes(), newPipes()
	proxy := gate.NewProxy(gate.ProxyConfig{Log: slog.New(slog.DiscardHandler), Header: 70 * time.Second})
	proxy.Connect(back.dial)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetUnencryptedHTTP2(h2)
	up := upstream(t, "http://app")
	servers := []*http.Server{
		{Handler: app},
		{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				proxy.Serve(w, r, &gate.Carry{
					App: &gate.App{Upstream: up}, Identity: &gate.Identity{Names: gate.DefaultNames()}, Scheme: "http", Host: "a",
				})
			}),
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
			Protocols: protocols, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
		},
	}
	for i, l := range []pipes{back, front} {
		go func() { _ = servers[i].Serve(l) }()
		t.Cleanup(func() { _ = servers[i].Close() })
	}
	transport := &http.Transport{DialContext: front.dial, Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return front, &http.Client{Transport: transport}
}

// both is a test over HTTP/1 and HTTP/2.
func both(t *testing.T, test func(t *testing.T, h2 bool)) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %t", h2), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, h2) })
		})
	}
}

// TestR13Hours: a stream lasts, whatever the limits of the server for pages, also when nothing comes
// for an hour.
func TestR13Hours(t *testing.T) {
	both(t, func(t *testing.T, h2 bool) {
		_, client := patience(t, h2, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for i := range 3 {
				_, _ = fmt.Fprintf(w, "%d\n", i)
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Hour)
			}
		})
		resp, err := client.Get("http://a/")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if all, err := io.ReadAll(resp.Body); string(all) != "0\n1\n2\n" || err != nil {
			t.Errorf("%q, %v", all, err)
		}
	})
}

// TestR13SlowAnswer: an application may take longer to begin its answer than the server has for a
// page, up to a limit; a body whose length was told may then take longer still.
func TestR13SlowAnswer(t *testing.T) {
	both(t, func(t *testing.T, h2 bool) {
		_, client := patience(t, h2, func(w http.ResponseWriter, r *http.Request) {
			wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
			time.Sleep(wait)
			w.Header().Set("Content-Length", "4")
			_, _ = io.WriteString(w, "ab")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(2 * wait)
			_, _ = io.WriteString(w, "cd")
		})
		for wait, want := range map[string]string{"69s": "200 abcd", "71s": "504 Gateway Timeout\n"} {
			resp, err := client.Get("http://a/?wait=" + wait)
			if err != nil {
				t.Fatal(wait, err)
			}
			all, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if got := fmt.Sprint(resp.StatusCode, " ", string(all)); got != want || err != nil {
				t.Errorf("after %s: %q, %v; want %q", wait, got, err, want)
			}
			synctest.Wait()
			time.Sleep(5 * time.Minute) // the application ends, too
		}
	})
}

// TestR13SlowUpload: a visitor may take as long as they send something now and then; one who does
// not is answered, and the application's connection ended.
func TestR13SlowUpload(t *testing.T) {
	both(t, func(t *testing.T, h2 bool) {
		read := make(chan error, 1)
		_, client := patience(t, h2, func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprint(w, n)
			read <- err
		})
		for pause, want := range map[time.Duration]string{40 * time.Second: "200 20", 90 * time.Second: "408"} {
			out, in := io.Pipe()
			go func() {
				for range 20 {
					if _, err := in.Write([]byte("x")); err != nil {
						return
					}
					select {
					case <-time.After(pause):
					case <-t.Context().Done():
						return
					}
				}
				_ = in.Close()
			}()
			resp, err := client.Post("http://a/", "text/plain", out)
			if err != nil {
				t.Fatal(pause, err)
			}
			all, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if got := fmt.Sprint(resp.StatusCode, " ", string(all)); !strings.HasPrefix(got, want) {
				t.Errorf("pauses of %s: %q, want %q", pause, got, want)
			}
			if err := <-read; (err == nil) != (pause < time.Minute) {
				t.Errorf("pauses of %s: the application read %v", pause, err)
			}
			_ = out.Close()
		}
	})
}

// TestR18SlowVisitor: a visitor who takes nothing for a minute has their answer broken off.
func TestR18SlowVisitor(t *testing.T) {
	both(t, func(t *testing.T, h2 bool) {
		wrote := make(chan error, 1)
		_, client := patience(t, h2, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					wrote <- err
					return
				}
			}
		})
		resp, err := client.Get("http://a/")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		begin := time.Now()
		<-wrote
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("the application was let go after %s", took)
		}
	})
}

// TestR18StandingReader: an application that does not take a body is given up.
func TestR18StandingReader(t *testing.T) {
	both(t, func(t *testing.T, h2 bool) {
		_, client := patience(t, h2, func(http.ResponseWriter, *http.Request) { <-t.Context().Done() })
		begin := time.Now()
		resp, err := client.Post("http://a/", "text/plain", io.LimitReader(zeros{}, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if took := time.Since(begin); resp.StatusCode != http.StatusGatewayTimeout || took > 2*time.Minute {
			t.Errorf("status %d after %s", resp.StatusCode, took)
		}
	})
}

// TestR13IdleTunnel: an upgraded connection may be idle for a day.
func TestR13IdleTunnel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		front, _ := patience(t, false, func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
			_ = rw.Flush()
			_, _ = io.Copy(conn, rw)
			_ = conn.Close()
		})
		conn, _ := front.dial(t.Context(), "", "")
		go func() {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		}()
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(resp, err)
		}
		for range 3 {
			time.Sleep(24 * time.Hour)
			if _, err := io.WriteString(conn, "x"); err != nil {
				t.Fatal(err)
			}
			if b, err := r.ReadByte(); b != 'x' || err != nil {
				t.Fatal(b, err)
			}
		}
		_ = conn.Close()
	})
}
