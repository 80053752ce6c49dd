package httpx

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// LocalPath gives target if it is an address of this site that a browser cannot read as another one, else "". It takes
// "/logs?type=error"; it refuses "//evil.test", "/\evil.test", "https:evil.test", and anything with control characters,
// backslashes or a second slash at the start, also when they are written with percent signs.
func LocalPath(target string) string {
	if len(target) > 1024 || !strings.HasPrefix(target, "/") || !inertPath(target) {
		return ""
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !inertPath(u.Path) {
		return ""
	}
	return u.RequestURI()
}

// inertPath refuses what some browser or proxy may take for the start of a host, or for a line's end.
func inertPath(p string) bool {
	if strings.HasPrefix(p, "//") || strings.Contains(p, "\\") {
		return false
	}
	for _, c := range []byte(p) {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// isDoor reports whether a path is of a page that a signed-in visitor has no business on: going back there would lead here
// again.
func isDoor(p string) bool {
	return p == "/login" || p == "/register" || p == "/setup" || p == "/auth" || strings.HasPrefix(p, "/auth/")
}

// Onward is where a person goes after signing in: the page they asked for, if it is one of ours and not a door.
func Onward(next string) string {
	if target := LocalPath(next); target != "" {
		if u, err := url.Parse(target); err == nil && !isDoor(path.Clean(u.Path)) {
			return target
		}
	}
	return "/"
}

// Back is where a visitor came from, if that is a page of this site and not a door, else the dashboard.
func Back(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return "/"
	}
	return Onward(u.RequestURI())
}
