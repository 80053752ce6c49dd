package session

import (
	"net/http"
	"slices"
	"strings"
)

// headerLine is one header as it stood when the middleware was entered: a single value, or what is
// not of one value.
type headerLine struct {
	name, value string
	values      []string
	single      bool
}

// copyHeader remembers headers, usually few. None cost nothing.
func copyHeader(h http.Header) []headerLine {
	if len(h) == 0 {
		return nil
	}
	lines := make([]headerLine, 0, len(h))
	for name, values := range h {
		if len(values) == 1 {
			lines = append(lines, headerLine{name: name, value: values[0], single: true})
			continue
		}
		lines = append(lines, headerLine{name: name, values: slices.Clone(values)}) // nil stays nil, which tells net/http to leave out a Date
	}
	return lines
}

func restoreHeader(h http.Header, lines []headerLine) {
	clear(h)
	for _, l := range lines {
		if l.single {
			l.values = []string{l.value}
		}
		h[l.name] = l.values
	}
}

// headers marks an answer that depends on the session (RFC 9111): caches must keep visitors apart,
// and must not keep what identified somebody at all.
func (s *Session) headers(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.via == viaSeveral {
		s.clearDuplicates(h)
	}
	if s.answer.due != nil {
		s.sendDue(h)
	}
	s.mark(h)
}

// marks is headers for an answer that carries the cookie already.
func (s *Session) marks(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mark(h)
}

func (s *Session) mark(h http.Header) {
	if s.asked {
		s.addVary(h)
	}
	if s.answer.due != nil || s.known || s.via == viaSeveral || s.withheld != nil {
		s.noStore[0] = "no-store"
		h["Cache-Control"] = s.noStore[:]
		dropOverriding(h)
	}
}

// dropOverriding drops what some caches obey rather than Cache-Control (RFC 9213, and what came
// before it).
func dropOverriding(h http.Header) {
	for name := range h {
		switch name {
		case "Cdn-Cache-Control", "Surrogate-Control", "X-Accel-Expires",
			"Cloudflare-Cdn-Cache-Control", "Netlify-Cdn-Cache-Control", "Vercel-Cdn-Cache-Control":
			delete(h, name)
		}
	}
}

// addVary says that the answer depends on what the client brought, beside what else it depends on.
func (s *Session) addVary(h http.Header) {
	if name := s.m.cfg.Header; name != "" {
		s.addVaryOn(h, name)
	}
	s.addVaryOn(h, "Cookie")
}

func (s *Session) addVaryOn(h http.Header, on string) {
	lines := h["Vary"]
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, on) {
				return
			}
		}
	}
	if len(lines) == 0 {
		s.vary[0] = on
		h["Vary"] = s.vary[:]
		return
	}
	h.Add("Vary", on)
}
