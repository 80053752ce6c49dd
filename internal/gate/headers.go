package gate

import (
	"net/http"
	"slices"
	"strings"
)

// header reads the name of a header that tells who asks; "" for one that is not sent. No two names
// are alike to an application that sees them as WSGI and CGI write them, with underscores, because
// there are none in them.
func (t *table) header(key string, name *string) {
	if !t.has(key) {
		t.known = append(t.known, key)
		return
	}
	text := t.text(key)
	switch {
	case text == "" && key == "user":
		t.wrong(key, "this header says who asks, and cannot be left out")
	case text != "" && !isHeader(text):
		t.wrong(key, "%q is no name for this header: it has letters, digits and hyphens, as in Remote-User", text)
	case isTaken(text):
		t.wrong(key, "%q means something else to HTTP, to browsers or to proxies; choose another name", text)
	default:
		*name = http.CanonicalHeaderKey(text)
	}
}

func isHeader(s string) bool {
	return len(s) <= 64 && s[0] != '-' && s[len(s)-1] != '-' &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// isTaken reports whether a header has a meaning to HTTP, to browsers or to proxies, so that one of
// them would set, read or drop it.
func isTaken(name string) bool {
	name = strings.ToLower(name)
	for _, begin := range []string{
		"accept", "access-control-", "cf-", "content-", "if-", "proxy", "sec-", "x-forwarded-", "x-http-method", "x-original-",
	} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return slices.Contains([]string{
		"age", "allow", "alt-svc", "authorization", "cache-control", "connection", "cookie", "date", "dnt", "early-data", "etag",
		"expect", "expires", "forwarded", "from", "host", "http2-settings", "keep-alive", "last-modified", "link", "location",
		"max-forwards", "origin", "pragma", "priority", "range", "referer", "server", "set-cookie", "strict-transport-security",
		"te", "traceparent", "tracestate", "trailer", "transfer-encoding", "true-client-ip", "upgrade", "upgrade-insecure-requests",
		"user-agent", "vary", "via", "warning", "www-authenticate", "x-client-ip", "x-method-override", "x-real-ip",
		"x-request-id", "x-requested-with", "x-rewrite-url",
	}, name)
}
