package gate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/gate"
)

// TestDocs: every file of applications in the documents is one that is taken.
func TestDocs(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, name := range documents {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
			apps := []string{"http://127.0.0.1:3000"}
			if strings.Contains(block[1], "[[app]]") {
				whole++
				apps = nil
			}
			if _, err := gate.New(apps, []byte(block[1]), filepath.Base(name), home); err != nil {
				t.Errorf("%v\n%s", err, block[1])
			}
		}
	}
	if whole == 0 {
		t.Error("no document shows a file")
	}
}
