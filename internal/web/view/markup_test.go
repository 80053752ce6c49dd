package view

import (
	"html"
	"testing"
)

func TestTextEscapesAsHTMLDoes(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", `<>&"'`, `a<b`, `<`, `x'`, `&amp;`, "ü<😀>"} {
		m := markup("before ").text(s)
		if want := "before " + html.EscapeString(s); string(m) != want {
			t.Errorf("%q became %q, want %q", s, m, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(`<a href="x" onload='y'>&`)
	f.Fuzz(func(t *testing.T, s string) {
		m := markup(nil).text(s)
		if want := html.EscapeString(s); string(m) != want {
			t.Errorf("%q became %q, want %q", s, m, want)
		}
	})
}
