package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestCreate: the file is there once, for its owner alone, also where no file can have two names;
// and one that is there is left alone.
func TestCreate(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(from, to string) error{
		"links":    os.Link,
		"no links": func(string, string) error { return &os.LinkError{Err: errors.ErrUnsupported} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if err := create(path, dir, 0o600, link); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			info, err := os.Stat(path)
			if err != nil || info.Mode() != 0o600 && Modes {
				t.Fatalf("%v, %v", info, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := create(path, dir, 0o600, link); err != nil {
				t.Error(err)
			}
			if content, err := os.ReadFile(path); err != nil || string(content) != "mine" {
				t.Errorf("%q, %v", content, err)
			}
		})
	}
	if err := Create(filepath.Join(t.TempDir(), "none", "file"), t.TempDir(), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

// TestClose: what can be closed is closed.
func TestClose(t *testing.T) {
	t.Parallel()
	if !Modes {
		t.Skip("modes say nothing here")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o666, 0o640, 0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		open, _, err := Close(path, 0o600)
		info, e := os.Stat(path)
		if open != 0 || err != nil || e != nil || info.Mode() != 0o600 {
			t.Errorf("%v: %v, %v, %v", mode, open, err, info.Mode())
		}
	}
	if _, _, err := Close(path+"x", 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
	if added := Added(filepath.Dir(path)); added != 0 {
		t.Errorf("an ordinary folder adds %v", added)
	}
	info, err := os.Stat(path)
	if err != nil || !Ours(info) || !SameGroup(info, info) || ReadOnly(path) {
		t.Errorf("of our own: %v, %v", info, err)
	}
	if proc := "/proc/self/status"; Network(filepath.Dir(path)) == "" && Network(proc) != "" {
		t.Error("proc is no network")
	}
}
