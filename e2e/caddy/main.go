// Command caddy is the web server that deploy/Caddyfile.gate is for, with the modules that its makers
// give it: the newest one, for Debian's is years older. It is a module of its own, so that none of
// what Caddy needs gets near the product.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func main() { caddycmd.Main() }
