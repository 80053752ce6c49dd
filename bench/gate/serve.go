package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
)

// small is the answer that all carry.
const small = `{"status":true,"data":[{"id":1,"name":"one"},{"id":2,"name":"two"},{"id":3,"name":"three"}]}`

// serve is one of the servers of this program, in a process of its own. The target of a proxy is
// the upstream and the address it listens on, with a comma between them.
func serve(kind, where string) error {
	handler, addr, err := handlerOf(kind, where)
	if err != nil {
		return err
	}
	server := http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

func handlerOf(kind, where string) (http.Handler, string, error) {
	if kind == "app" {
		return http.HandlerFunc(app), where, nil
	}
	var upstream, addr string
	for i := range where {
		if where[i] == ',' {
			upstream, addr = where[:i], where[i+1:]
		}
	}
	to := &url.URL{Scheme: "http", Host: upstream}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.SetXForwarded()
	}}
	switch kind {
	case "untuned":
		return proxy, addr, nil
	case "tuned":
		proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}
		proxy.BufferPool = make(pool, 256)
		return proxy, addr, nil
	case "proxy":
		return ours(to), addr, nil
	}
	return nil, "", fmt.Errorf("no such server: %s", kind)
}

// ours is the program's own proxy, with nothing before it.
func ours(to *url.URL) http.Handler {
	p := gate.NewProxy(gate.ProxyConfig{
		Ours: func(name string) bool { return name == "doorbook" }, Log: slog.New(slog.DiscardHandler), Idle: time.Minute,
	})
	app := &gate.App{Name: "app", Upstream: &gate.Upstream{URL: to}, KeepHost: true}
	identity := &gate.Identity{Names: gate.DefaultNames()}
	who := account.Developer{ID: "0123456789abcdef01234567", Name: "Ada Lovelace", Email: "ada@example.org", Groups: []string{"ops"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Serve(w, r, &gate.Carry{
			App: app, Identity: identity, Developer: who, Scheme: "http", Host: r.Host, ClientAddr: "127.0.0.1", RequestID: "x",
		})
	})
}

// pool is a BufferPool.
type pool chan []byte

func (p pool) Get() []byte {
	select {
	case b := <-p:
		return b
	default:
		return make([]byte, 32<<10)
	}
}

func (p pool) Put(b []byte) {
	select {
	case p <- b:
	default:
	}
}

// app is the application behind all of them.
func app(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/big":
		size, _ := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		_, _ = io.CopyN(w, zeros{}, size)
	case "/ws":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw.Reader)
		_ = conn.Close()
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, small)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
