package gate

import (
	"net/http"
	"strings"
)

// keepPrivate marks an answer that a rule gave to somebody: caches before us must not give it to
// others, whatever the application says, which may not know that there is a rule. For the visitor's
// own browser the application's words stand, so that it keeps what it may.
func keepPrivate(h http.Header) {
	varyOn(h, "Cookie")
	varyOn(h, "Authorization")
	for name := range h { // some caches obey these rather than Cache-Control
		if name == "Surrogate-Control" || name == "X-Accel-Expires" || strings.HasSuffix(name, "Cdn-Cache-Control") {
			delete(h, name)
		}
	}
	lines := h["Cache-Control"]
	if len(lines) == 1 && (lines[0] == "no-store" || lines[0] == "private") {
		return
	}
	kept, private := forOne(lines)
	switch {
	case private:
	case kept == "":
		kept = "private"
	default:
		kept = "private, " + kept
	}
	h["Cache-Control"] = []string{kept}
}

// forOne gives the directives of Cache-Control without those that are for caches which many share,
// and whether one of the others keeps these out already.
func forOne(lines []string) (kept string, private bool) {
	for _, line := range lines {
		for directive := range directives(line) {
			name, value, _ := strings.Cut(directive, "=")
			switch name = strings.ToLower(strings.TrimSpace(name)); {
			case name == "public", name == "s-maxage", name == "private" && value != "": // private="field" leaves the rest to all
				continue
			case name == "private", name == "no-store":
				private = true
			}
			if kept != "" {
				kept += ", "
			}
			kept += directive
		}
	}
	return kept, private
}

// directives gives the directives of a line of Cache-Control, of which a quoted value may hold
// commas.
func directives(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		begin, quoted := 0, false
		for i := 0; i <= len(line); i++ {
			switch {
			case i < len(line) && line[i] == '"':
				quoted = !quoted
			case i < len(line) && quoted && line[i] == '\\':
				i++
			case i == len(line), line[i] == ',' && !quoted:
				if d := strings.TrimSpace(line[begin:min(i, len(line))]); d != "" && !yield(d) {
					return
				}
				begin = i + 1
			}
		}
	}
}

// varyOn says that an answer depends on a header of the request, if it is not said.
func varyOn(h http.Header, on string) {
	lines := h["Vary"]
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, on) {
				return
			}
		}
	}
	if len(lines) == 0 {
		h["Vary"] = []string{on}
		return
	}
	h["Vary"] = []string{strings.Join(lines, ", ") + ", " + on}
}
