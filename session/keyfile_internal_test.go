package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Where no file can have two names, programs that make a key file at the same time get one key all
// the same, and nothing is left behind.
func TestKeyFileWithoutLinks(t *testing.T) {
	t.Parallel()
	none := func(string, string) error { return &os.LinkError{Err: errors.ErrUnsupported} }
	for range 20 {
		path := filepath.Join(t.TempDir(), "secret.key")
		keys := make([]string, 8)
		var all sync.WaitGroup
		for i := range keys {
			all.Add(1)
			go func() {
				defer all.Done()
				if err := makeKeyFile(path, none); err != nil {
					t.Error(err)
				}
				key, err := readKeyFile(path)
				if err != nil {
					t.Error(err)
				}
				keys[i] = string(key)
			}()
		}
		all.Wait()
		for _, key := range keys {
			if len(key) != 64 || key != keys[0] {
				t.Fatalf("keys %q", keys)
			}
		}
		if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
			t.Errorf("left behind: %v, %v", files, err)
		}
	}
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeKeyFile(path, none); err == nil || !strings.Contains(err.Error(), "remove "+path+".lock") {
		t.Errorf("beside a lock that was left: %v", err)
	}
}
