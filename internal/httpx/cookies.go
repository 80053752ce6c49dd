package httpx

import "net/http"

// CookieName is the name of one of our cookies: __Host- where browsers take that, so that no other
// host can plant one; then the prefix that tells two programs on one host apart, for cookies know
// no ports and share the path; then what it is for.
func CookieName(secure bool, prefix, name string) string {
	if prefix != "" {
		name = prefix + "-" + name
	}
	if secure {
		return "__Host-" + name
	}
	return name
}

// cookie is one of our cookies with the attributes that all of them have.
func (e *Edge) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: e.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
