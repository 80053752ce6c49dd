package view

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

// long is a name of 100 characters without a space, hebrew one that is written from right to left.
var (
	long   = strings.Repeat("Wolfeschlegelsteinhausen", 5)[:100]
	hebrew = "שרה כהן"
)

// with puts children into a part, and some after one another.
func with(part templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return part.Render(templ.WithChildren(ctx, some(children...)), w)
	})
}

func some(list ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, c := range list {
			if err := c.Render(templ.ClearChildren(ctx), w); err != nil {
				return err
			}
		}
		return nil
	})
}

func raw(html string) templ.Component { return templ.Raw(html) }

// stand is one part in one state.
type stand struct {
	name string
	part templ.Component
}

// galleryPage is the frame of the gallery, for somebody with a long name.
func galleryPage() Page {
	return Page{
		User: &User{Name: "Ada " + long, Email: "ada@example.org", Role: "admin"}, Looks: AfterPeople, FormToken: "token", RequestID: "0123456789abcdef",
		Assets: Assets{CSS: "/app.css", JS: "/app.js", Icon: "/icon.svg"}, here: peopleHere, typing: true,
		Flashes: []Flash{
			{"success", Isolated(hebrew) + " is signed out."},
			{"info", "That device was signed out already."},
			{"warning", Isolated(long) + " has no password yet."},
			{"error", "Something went wrong on our side."},
		},
	}
}

// gallery is every part in every state.
func gallery() []stand {
	p := galleryPage()
	words := func(s string) templ.Component { return templ.Raw(templ.EscapeString(s)) }
	paragraph := func(s string) templ.Component { return raw("<p>" + templ.EscapeString(s) + "</p>") }
	now := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	press := func(k buttonKind, text string) templ.Component { return with(button(k, "Working…", ""), words(text)) }
	problem := func(i input) input { i.problem = "This is not right: " + Isolated(hebrew) + " has it."; return i }
	fields := []input{
		{name: "text", label: "Name", kind: "text", value: long, hint: "As others call you"},
		{name: "mail", label: "E-mail", kind: "email", autocomplete: "username", optional: true},
		{name: "secret", label: "Password", kind: "password", autocomplete: "new-password", hint: "At least 15 characters."},
		{name: "about", label: "About", kind: "textarea", value: "One\nTwo", optional: true},
		{name: "role", label: "Role", kind: "select", value: "member", options: []option{{value: "admin", text: "Admin"}, {value: "member", text: "Member"}}},
		{name: "keep", label: "Keep me signed in", kind: "checkbox", ticked: true, hint: "For 30 days; otherwise until the browser closes."},
		{name: "scopes", label: "What it may do", kind: "checkbox", optional: true, options: []option{
			{value: "read", text: "Read", hint: "Everything that you see", chosen: true}, {value: "write", text: "Write " + long},
		}},
		{name: "registration", label: "Registration", kind: "radio", value: "open", options: []option{{value: "open", text: "Open"}, {value: "closed", text: "Closed"}}},
	}
	wrong := make([]input, len(fields))
	for i, f := range fields {
		wrong[i] = problem(f)
		wrong[i].name += "-wrong"
	}
	searched := []input{
		{name: "searched", label: "Name or address", kind: "search"}, {name: "as", label: "Role", kind: "select", options: []option{{value: "", text: "Any"}, {value: "admin", text: long}}},
	}
	this := Device{Name: "Firefox on Linux", Current: true}
	fresh := Device{Name: hebrew, New: true}
	people := sheet{label: "People", columns: []heading{
		{text: "Name", sorted: "ascending"}, {text: "Role", class: second}, {text: "State"}, {text: "Devices", class: numbers}, {text: "Last seen", class: third},
	}}
	row := func(name, mark string) templ.Component {
		return some(raw(`<tr role="row"><td role="cell">`), person(name, mark), raw(`</td><td role="cell" class="p2">member</td><td role="cell">`), badge(goodBadge, "active"),
			raw(`</td><td role="cell" class="n">2</td><td role="cell" class="p3">`), ago(now, now.Add(-time.Hour)), raw(`</td></tr>`))
	}
	return []stand{
		{"button", with(cluster(), press(ordinary, "Ordinary"), press(primary, "Primary"), press(danger, "Danger"), press(small, "Small"), press(ordinary, "Sign out "+long))},
		{"button pressed or busy", with(cluster(), raw(`<button type="button" aria-pressed="true">Pressed</button><button type="button" aria-disabled="true">Busy</button>`))},
		{"link as a button", with(cluster(), with(onward(p, ordinary, "/x"), words("Ordinary")), with(onward(p, primary, "/x"), words("Primary")), with(onward(p, danger, "/x"), words("Danger")), with(onward(p, small, "/x"), words("Small")))},
		{"badge", with(cluster(), badge(plainBadge, "member"), badge(goodBadge, "active"), badge(warnBadge, "New"), badge(badBadge, "disabled"))},
		{"status", with(status(Flash{"success", Isolated(hebrew) + " is disabled, and signed out on 2 devices."}, false), with(posted(p, "/undo"), press(small, "Undo")))},
		{"problems", problemSummary([]Problem{{"text-wrong", "Your name is missing."}, {"", Isolated(long) + " is taken."}}, wrong)},
		{"fields", with(posted(p, "/fields"), inputs(fields), press(primary, "Save"))},
		{"fields that are wrong", with(posted(p, "/fields"), inputs(wrong), press(danger, "Delete"))},
		{"search", some(raw(`<form class="search" method="get" role="search" aria-label="Example">`), inputs(searched), press(ordinary, "Find"), raw("</form>"))},
		{"tabs", tabs(p, "Gallery", []tab{{peopleHere, "Profile", "/account", ""}, {elsewhere, "Password", "/b", ""}, {elsewhere, "Sessions", "/c", ""}, {elsewhere, "Second step", "/d", ""}, {elsewhere, "Tokens", "/e", ""}, {elsewhere, "Your visits", "/f", ""}})},
		{"chips", chips(p, []chip{{"Role", "admin", "/people"}, {"Name", hebrew, "/people"}, {"Name", long, "/people"}})},
		{"chips, none", some(chips(p, nil), paragraph("No filters"))},
		{"pager in the middle", pager(p, stretch{"people", 21, 40, 12345, "/before", "/after"})},
		{"pager at the end", pager(p, stretch{"what happened", 41, 43, 43, "/before", ""})},
		{"tiles", tiles([]Tile{{"Wiki", "https://wiki.example.org/", "https://wiki.example.org"}, {long, "/", "door.example.org"}, {hebrew, "https://x.test/", "https://" + strings.Repeat("long.", 20) + "test"}})},
		{"facts", with(facts(), with(fact("Name"), person(hebrew, "d0d0d0")), with(fact("E-mail"), words("ada@example.org")), with(fact("Known as"), words(long)))},
		{"empty", with(empty(), raw("<h2>Nobody here</h2>"), paragraph("No person is called so. Clear the filter to see all."))},
		{"menu", menu(words("Ways on"))},
		{"menu, open", changed(with(menu(person(hebrew, "")), raw("<li>"), p.way(elsewhere, "Account", "/a"), raw("</li><li>"), p.way(peopleHere, "Sessions", "/b"),
			raw("</li><li>"), with(posted(p, "/out"), press(ordinary, "Sign out")), raw("</li>")), `<details class="menu">`, `<details class="menu" open>`)},
		{"time", with(stack(), raw("<p>signed in "), ago(now, now.Add(-2*time.Hour)), raw(", first seen "), ago(now, now.Add(-999*time.Hour)), raw("</p>"))},
		{"person", with(stack(), person("Ada", "d0d0d0"), person(hebrew, "c0ffee"), person(long, "abcdef"), person("", "123456"))},
		{"device", with(stack(), device(this), device(fresh), device(Device{Name: long}))},
		{"details", with(details("details-x"), raw("<span><code>203.0.113.7</code></span><span>password</span><span>since today</span>"))},
		{"table", with(table(people), row("Ada", "d0d0d0"), row(hebrew, "c0ffee"), row(long, "abcdef"))},
		{"scroller", with(scroller("A wide line", ""), raw("<pre>"+strings.Repeat("wide ", 60)+"</pre>"))},
		{"copy", copyable("The link is good once, for 72 hours", "https://example.org/invitations/"+long)},
		{"stack and split", with(stack(), with(split(), raw("<h3>A heading</h3>"), raw(`<p class="note">and what is noted beside it</p>`)), paragraph("Below."))},
		{"confirm", galleryConfirm(p)},
		{"disclosure", raw("<details open><summary>What the browser says of itself</summary><p>Mozilla/5.0</p></details>")},
	}
}

