package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/sqlite"
)

func TestFilesArePrivate(t *testing.T) { // not beside others: the mask is the process's
	for _, umask := range []int{0o000, 0o022, 0o177} {
		dir := filepath.Join(t.TempDir(), "made", "for us")
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		old := setUmask(umask)
		db := open(t, dir)
		mustAdd(t, db, 1)
		setUmask(old)
		wantMode(t, dir, 0o700)
		for _, name := range []string{"doorbook.db", "doorbook.db-wal", "doorbook.db-shm", "book.db", "book.db-wal", "book.db-shm"} {
			wantMode(t, filepath.Join(dir, name), 0o600)
		}
		if names, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(names) > 0 {
			t.Errorf("left behind: %v", names)
		}
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %04o, want %04o", filepath.Base(path), got, want)
	}
}

func TestWiderModesAreTakenBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "book.db"), 0o666), os.WriteFile(filepath.Join(dir, "secret_key"), nil, 0o600))
	mustAdd(t, open(t, dir), 1)
	wantMode(t, dir, 0o700)
	wantMode(t, filepath.Join(dir, "book.db"), 0o600)
	wantMode(t, filepath.Join(dir, "book.db-wal"), 0o600)
}

// A directory of others is not closed to them.
func TestSharedDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	sticky, parent := t.TempDir(), t.TempDir()
	mustRun(t, os.Chmod(sticky, 0o777|fs.ModeSticky), os.Chmod(parent, 0o755), os.Mkdir(filepath.Join(parent, "somebody"), 0o700))
	for _, dir := range []string{sticky, parent} {
		info, err := os.Stat(dir)
		mustRun(t, err)
		if _, err := sqlite.Open(t.Context(), dir, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "subdirectory") {
			t.Errorf("error is %v, want one that names the way out", err)
		}
		wantMode(t, dir, info.Mode().Perm())
		if names, _ := filepath.Glob(filepath.Join(dir, "*.db")); len(names) > 0 {
			t.Errorf("made %v", names)
		}
	}
}

func TestOddDirectoryNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"with space", "a?b#c", "100%41", "ünï", "a&mode=ro", "-x"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			db := open(t, dir)
			mustAdd(t, db, 1)
			mustRun(t, db.Check(t.Context()))
			if _, err := os.Stat(filepath.Join(dir, "book.db")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	t.Parallel()
	t.Run("a file instead of the directory", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		mustRun(t, os.WriteFile(path, nil, 0o600))
		if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil {
			t.Error("opened")
		}
	})
	t.Run("a directory instead of a file", func(t *testing.T) {
		dir := t.TempDir()
		mustRun(t, os.Mkdir(filepath.Join(dir, "book.db"), 0o700), os.Chmod(dir, 0o700))
		if _, err := sqlite.Open(t.Context(), dir, sqlite.Options{}); err == nil {
			t.Error("opened")
		}
	})
	t.Run("other content", func(t *testing.T) {
		dir := t.TempDir()
		text := strings.Repeat("not a database ", 1000)
		mustRun(t, os.WriteFile(filepath.Join(dir, "book.db"), []byte(text), 0o600))
		if _, err := sqlite.Open(t.Context(), dir, sqlite.Options{}); err == nil {
			t.Error("opened")
		}
		if b, _ := os.ReadFile(filepath.Join(dir, "book.db")); string(b) != text {
			t.Error("changed")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := sqlite.Open(ctx, t.TempDir(), sqlite.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

// What a connection is must not depend on which of the pool it is, nor on a default of the driver.
func TestSettings(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	for _, c := range []struct {
		name string
		h    *sqlite.Handle
		sync int
	}{{"main", db.Main, 2}, {"book", db.Book, 1}} {
		want := map[string]any{
			"journal_mode": "wal", "busy_timeout": int64(5000), "foreign_keys": int64(1), "synchronous": int64(c.sync), "auto_vacuum": int64(2),
			"trusted_schema": int64(0), "mmap_size": int64(0),
		}
		for pragma, value := range want {
			var got any
			if err := c.h.Write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != value {
				t.Errorf("%s: %s is %v (%v), want %v", c.name, pragma, got, err, value)
			}
		}
		for range 6 {
			if _, err := c.h.Read.Exec("CREATE TABLE t (x)"); err == nil {
				t.Errorf("%s: a reader can write", c.name)
			}
		}
		if n := c.h.Write.Stats().MaxOpenConnections; n != 1 {
			t.Errorf("%s: %d writers", c.name, n)
		}
	}
}
