package httpx

import "net/http"

// deviceAge is how long a browser is known, in seconds: the longest that browsers keep a cookie
// (RFC 6265bis), 400 days.
const deviceAge = 400 * 24 * 60 * 60

func (e *Edge) deviceCookie() string { return e.cookies.of("device") }

// device returns the device cookie of a request, "" if there is none. Only the door knows whether
// it is a good one.
func (e *Edge) device(r *http.Request) string {
	c, err := r.Cookie(e.deviceCookie())
	if err != nil {
		return ""
	}
	return c.Value
}

// SetDevice lets the browser be known at its next sign-in.
func SetDevice(w http.ResponseWriter, r *http.Request, device string) {
	e := of(r).edge
	http.SetCookie(w, e.cookie(e.deviceCookie(), device, deviceAge))
}

// Origin returns the scheme and host that people reach this server at.
func Origin(r *http.Request) string {
	if url := of(r).edge.publicURL; url != "" {
		return url
	}
	return "http://" + Host(r)
}
