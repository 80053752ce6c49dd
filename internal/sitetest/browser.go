package sitetest

import (
	"net/http"
	"strings"
)

// Browser is one browser under several hosts: a Visitor for each, with the cookies of that host
// alone. It belongs to one goroutine.
type Browser struct {
	Trail []string // the addresses that the last Open led through, the first one among them

	site     *Site
	visitors map[string]*Visitor // by origin
}

// Browser gives a browser that has never been here.
func (s *Site) Browser() *Browser { return &Browser{site: s, visitors: map[string]*Visitor{}} }

// At is the browser under an origin, "http://wiki.example.org".
func (b *Browser) At(origin string) *Visitor {
	v := b.visitors[origin]
	if v == nil {
		v = b.site.Visitor()
		v.Origin = origin
		b.visitors[origin] = v
	}
	return v
}

// Open opens an address as somebody does who types it, and goes where it leads, as browsers do: up to
// twenty redirects.
func (b *Browser) Open(address string) *Answer {
	b.site.t.Helper()
	return b.Follow(address, nil)
}

// Follow goes where an answer leads that came from an address; nil asks for the address first.
func (b *Browser) Follow(address string, a *Answer) *Answer {
	b.site.t.Helper()
	b.Trail = []string{address}
	for range 20 {
		if a == nil {
			origin, path := split(address)
			a = b.At(origin).Get(path, "Sec-Fetch-Mode", "navigate")
		}
		to := a.Location()
		if a.Status != http.StatusSeeOther || to == "" {
			return a
		}
		if strings.HasPrefix(to, "/") {
			origin, _ := split(address)
			to = origin + to
		}
		b.Trail, address, a = append(b.Trail, to), to, nil
	}
	b.site.t.Fatalf("more than twenty redirects: %q", b.Trail)
	return nil
}

// split parts an address into its origin, and the path with the query.
func split(address string) (origin, path string) {
	scheme, rest, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, "/" + path
}
