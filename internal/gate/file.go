package gate

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
)

// readFile reads a file of applications, and says everything that is wrong with it. A file that is
// nil is none.
func readFile(file []byte, name string) (*Gate, []error) {
	g := &Gate{Identity: Identity{Names: DefaultNames()}}
	if file == nil {
		return g, nil
	}
	t, err := parse(file, name)
	if err != nil {
		return g, []error{err}
	}
	g.Contact = t.line1("contact")
	g.SignedOut = t.address("signed_out")
	for _, identity := range t.tables("identity", false) {
		g.Identity = identity.identity()
	}
	for _, app := range t.tables("app", true) {
		g.Apps = append(g.Apps, app.app())
	}
	t.end()
	problems := t.doc.problems
	if n := len(problems); n > maxProblems {
		problems = append(problems[:maxProblems:maxProblems], fmt.Errorf("%s: and %d more", name, n-maxProblems))
	}
	return g, problems
}

// line1 is a text of one line that people read.
func (t *table) line1(key string) string {
	text := t.text(key)
	if text == "" {
		return ""
	}
	clean, err := account.CheckName(text)
	if err != nil {
		t.wrong(key, "it is longer than %d characters, or not one line of text", account.MaxName)
	}
	return clean
}

// address is a whole address that browsers are sent to.
func (t *table) address(key string) string {
	text := t.text(key)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsFunc(text, unprinted) {
		t.wrong(key, "%s is no whole address, as in https://www.example.org/", shown(text))
	}
	return text
}

// unprinted reports whether a character is none that an address is written with.
func unprinted(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }

// app reads an application.
func (t *table) app() App {
	a := App{Line: t.line()}
	name := t.text("name")
	if err := a.at(t.text("host")); err != nil {
		t.wrong("host", "%v", err)
	}
	t.upstream(&a)
	if !t.has("host") && !t.has("to") {
		t.wrong("", "it says neither the host of the application (host) nor where it listens (to)")
	}
	if err := a.called(name); err != nil {
		t.wrong("name", "%v", err)
	}
	if a.SignOut = t.text("sign_out"); a.SignOut != "" && !isPath(a.SignOut) {
		t.wrong("sign_out", "%q is no path of the application, as in /logout", a.SignOut)
	}
	rules := t.tables("rule", true)
	for _, rule := range rules {
		a.Rules = append(a.Rules, rule.rule())
	}
	if who, ok := t.who(); ok {
		who.Line = t.doc.lines[join(t.path, t.whoKey())]
		a.Rules = append(a.Rules, who)
	}
	if len(a.Rules) == 0 {
		t.wrong("", "nothing says who may use it: give it allow = \"signed-in\", groups, people, or a [[app.rule]]")
	}
	t.end()
	a.checkRules(t, rules)
	if isPath(a.SignOut) && len(a.Rules) > 0 && !a.open(a.SignOut) {
		t.wrong("sign_out", "no rule lets anyone pass to %s, and who comes there has signed out already: give it a rule before the others, "+
			"with that path and allow = \"anyone\"", a.SignOut)
	}
	return a
}

// upstream reads where an application listens, and which host it is told.
func (t *table) upstream(a *App) {
	if to := t.text("to"); to != "" {
		var err error
		if a.Upstream, err = ParseUpstream(to); err != nil {
			t.wrong("to", "%v", err)
		}
	}
	a.KeepHost = a.Upstream.keepsHost()
	if t.has("keep_host") {
		a.KeepHost = t.flag("keep_host")
	}
}

// open reports whether somebody who is not signed in gets a page of the application, from somewhere.
func (a *App) open(page string) bool {
	path, _, _ := strings.Cut(page, "?")
	i, err := a.match(&Question{Method: http.MethodGet, Path: path})
	return err == nil && i >= 0 && a.Rules[i].Who == Anyone
}

// isPath reports whether a text is a path of one site to every browser, with a query or without.
func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.ContainsFunc(s, unprinted) && !strings.Contains(s, "#")
}

// who reads for whom something is; false if nothing is said of it.
func (t *table) who() (r Rule, said bool) {
	allow := t.word("allow", "anyone", "signed-in", "nobody")
	groups, people := t.list("groups"), t.list("people")
	some := t.has("groups") || t.has("people")
	switch {
	case some:
		r.Who = Some
	case allow == "anyone":
		r.Who = Anyone
	case allow == "signed-in":
		r.Who = SignedIn
	}
	if some && t.has("allow") {
		t.wrong("allow", "groups and people say already who may; leave one out")
	}
	for _, name := range groups {
		clean, err := account.CleanGroups([]string{name})
		if err != nil || len(clean) != 1 || strings.Contains(name, ",") {
			t.wrong("groups", "%q is no name of a group: one line of %d characters at most, without commas", name, account.MaxGroup)
			continue
		}
		r.Groups = append(r.Groups, clean[0])
	}
	for _, email := range people {
		key, err := account.CanonicalEmail(email)
		if err != nil {
			t.wrong("people", "%q is no e-mail address", email)
			continue
		}
		r.People = append(r.People, key)
	}
	return r, some || t.has("allow")
}

// whoKey is the word by which it says for whom something is.
func (t *table) whoKey() string {
	for _, key := range []string{"allow", "groups"} {
		if t.has(key) {
			return key
		}
	}
	return "people"
}

// identity reads how applications are told who asks.
func (t *table) identity() Identity {
	id := Identity{Names: DefaultNames()}
	choices := []string{"id", "email", "short_name"} // in the order of UserAs
	if word := t.word("user", choices...); word != "" {
		id.User = UserAs(slices.Index(choices, word))
	}
	for _, headers := range t.tables("headers", false) {
		seen := map[string]string{}
		for _, h := range []struct {
			key  string
			name *string
		}{{"user", &id.Names.User}, {"email", &id.Names.Email}, {"name", &id.Names.Name}, {"groups", &id.Names.Groups}} {
			headers.header(h.key, h.name)
			if before := seen[*h.name]; before != "" {
				headers.wrong(h.key, "%q is the header of %s already", *h.name, before)
			}
			if *h.name != "" {
				seen[*h.name] = h.key
			}
		}
		headers.end()
	}
	t.end()
	return id
}
