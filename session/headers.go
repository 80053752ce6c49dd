package session

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// overriding are the headers that some caches obey rather than Cache-Control (RFC 9213, and what came before it).
var overriding = [...]string{
	"Cdn-Cache-Control", "Surrogate-Control", "X-Accel-Expires",
	"Cloudflare-Cdn-Cache-Control", "Netlify-Cdn-Cache-Control", "Vercel-Cdn-Cache-Control",
}

// headerCopy remembers the headers that stood when the middleware was entered. It holds the usual dozen of single values
// without an allocation.
type headerCopy struct {
	n     int
	first [12]headerLine
	more  http.Header // lines that are not of one value, or too many
}

type headerLine struct{ name, value string }

func (c *headerCopy) take(h http.Header) {
	for name, values := range h {
		if len(values) == 1 && c.n < len(c.first) {
			c.first[c.n] = headerLine{name, values[0]}
			c.n++
			continue
		}
		if c.more == nil {
			c.more = make(http.Header)
		}
		c.more[name] = slices.Clone(values) // nil stays nil, which is how net/http is told to leave out a Date
	}
}

func (c *headerCopy) restore(h http.Header) {
	clear(h)
	for _, l := range c.first[:c.n] {
		h[l.name] = []string{l.value}
	}
	maps.Copy(h, c.more)
}

// headers marks an answer that depends on the session (RFC 9111): caches must keep visitors apart, and must not keep what
// identified somebody at all.
func (s *Session) headers(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due != nil {
		if line := s.due.String(); !s.taken || !slices.Contains(h["Set-Cookie"], line) {
			h.Add("Set-Cookie", line)
		}
	}
	if s.loaded {
		s.addVary(h)
	}
	if s.due != nil || s.known || s.withheld != nil {
		s.w.noStore[0] = "no-store"
		h["Cache-Control"] = s.w.noStore[:]
		for _, name := range overriding {
			delete(h, name)
		}
	}
}

// addVary adds Cookie to the Vary header, beside what is there.
func (s *Session) addVary(h http.Header) {
	lines := h["Vary"]
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Cookie") {
				return
			}
		}
	}
	if len(lines) == 0 {
		s.w.vary[0] = "Cookie"
		h["Vary"] = s.w.vary[:]
		return
	}
	h.Add("Vary", "Cookie")
}
