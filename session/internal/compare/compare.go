// Package compare is for tests: it says how what they got differs from what they want. The module
// session has no other module's packages, not even in its tests.
package compare

import (
	"fmt"
	"reflect"
)

// Diff returns both values if they are not deeply equal, on a line each and from shortly before the
// place where they begin to differ; else "".
func Diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	w, g := fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got)
	if w == g { // behind pointers, of another type, or what prints alike
		return fmt.Sprintf("want %T %s\n got %T, which prints the same and is not equal", want, w, got)
	}
	const context = 60
	same := 0
	for same < min(len(w), len(g)) && w[same] == g[same] {
		same++
	}
	if from := same - context; from > 0 {
		w, g = "…"+w[from:], "…"+g[from:]
	}
	return fmt.Sprintf("want %s\n got %s", w, g)
}
