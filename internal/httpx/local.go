package httpx

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/doorbook/doorbook/session"
)

// Onward is where a person goes after signing in: the page they asked for (session.WayBack), if it
// is not a door.
func Onward(r *http.Request) string {
	u, err := url.Parse(session.WayBack(r, Path(r, "/")))
	if err != nil {
		return Path(r, "/")
	}
	return inside(r, u)
}

// Back is where a visitor came from, if that is a page of this site and not a door, else the
// dashboard.
func Back(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, Host(r)) {
		return Path(r, "/")
	}
	return inside(r, u)
}

// inside returns the address of a page of this site; the dashboard's for a door, where a signed-in
// visitor has no business and would be sent here again, for a path that is not below the site's
// prefix, and for one that leads elsewhere for somebody who reads its percent signs.
func inside(r *http.Request, u *url.URL) string {
	odd := func(r rune) bool { return r == '\\' || unicode.IsControl(r) }
	p, below := strings.CutPrefix(path.Clean(u.Path), Base(r))
	below = below && (p == "" || p[0] == '/')
	if q := of(r); !below && q != nil && q.edge.gate != nil { // an application's
		p, below = "/", true
	}
	if !below || strings.HasPrefix(u.Path, "//") || strings.ContainsFunc(u.Path, odd) || isDoor(p) {
		return Path(r, "/")
	}
	return u.RequestURI()
}

// isDoor reports whether a path, without the site's prefix, is one of the pages by which people come
// in and go out.
func isDoor(p string) bool {
	return p == "/arrive" || p == "/confirm" || p == "/login" || p == "/register" || p == "/setup" || p == "/auth" || strings.HasPrefix(p, "/link/") || strings.HasPrefix(p, "/auth/")
}
