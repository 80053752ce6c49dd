package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/session"
)

func sum(t *testing.T, ring *session.KeyRing) [32]byte {
	t.Helper()
	return ring.Signer("x").Sum([]byte("y"))
}

// TestKeyFile: made at the first start for its owner alone, and the same one from then on.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _, err := config.Keys(config.Secrets{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := config.Keys(config.Secrets{}, dir)
	if err != nil || sum(t, first) != sum(t, again) {
		t.Errorf("another key at the next start, %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, config.KeyFile))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	other, _, err := config.Keys(config.Secrets{}, t.TempDir())
	if err != nil || sum(t, first) == sum(t, other) {
		t.Errorf("the same key in another directory, %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// TestKeyFileTogether: of programs that start at once all get one key.
func TestKeyFileTogether(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := t.TempDir()
		sums := make([][32]byte, 8)
		var all sync.WaitGroup
		for i := range sums {
			all.Go(func() {
				ring, _, err := config.Keys(config.Secrets{}, dir)
				if err != nil {
					t.Error(err)
					return
				}
				sums[i] = sum(t, ring)
			})
		}
		all.Wait()
		for _, s := range sums {
			if s != sums[0] {
				t.Fatal("two keys")
			}
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Fatalf("left behind: %v, %v", files, err)
		}
	}
}

// TestKeyFileRefused: one that others may read is no secret any more, and what is no key is said to
// be none.
func TestKeyFileRefused(t *testing.T) {
	t.Parallel()
	const good = "0123456789abcdef0123456789abcdef-fedcba98"
	for name, c := range map[string]struct {
		content string
		mode    fs.FileMode
	}{
		"for the group": {good, 0o640},
		"for everybody": {good, 0o604},
		"to be written": {good, 0o620},
		"empty":         {"", 0o600},
		"short":         {"short\n", 0o600},
		"a repetition":  {strings.Repeat("ab", 40), 0o600},
		"to be run":     {good, 0o601},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, config.KeyFile)
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, _, err := config.Keys(config.Secrets{}, dir)
			if err == nil {
				t.Fatal("it is taken")
			}
			if strings.Contains(err.Error(), "fedcba98") {
				t.Errorf("the error tells the key: %v", err)
			}
			if now, e := os.ReadFile(path); e != nil || string(now) != c.content {
				t.Errorf("the file was changed: %q, %v", now, e)
			}
		})
	}
	if _, _, err := config.Keys(config.Secrets{}, filepath.Join(t.TempDir(), "made", "for it")); err != nil {
		t.Errorf("a key in a directory that does not exist yet: %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, config.KeyFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := config.Keys(config.Secrets{}, dir); err == nil {
		t.Error("a folder is taken for the key")
	}
}
