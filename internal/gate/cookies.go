package gate

import (
	"net/http"
	"slices"
	"strings"
)

// hideCookies cuts our cookies out of the header of a request and leaves every other byte of it.
func hideCookies(h http.Header, ours func(string) bool) {
	lines := h["Cookie"]
	for i, line := range lines {
		if kept := cutCookies(line, ours); len(kept) != len(line) {
			lines[i] = kept // ReverseProxy has copied the lines
		}
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	if len(lines) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = lines
}

func cutCookies(line string, ours func(string) bool) string {
	if !anyCookie(line, ours) {
		return line
	}
	var kept []string
	for part := range strings.SplitSeq(line, ";") {
		if !ours(cookieName(part)) {
			kept = append(kept, part)
		}
	}
	return strings.TrimLeft(strings.Join(kept, ";"), " \t")
}

func anyCookie(line string, ours func(string) bool) bool {
	for part := range strings.SplitSeq(line, ";") {
		if ours(cookieName(part)) {
			return true
		}
	}
	return false
}

func cookieName(part string) string {
	name, _, _ := strings.Cut(part, "=")
	return strings.Trim(name, " \t")
}

// dropCookies takes out of the header of an answer the cookies that a browser would send under one
// of our names, however they are written.
func dropCookies(h http.Header, ours func(string) bool) {
	lines, ok := h["Set-Cookie"]
	if !ok {
		return
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return likeOurs(line, ours) })
	if len(lines) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = lines
}

// likeOurs reports whether a Set-Cookie line comes back under a name of ours, or under one that
// differs in its case or in its prefix only. A cookie without a name comes back as its value alone:
// "=doorbook=x" as "doorbook=x".
func likeOurs(line string, ours func(string) bool) bool {
	pair, _, _ := strings.Cut(line, ";")
	name, _, _ := strings.Cut(strings.TrimLeftFunc(pair, func(r rune) bool { return r <= ' ' || r == '=' || r == 0x7f }), "=")
	name = strings.Map(func(r rune) rune { // some readers drop these, some browsers did
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	base := strings.ToLower(name)
	for again := true; again; {
		again = false
		for _, prefix := range []string{"__host-http-", "__host-", "__http-", "__secure-"} {
			if rest, ok := strings.CutPrefix(base, prefix); ok {
				base, again = rest, true
			}
		}
	}
	return ours(name) || ours(base) || ours("__Host-"+base) || ours("__Secure-"+base)
}
