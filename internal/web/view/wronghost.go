package view

import "strings"

// withoutPort is a host as the setting of names takes it.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}
