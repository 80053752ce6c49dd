package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // a form that htpasswd files have
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/bench/program"
)

// The versions that are measured.
const (
	caddyModule  = "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9"
	oauth2Module = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"
)

// house is where the contestants live.
type house struct {
	options
	tmp, self, app string
}

// kinds are the contestants, the one that the others are compared with first.
var kinds = []struct {
	name  string
	start func(*house, context.Context) (*contestant, error)
}{
	{"tuned", func(h *house, ctx context.Context) (*contestant, error) { return h.own(ctx, "tuned", h.app) }},
	{"untuned", func(h *house, ctx context.Context) (*contestant, error) { return h.own(ctx, "untuned", h.app) }},
	{"proxy", func(h *house, ctx context.Context) (*contestant, error) { return h.own(ctx, "proxy", h.app) }},
	{"nginx", (*house).nginx},
	{"caddy", (*house).caddy},
	{"oauth2-proxy", (*house).oauth2},
	{"doorbook", (*house).doorbookGate},
	{"nginx+doorbook", (*house).nginxDoorbook},
	{"nginx+oauth2-proxy", (*house).nginxOAuth2},
}

// own starts a server of this program.
func (h *house) own(ctx context.Context, kind, upstream string) (*contestant, error) {
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	where := addr
	if upstream != "" {
		where = upstream + "," + addr
	}
	return h.start(ctx, kind, addr, h.self, "serve", kind, where)
}

// start starts a server and waits for it.
func (h *house) start(ctx context.Context, name, addr, command string, args ...string) (*contestant, error) {
	p, err := program.Start(ctx, h.tmp, name, h.tmp, nil, command, args...)
	if err != nil {
		return nil, err
	}
	c := &contestant{addr: addr, procs: []*program.Process{p}}
	if err := p.Listening(ctx, addr); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// nginx is Debian's, with connections to the application that stay open and no log.
func (h *house) nginx(ctx context.Context) (*contestant, error) {
	return h.nginxWith(ctx, "nginx", "", "")
}

// nginxWith is nginx with more in its places.
func (h *house) nginxWith(ctx context.Context, name, inLocation, more string) (*contestant, error) {
	command, err := exec.LookPath("nginx")
	if err != nil {
		if command, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return nil, err
		}
	}
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`daemon off; worker_processes 2; pid %[1]s/%[2]s.pid; error_log stderr;
events { worker_connections 4096; }
http {
	access_log off; proxy_max_temp_file_size 0;
	client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	keepalive_requests 100000000;
	map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
	upstream app { server %[3]s; keepalive 256; keepalive_requests 100000000; }
	server {
		listen %[4]s;
		location / {
			proxy_pass http://app;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_set_header X-Forwarded-For $remote_addr;
			proxy_read_timeout 1h;
			%[5]s
		}
		%[6]s
	}
}
`, h.tmp, name, h.app, addr, inLocation, more)
	file := filepath.Join(h.tmp, name+".conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return h.start(ctx, name, addr, command, "-c", file, "-p", h.tmp)
}

func (h *house) caddy(ctx context.Context) (*contestant, error) {
	command, err := h.built(ctx, "caddy", caddyModule)
	if err != nil {
		return nil, err
	}
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(h.tmp, "Caddyfile")
	text := fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://%s {\n\treverse_proxy %s {\n\t\ttransport http {\n\t\t\tkeepalive_idle_conns_per_host 1024\n\t\t\tcompression off\n\t\t}\n\t}\n}\n", addr, h.app)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return h.start(ctx, "caddy", addr, command, "run", "--adapter", "caddyfile", "--config", file)
}

// oauth2 is oauth2-proxy with somebody signed in by a password file, and its log of requests, which
// is on unless it is switched off.
func (h *house) oauth2(ctx context.Context) (*contestant, error) {
	return h.oauth2To(ctx, "http://"+h.app)
}

func (h *house) oauth2To(ctx context.Context, upstream string) (*contestant, error) {
	command, err := h.built(ctx, "oauth2-proxy", oauth2Module)
	if err != nil {
		return nil, err
	}
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	who := program.NewPerson()
	sum := sha1.Sum([]byte(who.Password)) //nolint:gosec // see above
	file := filepath.Join(h.tmp, "htpasswd")
	if err := os.WriteFile(file, []byte("ada:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n"), 0o600); err != nil {
		return nil, err
	}
	c, err := h.start(ctx, "oauth2-proxy", addr, command, "--http-address", addr, "--upstream", upstream, "--provider", "github",
		"--client-id", "bench", "--client-secret", "bench", "--cookie-secret", strings.Repeat("k", 32), "--cookie-secure=false",
		"--email-domain", "*", "--htpasswd-file", file, "--set-xauthrequest", "--reverse-proxy")
	if err != nil {
		return nil, err
	}
	v := program.NewVisitor(addr)
	if status, page, err := v.Ask(ctx, "/oauth2/sign_in", url.Values{"username": {"ada"}, "password": {who.Password}}); err != nil || status != 302 {
		c.stop()
		return nil, fmt.Errorf("signing in: status %d, %w: %.300s", status, err, page)
	}
	c.cookies = v.CookieHeader()
	return c, nil
}

