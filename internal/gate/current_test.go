package gate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/gate"
)

// TestReload: a new file holds as a whole or not at all.
func TestReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gate.toml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	odd := errors.New("it does not go with gate.toml's surroundings")
	const first = "[[app]]\nhost = \"a.test\"\nallow = \"signed-in\"\n"
	source := gate.Source{Apps: []string{"b.test=http://x"}, File: file, Home: home, Fits: func(g *gate.Gate) error {
		if g.Find("odd.test") != nil {
			return odd
		}
		return nil
	}}
	if _, err := gate.Open(source); err == nil || !strings.Contains(err.Error(), "--gate: open "+file) {
		t.Errorf("no file: %v", err)
	}
	write("")
	if _, err := gate.Open(gate.Source{File: file, Home: home}); err == nil {
		t.Error("an empty file is taken")
	}
	write(first)
	c, err := gate.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	before := c.Load()
	if before.Find("a.test") == nil || before.Find("b.test") == nil {
		t.Fatalf("%+v", before)
	}
	for _, bad := range []string{"[[app", first + "[[app]]\nhost = \"b.test\"\nallow = \"anyone\"", first + "[[app.rule]]\npath = 5", strings.Replace(first, "a.test", "odd.test", 1)} {
		write(bad)
		if err := c.Reload(); err == nil || !strings.Contains(err.Error(), "gate.toml") && !strings.Contains(err.Error(), "--app") {
			t.Errorf("%q: %v", bad, err)
		}
		if c.Load() != before {
			t.Errorf("%q takes the place of what was there", bad)
		}
	}
	write(strings.Replace(first, "a.test", "c.test", 1))
	if err := c.Reload(); err != nil || c.Load().Find("a.test") != nil || c.Load().Find("c.test") == nil || c.Load().Find("b.test") == nil {
		t.Errorf("%v, %+v", err, c.Load())
	}
}
