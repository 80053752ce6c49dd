package rooms_test

import (
	"bytes"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guarded is a file that a note names, with what in it a test is to guard: Type.Method, or a word
// of the code. What follows is prose.
var guarded = regexp.MustCompile(`([a-z0-9_/]+\.go)(?:, (\w+)(?:\.(\w+))?(?:$|[,;:.]| and (\w+)[,;:.]| and ))?`)

// TestGuardsNameWhatIs: a note of what a test guards names a file, and what is in it.
func TestGuardsNameWhatIs(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		notes, err := guards(path)
		for _, note := range notes {
			for _, m := range guarded.FindAllStringSubmatch(note, -1) {
				found++
				if lacks := lacking(filepath.Dir(path), m[1], m[2:]); lacks != "" {
					place, _ := filepath.Rel(root, path)
					t.Errorf("%s: %q: %s", place, m[0], lacks)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("found %d names only", found)
	}
}

// guards returns the notes in the comments of a file, each up to the next or the comment's end.
func guards(path string) (notes []string, err error) {
	code, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(code, []byte(" Guard:")) {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, code, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, comment := range file.Comments {
		text := strings.Join(strings.Fields(comment.Text()), " ")
		notes = append(notes, strings.Split(text, "Guard: ")[1:]...)
	}
	return notes, nil
}

// lacking returns what there is not of what a note names, or "". The file is in the folder of the
// test, or named by its path.
func lacking(folder, name string, words []string) string {
	code, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		code = source(name)
	}
	if code == nil {
		return "there is no such file"
	}
	in := identifiers(code)
	for _, word := range words {
		if word != "" && !in[word] {
			return "there is no " + word + " in it"
		}
	}
	if of, method := words[0], words[1]; method != "" {
		if !regexp.MustCompile(`(?m)^func \(\w+ \*?` + of + `(\[\w+\])?\) ` + method + `\(`).Match(code) {
			return "there is no method " + of + "." + method + " in it"
		}
	}
	return ""
}

// identifiers returns the names and keywords in code, without those in comments and texts.
func identifiers(code []byte) map[string]bool {
	all := map[string]bool{}
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(code)), code, nil, 0)
	for {
		_, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		if tok == token.IDENT || tok.IsKeyword() {
			all[text] = true
		}
	}
}