// nginxOAuth2 is nginx, which asks oauth2-proxy about each request.
func (h *house) nginxOAuth2(ctx context.Context) (*contestant, error) {
	asked, err := h.oauth2To(ctx, "static://202")
	if err != nil {
		return nil, err
	}
	return h.asking(ctx, "nginx-oauth2", asked, "/oauth2/auth", `proxy_set_header Host $http_host; proxy_set_header X-Original-URI $request_uri;`)
}

// doorbookGate is the program with the application behind it: somebody is signed in, and each
// request has its entry in the book.
func (h *house) doorbookGate(ctx context.Context) (*contestant, error) {
	return h.doorbookWith(ctx, "gate", "http://"+h.app)
}

// nginxDoorbook is nginx, which asks the program about each request.
func (h *house) nginxDoorbook(ctx context.Context) (*contestant, error) {
	asked, err := h.doorbookWith(ctx, "asked", "127.0.0.1", "DOORBOOK_TRUSTED_PROXIES=127.0.0.1", "DOORBOOK_PUBLIC_URL=http://127.0.0.1")
	if err != nil {
		return nil, err
	}
	return h.asking(ctx, "nginx-doorbook", asked, "/.doorbook/auth-request",
		`proxy_set_header X-Original-URL http://127.0.0.1$request_uri; proxy_set_header Host 127.0.0.1; proxy_set_header X-Original-Method $request_method; proxy_set_header X-Forwarded-For $remote_addr;`)
}

// asking is nginx that asks somebody else about each request, over connections that stay open.
func (h *house) asking(ctx context.Context, name string, asked *contestant, path, headers string) (*contestant, error) {
	place := fmt.Sprintf(`location = /ask {
			internal;
			proxy_pass http://%s%s;
			proxy_http_version 1.1;
			proxy_pass_request_body off;
			proxy_set_header Content-Length "";
			proxy_set_header Connection "";
			%s
		}`, asked.addr, path, headers)
	c, err := h.nginxWith(ctx, name, "auth_request /ask;", place)
	if err != nil {
		asked.stop()
		return nil, err
	}
	c.cookies = asked.cookies
	c.procs = append(asked.procs, c.procs...)
	return c, nil
}

func (h *house) doorbookWith(ctx context.Context, name, app string, env ...string) (*contestant, error) {
	binary := h.doorbook
	if binary == "" {
		binary = filepath.Join(h.tmp, "doorbook")
		if _, err := os.Stat(binary); err != nil {
			if err := program.BuildDoorbook(ctx, binary); err != nil {
				return nil, err
			}
		}
	}
	tmp := filepath.Join(h.tmp, name)
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return nil, err
	}
	d, err := program.NewDoorbook(binary, tmp, append(env, "DOORBOOK_APP="+app)...)
	if err != nil {
		return nil, err
	}
	who := program.NewPerson()
	if err := d.AddUser(ctx, who, "--admin"); err != nil {
		return nil, err
	}
	if err := d.Serve(ctx); err != nil {
		return nil, err
	}
	c := &contestant{addr: d.Addr, procs: []*program.Process{d.Process}}
	v := program.NewVisitor(d.Addr + "/.doorbook")
	if err := v.SignIn(ctx, who); err != nil {
		c.stop()
		return nil, err
	}
	c.cookies = v.CookieHeader()
	return c, nil
}

// built returns a program that is built from the module proxy, once.
func (h *house) built(ctx context.Context, name, module string) (string, error) {
	_, version, _ := strings.Cut(module, "@")
	to := filepath.Join(h.cache, name+"-"+version)
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	fmt.Fprintf(os.Stderr, "building %s, once\n", module)
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", module)
	cmd.Dir, cmd.Env = h.tmp, append(os.Environ(), "GOBIN="+h.tmp, "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s", module, err, out)
	}
	if err := os.MkdirAll(h.cache, 0o755); err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(h.tmp, name))
	if err != nil {
		return "", err
	}
	return to, os.WriteFile(to, data, 0o755)
}
