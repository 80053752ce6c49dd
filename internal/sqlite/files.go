package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/files"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// folder is the data directory while it is made private. What is weak about it is told once.
type folder struct {
	dir  string
	weak []string // what could not be closed, with the mode that is open
	why  error
}

// tell says what is weak.
func (f *folder) tell(log *slog.Logger) {
	if kind := files.Network(f.dir); kind != "" {
		log.Warn("the data directory is on a network file system: SQLite works on it from one machine alone, and as well as that keeps locks. "+
			"Rather give a local one with --data or DOORBOOK_DATA, or a MongoDB server with DOORBOOK_DATABASE", "dir", f.dir, "kind", kind)
	}
	if len(f.weak) > 0 {
		log.Warn("the data directory is open to its group and cannot be closed: whoever is in that group may read or replace what is in it. "+
			"To close it, make it the program's own (chown), or give a subdirectory of it with --data or DOORBOOK_DATA",
			"dir", f.dir, "reason", f.why.Error(), "open", strings.Join(f.weak, ", "))
	}
}

// close takes away what others may do with a path. What they must not be able to do is refused if
// it cannot be taken away; why is told and not wrapped, because wayOut would advise a second time.
func (f *folder) close(path string, want, never fs.FileMode) error {
	open, why, err := files.Close(path, want)
	switch {
	case err != nil:
		return err
	case open&never != 0 && files.Modes:
		return fmt.Errorf("%s is open to everybody (mode %04o) and cannot be closed (%v): make it the program's own (chown, chmod %04o), mount it "+
			"without rights for others, or give another directory with --data or DOORBOOK_DATA", path, open|want, why, want)
	case open != 0 && files.Modes:
		f.weak, f.why = append(f.weak, fmt.Sprintf("%s (%04o)", filepath.Base(path), open|want)), why
	}
	return nil
}

// private makes the data directory, or takes away what others may do in an existing one. A
// directory that is plainly not the program's alone (sticky like /tmp, or holding other directories
// like /var/lib) is refused instead, because closing it would break whoever else lives there. One
// of somebody else that the program's group may write will do: Kubernetes gives volumes so
// (fsGroup). There the files themselves are private.
func (f *folder) private() error {
	dir := f.dir
	if err := os.MkdirAll(filepath.Dir(dir), dirMode); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if info.Mode().Perm()&^dirMode != 0 {
		shared, err := sharedDir(dir, info)
		if err != nil {
			return err
		}
		if shared {
			return fmt.Errorf("%s is open to others (mode %04o) and does not look like a directory of its own: give a subdirectory of it; only if nobody else needs it, close it with chmod 700",
				dir, info.Mode().Perm())
		}
	}
	return f.close(dir, dirMode, files.OthersMake)
}

func sharedDir(dir string, info fs.FileInfo) (bool, error) {
	if info.Mode()&fs.ModeSticky != 0 {
		return true, nil
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, n := range names {
		if n.IsDir() && n.Name() != "lost+found" {
			return true, nil
		}
	}
	return false, nil
}

// file makes an empty database file with mode 0600, whatever the umask, or closes an existing one
// and the files beside it to others. SQLite gives the -wal and -shm files the mode of the database.
// It is never opened at path: closing any descriptor of a database drops the POSIX locks that this
// process holds on it.
func (f *folder) file(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := files.Create(path, f.dir, fileMode); err != nil {
			return err
		}
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) && p != path {
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", p)
		}
		if err := f.close(p, fileMode, files.Others); err != nil && !(errors.Is(err, fs.ErrNotExist) && p != path) {
			return err
		}
	}
	return nil
}

// wayOut adds to an error of rights what to do about it.
func wayOut(err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w: the program runs as user %d, who must be able to write there (chown, or fsGroup in Kubernetes), or give another directory "+
		"with --data or DOORBOOK_DATA", err, os.Geteuid())
}
