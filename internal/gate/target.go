package gate

import (
	"net/http"
	"net/url"
	"strings"
)

// SentPath returns the path of a request as it was sent, with its percent signs and without the
// query: what rules are held against, and what the application gets. It is "" where the target has
// none ("*", or the host and port of CONNECT). net/url would write some paths anew, so that what is
// judged and what is carried could differ: of "/a%2Fb{" it makes "/a/b%7B".
func SentPath(r *http.Request) string {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") { // "http://host/path", as proxies are asked
		_, rest, ok := strings.Cut(target, "://")
		if !ok {
			return ""
		}
		i := strings.IndexAny(rest, "/?")
		if i < 0 || rest[i] == '?' {
			return "/"
		}
		target = rest[i:]
	}
	path, _, _ := strings.Cut(target, "?")
	return path
}

// setTarget has the upstream asked for the path and query of the request as they were sent. Bytes
// that no path may hold are percent-encoded, and nothing else is changed.
func setTarget(out *url.URL, up *Upstream, in *http.Request) {
	out.Scheme, out.Host, out.User, out.Opaque = up.URL.Scheme, up.URL.Host, nil, ""
	out.Path, out.RawPath, out.RawQuery = in.URL.Path, in.URL.RawPath, in.URL.RawQuery
	if in.URL.RawPath == "" { // net/url writes this path as it came
		return
	}
	out.RawPath = Percent(SentPath(in), pathByte)
}

// Percent percent-encodes the bytes of a text that are not plain.
func Percent(s string, plain func(byte) bool) string {
	const digits = "0123456789ABCDEF"
	special := 0
	for i := range len(s) {
		if !plain(s[i]) {
			special++
		}
	}
	if special == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*special)
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

// pathByte reports whether a path may hold the byte (RFC 3986, and brackets, which net/url leaves).
func pathByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("/%-_.~!$&'()*+,;=:@[]", c) >= 0
}
