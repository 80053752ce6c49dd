package rooms_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// named is a Go file that a document names, with a test in it or none.
var named = regexp.MustCompile("`((?:[a-z0-9_]+/)+[a-z0-9_]+\\.go)(?::(Test[A-Za-z0-9_]+))?`")

// TestDocumentsNameWhatIs: a file or test that the documents name in full is there.
func TestDocumentsNameWhatIs(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllSubmatch(text, -1) {
			found++
			file, test := string(m[1]), string(m[2])
			code := source(file)
			if code == nil {
				t.Errorf("%s names %s, which is not there", filepath.Base(document), file)
			} else if test != "" && !regexp.MustCompile(`(?m)^func `+test+`\(`).Match(code) {
				t.Errorf("%s names %s, which is not in %s", filepath.Base(document), test, file)
			}
		}
	}
	if found < 100 {
		t.Errorf("found %d names only", found)
	}
}

// source returns a file of the repository, whose path may leave out internal/, or nil.
func source(file string) []byte {
	for _, folder := range []string{"", "internal"} {
		if code, err := os.ReadFile(filepath.Join(root, folder, file)); err == nil {
			return code
		}
	}
	return nil
}
