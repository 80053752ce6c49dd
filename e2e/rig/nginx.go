package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Nginx starts nginx with a configuration, in a folder of its own, and waits until it answers at
// the address that the configuration listens at. It needs no privilege: the configuration must name
// a high port, and folders below its own.
func Nginx(t testing.TB, address, configuration string) *Process {
	t.Helper()
	path := program(t, "nginx", "nginx")
	dir := t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-e", "stderr", "-p", dir, "-c", file}
	if os.Geteuid() == 0 {
		args = append(args, "-g", "user root;") // its workers would be nobody, who may not enter the folder
	}
	return begin(t, exec.Command(path, args...), "tcp", address)
}

// roundRobin sends each request to the next node, whoever asks. $proxy_add_x_forwarded_for instead
// of deploy/nginx.conf's $remote_addr lets tests say where a visitor comes from.
const roundRobin = `
worker_processes 1; # each worker would have a turn of its own
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
	upstream nodes {
		%s
		keepalive 32;
	}
	server {
		listen %s;
		client_max_body_size 128k;
		location / {
			proxy_pass http://nodes;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			add_header X-Node $upstream_addr always;
		}
	}
}
`

// RoundRobin starts nginx before nodes of the program, whose addresses these are, without any
// stickiness. Its answers name the node that gave them in the header X-Node.
func RoundRobin(t testing.TB, address string, nodes []string) *Process {
	t.Helper()
	var servers strings.Builder
	for _, node := range nodes {
		fmt.Fprintf(&servers, "server %s; ", node)
	}
	return Nginx(t, address, fmt.Sprintf(roundRobin, servers.String(), address))
}
