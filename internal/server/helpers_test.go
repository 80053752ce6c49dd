package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// running is a server on a port of its own.
type running struct {
	Out   *sitetest.Buffer
	Log   *sitetest.Buffer
	URL   string // as it says itself
	Token string // of the setup link, "" for none
	stop  context.CancelFunc
	ended chan error
}

// settings are what `doorbook serve --addr localhost:0 --data DIR` comes to.
func settings(dir string) server.Config {
	return server.Config{
		Serve: config.Serve{Addr: "localhost:0", Registration: "open", CookieSecure: "auto"},
		Dir:   dir,
	}
}

var (
	openAt    = regexp.MustCompile(`open at (http\S+)`)
	setupLink = regexp.MustCompile(`setup\?token=(\S+)`)
)

// run starts a server and waits until it says where it is.
func run(t *testing.T, c server.Config) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Out: &sitetest.Buffer{}, Log: &sitetest.Buffer{}, stop: cancel, ended: make(chan error, 1)}
	c.Out, c.Log = r.Out, slog.New(slog.NewJSONHandler(r.Log, nil))
	go func() { r.ended <- server.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-r.ended:
		case <-time.After(20 * time.Second):
			t.Error("the server does not end")
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if m := openAt.FindStringSubmatch(r.Out.String()); m != nil {
			r.URL = m[1]
			if m := setupLink.FindStringSubmatch(r.Out.String()); m != nil {
				r.Token = m[1]
			}
			return r
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			t.Fatalf("the server ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not start: %s %s", r.Out, r.Log)
		}
	}
}

// wait ends the server and gives what Run gave.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		r.ended <- err
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
		return nil
	}
}

// get asks a running server, without following redirects.
func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// runToEnd runs a server that is expected not to start.
func runToEnd(t *testing.T, c server.Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	c.Out, c.Log = io.Discard, slog.New(slog.DiscardHandler)
	return server.Run(ctx, c)
}
