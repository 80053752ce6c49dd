package e2e_test

import (
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestParts looks at every part in every state: in light and dark, at 320, 768 and 1280 pixels, at
// 400 %, in colours of the reader's own, and on paper. axe-core finds nothing, nothing has to be
// scrolled sideways, and a picture is kept.
func TestParts(t *testing.T) {
	t.Parallel()
	axe := rig.Axe(t)
	browser := rig.NewBrowser(t)
	site := rig.Gallery(t)
	p := browser.Page(site, true)
	p.Open("/")
	for _, l := range []rig.Look{
		{Name: "light"},
		{Name: "dark", Dark: true},
		{Name: "320", Width: 320, Height: 640, Mobile: true},
		{Name: "320-dark", Width: 320, Height: 640, Mobile: true, Dark: true},
		{Name: "768", Width: 768, Height: 1024},
		{Name: "400-percent", Width: 320, Height: 200, Zoom: 4},
		{Name: "forced", Forced: true},
		{Name: "forced-dark", Forced: true, Dark: true},
		{Name: "print", Width: 718, Height: 1000, Print: true},
	} {
		p.Look(l)
		p.Fits("the gallery, " + l.Name)
		p.Accessible(axe, "the gallery, "+l.Name)
		p.Shoot("parts-" + l.Name)
		// What is not of the first priority gives way where there is no room.
		gone := map[string]int{"p2": 0, "p3": 0}
		if l.Width > 0 {
			gone["p3"] = 1
		}
		if l.Width == 320 {
			gone["p2"] = 1
		}
		for class, want := range gone {
			got := rig.Eval[int](p, "+(getComputedStyle(document.querySelector('td."+class+"')).display === 'none')")
			if got != want && !l.Print {
				t.Errorf("%s: a column %s is hidden: %d, want %d", l.Name, class, got, want)
			}
		}
		pressed := rig.Eval[int](p, "Array.from(document.querySelectorAll('button, nav a, .button, summary')).filter(e => e.checkVisibility() && e.matches(':not(details:not([class]) > summary)')).length")
		if (pressed == 0) != l.Print {
			t.Errorf("%s: %d things to press", l.Name, pressed)
		}
	}
	p.Look(rig.Look{})
	if n := p.Count(".copy button"); n != 1 {
		t.Errorf("with JavaScript there are %d buttons to copy, want 1", n)
	}
	plain := browser.Page(site, false)
	plain.Open("/")
	if n := plain.Count(".copy button"); n != 0 {
		t.Errorf("without JavaScript there are %d buttons to copy", n)
	}
}
