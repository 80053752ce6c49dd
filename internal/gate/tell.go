package gate

import (
	"net/http"
	"strings"
)

// Tell writes into the answer to a proxy's question what the application of a request that passes
// shall be sent in place of what the visitor has sent: who they are, and what is left of Cookie and
// Authorization without our cookies and tokens. Each of the headers is there, if empty: where one
// is missing some proxies hand on the visitor's own, and Debian's Caddy the name of a variable.
func (c *Carry) Tell(h, sent http.Header, ours func(cookie string) bool) {
	c.Identity.Set(h, c.Developer)
	authorization := ""
	if lines := sent["Authorization"]; len(lines) == 1 && !c.TookAuthorization {
		authorization = lines[0]
	}
	left := http.Header{"Cookie": {strings.Join(sent["Cookie"], "; ")}}
	hideCookies(left, ours)
	h["Authorization"], h["Cookie"] = []string{authorization}, []string{left.Get("Cookie")}
}
