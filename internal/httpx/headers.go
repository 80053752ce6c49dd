package httpx

import "net/http"

// pageCSP allows our own files and nothing else: no inline script or style, no frame, no other site
// (ASVS 3.4.3, 3.4.6).
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// dataCSP is for answers that no browser should render at all (ASVS 3.2.1).
const dataCSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

// HSTS is for which hosts browsers are told to use TLS from then on. It speaks for the domains below
// only if whoever runs the site says so: they may be other people's, and not served over TLS. And
// for none where whatever serves TLS says it itself, or where plain HTTP shall be a way back.
type HSTS int

// The choices.
const (
	HSTSHost HSTS = iota
	HSTSSubdomains
	HSTSNone
)

// header is what Strict-Transport-Security says; "" where the site is not served over TLS, because
// RFC 6797 §7.2 forbids it there.
func (h HSTS) header(https bool) string {
	switch {
	case !https, h == HSTSNone:
		return ""
	case h == HSTSSubdomains:
		return "max-age=31536000; includeSubDomains"
	}
	return "max-age=31536000"
}

// setHeaders sets what every answer carries (ASVS V3.4).
func setHeaders(h http.Header, hsts string) {
	h["Content-Security-Policy"] = []string{pageCSP}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Frame-Options"] = []string{"DENY"}
	h["Referrer-Policy"] = []string{"same-origin"}
	h["Cross-Origin-Opener-Policy"] = []string{"same-origin"}
	h["Cross-Origin-Resource-Policy"] = []string{"same-origin"}
	h["Permissions-Policy"] = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
	if hsts != "" {
		h["Strict-Transport-Security"] = []string{hsts}
	}
}
