package e2e_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorbook/doorbook/e2e/rig"
)

// write types keys to whatever has the focus.
func write(p *rig.Page, keys ...string) {
	for _, k := range keys {
		p.Do(chromedp.KeyEvent(k))
	}
}

// focus is the id of what has the focus.
func focus(p *rig.Page) string { return rig.Eval[string](p, "document.activeElement.id") }

// focused waits until the element with this id has the focus: browsers give it a moment after the
// page is there.
func focused(t *testing.T, p *rig.Page, id string) {
	t.Helper()
	if !rig.Until(func() bool { return focus(p) == id }) {
		t.Errorf("the focus is on %q, want %q", focus(p), id)
	}
}
