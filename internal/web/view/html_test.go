package view_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

// render makes the page and gives it as text.
func render(t testing.TB, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatalf("render: %v", err)
	}
	return b.String()
}

// element is an opening tag.
type element struct {
	name  string
	attrs map[string]string
}

var (
	tagForm  = regexp.MustCompile(`^<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"]*")?)*)\s*(/?)>`)
	attrForm = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?`)
)

// parse reads the small part of HTML that the components write, strictly: quoted attributes, every
// element closed, nothing closed that is not open, no attribute twice, no bare < in text.
func parse(t *testing.T, html string) []element {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "input": true, "wbr": true}
	var all []element
	var open []string
	rest, ok := strings.CutPrefix(html, "<!doctype html>")
	if !ok {
		t.Fatalf("the page does not begin with its doctype: %.40q", html)
	}
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		rest = rest[i:]
		m := tagForm.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("not a tag: %.80q", rest)
		}
		rest = rest[len(m[0]):]
		closing, name, attrs, selfClosing := m[1] != "", m[2], m[3], m[4] != ""
		if closing {
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
			continue
		}
		e := element{name: name, attrs: map[string]string{}}
		for _, a := range attrForm.FindAllStringSubmatch(attrs, -1) {
			if _, twice := e.attrs[a[1]]; twice {
				t.Errorf("<%s> has %s twice", name, a[1])
			}
			e.attrs[a[1]] = a[2]
		}
		all = append(all, e)
		if !void[name] && !selfClosing {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		t.Fatalf("not closed: %v", open)
	}
	return all
}

func named(all []element, name string) []element {
	var out []element
	for _, e := range all {
		if e.name == name {
			out = append(out, e)
		}
	}
	return out
}

// field finds the input of that name.
func field(t *testing.T, all []element, name string) element {
	t.Helper()
	for _, e := range named(all, "input") {
		if e.attrs["name"] == name {
			return e
		}
	}
	t.Fatalf("no input named %q", name)
	return element{}
}

// checkStructure holds what is true of every page.
func checkStructure(t *testing.T, html string) {
	t.Helper()
	all := parse(t, html)
	for _, want := range []string{"html", "title", "main", "h1"} {
		if n := len(named(all, want)); want != "title" && n != 1 {
			t.Errorf("%d <%s>, want 1", n, want)
		}
	}
	if !strings.Contains(html, "<html lang=\"en\">") {
		t.Error("no language")
	}
	ids := map[string]bool{}
	labels := map[string]bool{}
	for _, e := range all {
		if id, ok := e.attrs["id"]; ok {
			if id == "" || ids[id] {
				t.Errorf("id %q is empty or not unique", id)
			}
			ids[id] = true
		}
		if e.name == "label" {
			labels[e.attrs["for"]] = true
		}
	}
	searches := 0
	for _, e := range all {
		for name, value := range e.attrs {
			if name == "style" || strings.HasPrefix(name, "on") {
				t.Errorf("<%s> has inline %s: the policy forbids it", e.name, name)
			}
			if name == "href" || name == "src" || name == "action" {
				away := e.name == "a" && e.attrs["rel"] == "external" && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "mailto:"))
				if !away && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") || strings.HasPrefix(value, "//") {
					t.Errorf("<%s> leads away: %q", e.name, value)
				}
			}
			if name == "for" || name == "aria-describedby" || name == "aria-labelledby" || name == "aria-controls" {
				for _, id := range strings.Fields(value) {
					if !ids[id] {
						t.Errorf("<%s %s> refers to %q, which does not exist", e.name, name, id)
					}
				}
			}
			if name == "href" && strings.HasPrefix(value, "#") && !ids[value[1:]] {
				t.Errorf("a link leads to %q, which does not exist", value)
			}
		}
		switch e.name {
		case "nav":
			if e.attrs["aria-label"] == "" {
				t.Error("a navigation without a name")
			}
		case "style":
			t.Error("a style element: the policy forbids it")
		case "script":
			if _, deferred := e.attrs["defer"]; !deferred || e.attrs["src"] == "" {
				t.Error("a script that is inline or not deferred")
			}
		case "input":
			_, hidden := e.attrs["hidden"] // from everybody but password managers
			if !hidden && e.attrs["type"] != "hidden" && !labels[e.attrs["id"]] {
				t.Errorf("input %q has no label", e.attrs["name"])
			}
			if e.attrs["type"] == "password" {
				if _, ok := e.attrs["value"]; ok {
					t.Error("a password field has a value")
				}
			}
			if e.attrs["autocomplete"] == "off" {
				t.Errorf("input %q refuses to be filled in", e.attrs["name"])
			}
			if _, ok := e.attrs["maxlength"]; ok {
				t.Errorf("input %q cuts what is pasted", e.attrs["name"])
			}
		case "form":
			if e.attrs["method"] == "get" && e.attrs["role"] == "search" { // changes nothing, and its address can be kept
				searches++
			} else if e.attrs["method"] != "post" {
				t.Errorf("form %q is not posted", e.attrs["action"])
			}
		}
	}
	if forms, tokens := len(named(all, "form"))-searches, strings.Count(html, `name="csrf_token"`); forms != tokens {
		t.Errorf("%d forms but %d form tokens", forms, tokens)
	}
}
