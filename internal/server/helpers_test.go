package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

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
		Serve:   config.Serve{Addr: "localhost:0", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"},
		Dir:     dir,
		Command: "doorbook user add EMAIL",
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
		<-r.ended
	})
	for {
		said, more := r.Out.Changed()
		if m := openAt.FindStringSubmatch(said); m != nil {
			r.URL = m[1]
			if m := setupLink.FindStringSubmatch(said); m != nil {
				r.Token = m[1]
			}
			return r
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			t.Fatalf("the server ended: %v", err)
		case <-more:
		}
	}
}

// wait ends the server and gives what Run gave.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	r.stop()
	err := <-r.ended
	r.ended <- err
	return err
}

// onWrite is told of what is written by being called.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

// get asks a running server, without following redirects.
func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{
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

// runToEnd runs a server that is expected not to start; one that does is ended.
func runToEnd(t *testing.T, c server.Config) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Out, c.Log = onWrite(cancel), slog.New(slog.DiscardHandler)
	return server.Run(ctx, c)
}
