package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Axe is the source of axe-core, the accessibility checker; the test is skipped where there is
// none.
func Axe(t testing.TB) string {
	t.Helper()
	path := os.Getenv("DOORBOOK_AXE")
	if path == "" { // where `make setup` leaves it
		cache, _ := os.UserCacheDir()
		path = filepath.Join(cache, "doorbook", "axe.min.js")
	}
	source, err := os.ReadFile(path)
	Need(t, err == nil, "there is no axe-core; `make setup` fetches it, or name its file in DOORBOOK_AXE")
	return string(source)
}

// violations runs every rule of WCAG 2.2 AA and of good practice over the page as it stands, also
// the size of targets, which axe-core leaves out by itself.
const violations = `axe.run(document, {preload: false, rules: {"target-size": {enabled: true}}}).then(r =>
	r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.target.join(" ") + ": " + n.html.slice(0, 200))))`

// Accessible fails the test for everything that axe finds on the page.
func (p *Page) Accessible(axe, name string) {
	p.t.Helper()
	if !Eval[bool](p, `typeof axe === "object"`) {
		Eval[bool](p, axe+"\n;true")
	}
	found := Eval[[]string](p, violations)
	if len(found) > 0 {
		p.t.Errorf("%s is not accessible:\n  %s", name, strings.Join(found, "\n  "))
	}
}

// Fits fails the test if the page has to be scrolled sideways.
func (p *Page) Fits(name string) {
	p.t.Helper()
	wide := Eval[[]int](p, "[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
	if wide[0] > wide[1] {
		p.t.Errorf("%s is %d px wide in a window of %d", name, wide[0], wide[1])
	}
}
