package httpx

import "net/http"

// deviceAge is how long a browser is known: the longest that browsers keep a cookie (RFC 6265bis), 400 days.
const deviceAge = 400 * 24 * 60 * 60

func (e *Edge) deviceCookie() string {
	if e.Secure {
		return "__Host-device"
	}
	return "device"
}

// Device gives the device cookie of a request, "" if there is none. Only the door knows whether it is a good one.
func (e *Edge) Device(r *http.Request) string {
	c, err := r.Cookie(e.deviceCookie())
	if err != nil {
		return ""
	}
	return c.Value
}

// SetDevice lets the browser be known at its next sign-in.
func (e *Edge) SetDevice(w http.ResponseWriter, device string) {
	http.SetCookie(w, &http.Cookie{
		Name: e.deviceCookie(), Value: device, Path: "/", MaxAge: deviceAge,
		Secure: e.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Origin is the scheme and host that people reach this server at.
func (e *Edge) Origin(r *http.Request) string {
	if e.PublicURL != "" {
		return e.PublicURL
	}
	return "http://" + r.Host
}