// galleryConfirm is the page before a change, whose heading is the gallery's second h1: it is one of
// the third order here.
func galleryConfirm(p Page) templ.Component {
	c := confirm(p, confirmation{
		heading: "Disable " + Isolated(hebrew) + "?", address: "/disable", button: "Disable " + Isolated(hebrew), busy: "Disabling…", kind: danger, proof: true,
		back: "/people", backText: "Back to people",
	})
	return changed(with(c, raw("<p>They are signed out on 1 device at once. Their entries stay.</p>")), "<h1>", "<h3>", "</h1>", "</h3>", " autofocus", "")
}

// changed is a part with some of its text replaced, as by strings.NewReplacer.
func changed(c templ.Component, pairs ...string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		if err := c.Render(ctx, &b); err != nil {
			return err
		}
		_, err := strings.NewReplacer(pairs...).WriteString(w, b.String())
		return err
	})
}

// GalleryHTML is a page of every part in every state.
func GalleryHTML(t testing.TB) string {
	t.Helper()
	var stands []templ.Component
	for _, s := range gallery() {
		stands = append(stands, raw(`<section><h2>`+templ.EscapeString(s.name)+`</h2>`), s.part, raw(`</section>`))
	}
	var b strings.Builder
	page := with(Layout(galleryPage().as(peopleHere, "Gallery")), append([]templ.Component{raw("<h1>Parts</h1>")}, stands...)...)
	if err := page.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
