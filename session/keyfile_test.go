package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session"
)

func sumOf(t *testing.T, ring *session.KeyRing) [32]byte {
	t.Helper()
	return ring.Signer("x").Sum([]byte("y"))
}

// Of programs that make a key file at the same time, and later, all get one key, for its owner
// alone.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), "data", "secret.key")
		sums := make([][32]byte, 8)
		var all sync.WaitGroup
		for i := range sums {
			all.Add(1)
			go func() {
				defer all.Done()
				ring, err := session.KeyFile(path)
				if err != nil {
					t.Error(err)
					return
				}
				sums[i] = sumOf(t, ring)
			}()
		}
		all.Wait()
		ring, err := session.KeyFile(path, secret("older"))
		if err != nil {
			t.Fatal(err)
		}
		for _, sum := range sums {
			if sum != sumOf(t, ring) {
				t.Fatal("another key")
			}
		}
		old := sumOf2(t, secret("older"))
		if _, ok := ring.Signer("x").Verify([]byte("y"), old[:]); !ok {
			t.Error("what the older key signed is refused")
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
			t.Errorf("left behind: %v, %v", files, err)
		}
	}
}

func sumOf2(t *testing.T, secret []byte) [32]byte {
	t.Helper()
	ring, err := session.NewKeyRing(secret)
	if err != nil {
		t.Fatal(err)
	}
	return sumOf(t, ring)
}

// A key that others may read, or could guess, is refused, and so is a place where no file can be.
func TestKeyFileRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := strings.Repeat("0123456789abcdef", 2) + "of a test, for nothing else"
	if runtime.GOOS != "windows" {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
			if _, err := session.KeyFile(write("open", good, mode)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("mode %v: %v", mode, err)
			}
		}
	}
	for name, content := range map[string]string{"empty": "", "short": "short", "known": "super-secret-key\n"} {
		path := write(name, content, 0o600)
		if _, err := session.KeyFile(path); !errors.Is(err, session.ErrWeakKey) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := session.KeyFile(filepath.Join(write("file", good, 0o600), "secret.key")); err == nil {
		t.Error("a file below a file")
	}
	_, err := session.New(session.Config{Home: session.Home{Store: &spy{Store: memory()}}})
	if err == nil || !strings.Contains(err.Error(), "session.KeyFile") {
		t.Errorf("without keys: %v", err)
	}
}
