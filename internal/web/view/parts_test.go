package view_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/web/static"
	"github.com/doorbook/doorbook/internal/web/view"
)

// TestGallery: every part in every state is sound. Where DOORBOOK_GALLERY names a folder the page of
// them is left there with its files, for the browser tests to look at; the program has no such page.
func TestGallery(t *testing.T) {
	t.Parallel()
	html := view.GalleryHTML(t)
	checkStructure(t, html)
	for _, want := range []string{
		"<bdi>שרה כהן</bdi> is signed out.", `aria-sort="ascending"`, `class="p3"`, ">21 to 40 of 12,345<", "<legend>What it may do", `id="scopes-1"`,
		`aria-describedby="text-wrong-hint text-wrong-problem"`, `class="button primary" href="/x"`, "Disable <bdi>שרה כהן</bdi></button>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
	dir := os.Getenv("DOORBOOK_GALLERY")
	if dir == "" {
		return
	}
	served := files(t)
	served["index.html"] = html
	for name, content := range served {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// files are those that pages refer to, as they are served.
func files(t *testing.T) map[string]string {
	t.Helper()
	s, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", s.URL(name), nil))
		all[name] = w.Body.String()
	}
	return all
}

// TestGalleryIsComplete: no part is left out of it.
func TestGalleryIsComplete(t *testing.T) {
	t.Parallel()
	gallery, err := os.ReadFile("gallery_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("parts_*.templ")
	if err != nil || len(files) < 4 {
		t.Fatalf("files of parts: %v, %v", files, err)
	}
	// What other parts are made of, and what all pages show.
	within := map[string]bool{
		"token": true, "field": true, "notes": true, "hint": true, "wrong": true, "control": true, "choices": true, "flash": true, "command": true,
		"column": true, "accountTabs": true,
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^templ (\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			if !within[m[1]] && !regexp.MustCompile(`\b`+m[1]+`\(`).Match(gallery) {
				t.Errorf("%s: the gallery does not show %s", name, m[1])
			}
		}
	}
}

// TestClasses: each class that a page has stands in the style sheet, and each that stands there is
// on a page.
func TestClasses(t *testing.T) {
	t.Parallel()
	served := files(t)
	css, script := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(served["app.css"], ""), served["app.js"]
	styled, used := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`\.([a-z][a-z0-9-]*)`).FindAllStringSubmatch(css, -1) {
		styled[m[1]] = true
	}
	all := []string{view.GalleryHTML(t)}
	for _, c := range pages() {
		all = append(all, render(t, c))
	}
	for _, html := range all {
		for _, m := range regexp.MustCompile(` class="([^"]*)"`).FindAllStringSubmatch(html, -1) {
			for _, class := range strings.Fields(m[1]) {
				used[class] = true
			}
		}
	}
	handles := map[string]bool{"columns": true, "grid": true, "axis": true} // of the plot
	for class := range used {
		if !styled[class] && !handles[class] {
			t.Errorf("the style sheet knows no %q", class)
		}
	}
	for class := range styled {
		if !used[class] && !strings.Contains(script, `class: "`+class+`"`) {
			t.Errorf("no page has %q", class)
		}
	}
}

// TestTold: a name in a sentence is isolated, and cannot get out of its place.
func TestTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "",
		"Nothing":                          "Nothing",
		view.Isolated("Ada") + " is here.": "<bdi>Ada</bdi> is here.",
		"Ask " + view.Isolated("שרה") + " or " + view.Isolated("Bob"): "Ask <bdi>שרה</bdi> or <bdi>Bob</bdi>",
		view.Isolated("a\u2069\u202eb") + "!":                         `<bdi>a\u2069\u202eb</bdi>!`,
		view.Isolated("a\u2068<b>"):                                   `<bdi>a\u2068&lt;b&gt;</bdi>`,
		"\u2068never released \u202e":                                 `\u2068never released \u202e`,
		"\u2069 before \u2068x\u2069":                                 `\u2069 before <bdi>x</bdi>`,
	} {
		html := render(t, view.Layout(view.Page{Flashes: []view.Flash{{Category: "info", Text: text}}}))
		if !strings.Contains(html, `role="status">`+want+"</p>") {
			t.Errorf("%q: no %s in %s", text, want, html)
		}
	}
}

// TestMessageTakesTheFocus: the first one, and none where a field has it.
func TestMessageTakesTheFocus(t *testing.T) {
	t.Parallel()
	p := signedIn()
	p.Flashes = []view.Flash{{"success", "one"}, {"success", "two"}}
	html := render(t, view.Sessions(view.SessionsPage{Page: p}))
	if strings.Count(html, "autofocus") != 1 || !strings.Contains(html, `tabindex="-1" autofocus data-kind="success" role="status">one<`) {
		t.Errorf("on a page to read: %s", html)
	}
	html = render(t, view.Login(view.LoginPage{Page: p}))
	if strings.Count(html, "autofocus") != 1 || field(t, parse(t, html), "email").attrs["name"] == "" {
		t.Error("on a page to type on the field has not the focus alone")
	}
}

// TestWayToPeople: for whom there is one.
func TestWayToPeople(t *testing.T) {
	t.Parallel()
	p := signedIn()
	if strings.Contains(render(t, view.Dashboard(view.DashboardPage{Page: p})), `href="/people"`) {
		t.Error("a way to people where there is none")
	}
	p.Looks = view.AfterPeople
	if !strings.Contains(render(t, view.Dashboard(view.DashboardPage{Page: p})), `<a href="/people">People</a>`) {
		t.Error("no way to people")
	}
}
