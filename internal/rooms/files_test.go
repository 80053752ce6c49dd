package rooms_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"
)

const (
	root     = "../.." // of the module, from this package's folder
	maxLines = 600     // of a file that people write; most are far shorter
)

// generated is the line that marks what no person wrote (https://go.dev/s/generatedcode).
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// TestFileLength holds for every Go file and template of every module.
func TestFileLength(t *testing.T) {
	t.Parallel()
	files := 0
	walk(t, "", func(file string) {
		if ext := path.Ext(file); ext != ".go" && ext != ".templ" {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if generated.Match(text) {
			return
		}
		files++
		if n := bytes.Count(text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines; cut it by topic (%d at most)", file, n, maxLines)
		}
	})
	if files == 0 {
		t.Error("found no files: is the module's root still two folders up?")
	}
}
