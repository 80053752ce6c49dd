package gate

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/doorbook/doorbook/internal/network"
	"github.com/doorbook/doorbook/internal/span"
)

// rule reads a rule.
func (t *table) rule() Rule {
	paths, methods := t.list("path"), t.list("method")
	r, said := t.who()
	if !said {
		t.wrong("", "it does not say who may: allow, groups or people")
	}
	r.Line = t.line()
	for _, p := range paths {
		if clean, problem := cleanPath(p); problem != "" {
			t.wrong("path", "%q %s", p, problem)
		} else {
			r.Paths = append(r.Paths, clean)
		}
	}
	for _, m := range methods {
		if m = strings.ToUpper(m); strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
			t.wrong("method", "%q is no method, as GET and POST are", m)
		}
		r.Methods = append(r.Methods, m)
	}
	switch t.word("tokens", "too", "no", "only") {
	case "no":
		r.Tokens = NoTokens
	case "only":
		r.Tokens = TokensOnly
	}
	r.Preflight, r.Basic, r.Recent = t.flag("preflight"), t.flag("basic"), t.span("recent")
	r.From, r.Keep = t.networks("from"), t.fields("keep")
	t.end()
	t.agrees(&r)
	return r
}

// agrees refuses what says nothing, or the opposite of something else in the rule.
func (t *table) agrees(r *Rule) {
	if r.Who == Anyone || r.Who == Nobody && t.has("allow") {
		for _, key := range []string{"tokens", "recent", "basic"} {
			if t.has(key) {
				t.wrong(key, "it says nothing where %s may: nobody is asked who they are", map[Who]string{Anyone: "anyone", Nobody: "nobody"}[r.Who])
			}
		}
	}
	if r.Who == Nobody && r.Preflight {
		t.wrong("preflight", "nobody may what is asked for")
	}
	if t.has("recent") && (r.Tokens == TokensOnly || t.has("tokens") && r.Tokens == TokensToo) {
		t.wrong("tokens", "a token has not signed in, so it never passes where the sign-in must be recent")
	}
	if r.Basic && (r.Tokens == NoTokens || t.has("recent")) {
		t.wrong("basic", "it asks for a token where no token passes")
	}
}

// span is a value that is a time of a minute or more; 0 for none.
func (t *table) span(key string) time.Duration {
	text := t.text(key)
	if !t.has(key) {
		return 0
	}
	d, ok := span.Parse(text)
	if !ok || d == 0 {
		t.wrong(key, "%q is no time, such as 15m, 2h or 30d", text)
	}
	return d
}

// networks is a list of networks and addresses.
func (t *table) networks(key string) (list []netip.Prefix) {
	for _, text := range t.list(key) {
		prefix, err := network.ParsePrefix(text)
		if err != nil {
			t.wrong(key, "%v, as 10.0.0.0/8 and 192.0.2.7 are", err)
			continue
		}
		if written, err := netip.ParsePrefix(text); err == nil && written.Addr() != written.Masked().Addr() {
			t.wrong(key, "%q is no network: write %s for the network, or the address alone", text, prefix)
		}
		list = append(list, prefix)
	}
	return list
}

// fields is a list of names of fields of a query.
func (t *table) fields(key string) []string {
	list := t.list(key)
	for _, name := range list {
		if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune("&=?# ", r) }) {
			t.wrong(key, "%q is no name of a field of a query", name)
		}
	}
	return list
}

// cleanPath gives the path of a rule in the one way in which it is compared, or says what is wrong
// with it. It is written as people read it, without percent signs, and can be read in one way only:
// else what is asked for by the very same path could be read in another, and was always refused.
func cleanPath(p string) (clean, problem string) {
	clean = norm.NFC.String(p)
	switch {
	case !strings.HasPrefix(clean, "/"):
		return "", "does not begin with a slash"
	case !utf8.ValidString(clean), strings.ContainsFunc(clean, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", "has characters that cannot be seen"
	case strings.Contains(clean, "?"):
		return "", "has a query: rules are about paths"
	case strings.Contains(clean, "*"):
		return "", "has a *: a path stands for all below it, by whole segments, without one"
	case strings.Contains(clean, "%"):
		return "", "has a %: write the letter itself"
	case strings.ContainsAny(clean, `\;#`):
		return "", `has one of \ ; # in it, which servers read in different ways`
	case strings.Contains(clean, "//"):
		return "", "has an empty segment"
	}
	for segment := range strings.SplitSeq(clean[1:], "/") {
		if segment == "." || segment == ".." {
			return "", "has a segment of dots"
		}
	}
	if len(clean) > 1 {
		clean = strings.TrimSuffix(clean, "/")
	}
	if list, err := readings((&url.URL{Path: clean}).EscapedPath()); err != nil || len(list) != 1 || list[0] != clean {
		return "", "can be read in several ways by servers, so it would never pass; take a part before what is odd in it"
	}
	return clean, ""
}

// checkRules refuses rules that never count, and paths that servers may take for one.
func (a *App) checkRules(t *table, tables []*table) {
	spelled := map[string]string{}
	for i := range a.Rules {
		r := &a.Rules[i]
		at, key := t, t.whoKey() // what the application says of itself is its last rule
		if i < len(tables) {
			at, key = tables[i], ""
		}
		for _, p := range everywhere(r.Paths) {
			if by := a.before(i, p); by >= 0 {
				at.wrong(key, "it never counts for %s: rule %d (line %d), before it, decides that already", p, by+1, a.Rules[by].Line)
			}
			if other, ok := spelled[fold(p)]; ok && other != p {
				at.wrong(key, "%s and %s differ in capitals alone, which many servers do not tell apart", other, p)
			}
			spelled[fold(p)] = p
		}
	}
}

// before returns the rule before rule i that decides everything below a path for which i could; -1
// for none.
func (a *App) before(i int, path string) int {
	r := &a.Rules[i]
	for by := range i {
		b := &a.Rules[by]
		if !slices.ContainsFunc(everywhere(b.Paths), func(prefix string) bool { return Under(path, prefix) }) {
			continue
		}
		missed := func(m string) bool { return !b.method(m) }
		if len(b.Methods) == 0 || len(r.Methods) > 0 && !slices.ContainsFunc(r.Methods, missed) {
			return by
		}
	}
	return -1
}

// everywhere is paths, or the path above all where none is said.
func everywhere(paths []string) []string {
	if len(paths) == 0 {
		return []string{"/"}
	}
	return paths
}
