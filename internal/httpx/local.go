package httpx

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/doorbook/doorbook/session"
)

// LocalPath returns target if it is an address of this site (session.Local), also once what is
// written with percent signs is read; else "".
func LocalPath(target string) string {
	target = ascii(target)
	u, err := url.Parse(target)
	if err != nil || !session.Local(target) || !session.Local(ascii(u.Path)) {
		return ""
	}
	return u.RequestURI()
}

// ascii writes what is not ASCII with percent signs, as browsers do.
func ascii(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// isDoor reports whether a path is of a page that a signed-in visitor has no business on: going
// back there would lead here again.
func isDoor(p string) bool {
	return p == "/login" || p == "/register" || p == "/setup" || p == "/auth" || strings.HasPrefix(p, "/auth/")
}

// Onward is where a person goes after signing in: the page they asked for, if it is one of ours and
// not a door.
func Onward(next string) string {
	if target := LocalPath(next); target != "" {
		if u, err := url.Parse(target); err == nil && !isDoor(path.Clean(u.Path)) {
			return target
		}
	}
	return "/"
}

// Back is where a visitor came from, if that is a page of this site and not a door, else the
// dashboard.
func Back(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return "/"
	}
	return Onward(u.RequestURI())
}
