package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Echo is what the tests' application answers with: the request as it has reached it.
type Echo struct {
	Method, URI, Body string
	Header            http.Header
}

// EchoApplication starts a web application without a login. It answers with an Echo, and with the
// status that ?status= names; /events sends one event and then waits for who asked to go; /socket
// takes the connection over and sends back what comes, line by line.
func EchoApplication(t testing.TB) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Application", "here")
		status := http.StatusOK
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(Echo{r.Method, r.RequestURI, string(body), r.Header})
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: first\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			http.Error(w, "no upgrade was asked for", http.StatusUpgradeRequired)
			return
		}
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "you said "+line)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// Echoed is what the application answered through whatever is before it; ok is false when it was
// not the application that answered.
func (a Answer) Echoed() (e Echo, ok bool) {
	return e, a.Header.Get("X-Application") != "" && json.Unmarshal([]byte(a.Body), &e) == nil
}

// Snippet is a file of deploy/ with texts replaced, names and ports above all: from and to in turn.
// The test ends when one of them is not in the file.
func Snippet(t testing.TB, name string, replaced ...string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for i := 0; i+1 < len(replaced); i += 2 {
		if !strings.Contains(text, replaced[i]) {
			t.Fatalf("deploy/%s has no %q", name, replaced[i])
		}
		text = strings.ReplaceAll(text, replaced[i], replaced[i+1])
	}
	return text
}

// Proxied is where the proxies of deploy/ are told to find things.
type Proxied struct{ Proxy, Doorbook, Application string }

func (g Proxied) name() string { return "localhost:" + g.Proxy[strings.LastIndexByte(g.Proxy, ':')+1:] }

// URL is what browsers call the site.
func (g Proxied) URL() string { return "http://" + g.name() }

// Start starts one of the three proxies for which deploy/ has a snippet: "nginx" and "Caddy" are
// Debian's, "new Caddy" is the newest.
func (g Proxied) Start(t testing.TB, proxy string) *Process {
	t.Helper()
	if proxy == "nginx" {
		return Nginx(t, g.Proxy, fmt.Sprintf(oneSite, g.nginx(t)))
	}
	text := Snippet(t, "Caddyfile.gate", "\nwiki.example.org {", "\nhttp://"+g.name()+" {", "127.0.0.1:8080", g.Doorbook, "127.0.0.1:3000", g.Application)
	if proxy == "Caddy" {
		return OldCaddy(t, g.Proxy, text)
	}
	return NewCaddy(t, g.Proxy, text)
}

func (g Proxied) nginx(t testing.TB) string {
	return Snippet(t, "nginx-gate.conf",
		"server 127.0.0.1:8080;", "server "+g.Doorbook+";",
		"server 127.0.0.1:3000;", "server "+g.Application+";",
		"https://wiki.example.org$request_uri", "http://"+g.name()+"$request_uri",
		"    listen 80;\n    listen [::]:80;\n", "    listen "+FreeAddr(t)+";\n",
		"    listen 443 ssl;\n    listen [::]:443 ssl;\n", "    listen "+g.Proxy+";\n",
		"    ssl_certificate     /etc/letsencrypt/live/wiki.example.org/fullchain.pem;\n", "",
		"    ssl_certificate_key /etc/letsencrypt/live/wiki.example.org/privkey.pem;\n", "",
		"    ssl_protocols       TLSv1.2 TLSv1.3;\n", "",
		"server_name wiki.example.org;", "server_name localhost;",
	)
}

// oneSite is an nginx.conf around a file that Debian's has in conf.d.
const oneSite = `
worker_processes 1;
daemon off;
pid nginx.pid;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
%s
}
`

// Upgrade asks for a path of a site to be upgraded, with these headers, says something, and gives
// the status of the answer and what came back.
func Upgrade(t testing.TB, address, path string, header http.Header) (status int, said string) {
	t.Helper()
	conn := dial(t, address)
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", path, address)
	_ = header.Write(conn)
	_, _ = io.WriteString(conn, "\r\n")
	answer := bufio.NewReader(conn)
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return res.StatusCode, ""
	}
	_, _ = io.WriteString(conn, "hello\n")
	said, err = answer.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, said
}
