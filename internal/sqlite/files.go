package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// privateDir makes the data directory, or takes away what others may do in an existing one. A
// directory that is plainly not the program's alone (sticky like /tmp, or holding other directories
// like /var/lib) is refused instead, because closing it would break whoever else lives there.
func privateDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), dirMode); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirMode); err == nil {
		return os.Chmod(dir, dirMode) // whatever the umask
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if info.Mode().Perm()&^dirMode == 0 {
		return nil
	}
	shared, err := sharedDir(dir, info)
	if err != nil {
		return err
	}
	if shared {
		return fmt.Errorf("%s is open to others (mode %04o) and does not look like a directory of its own: give a subdirectory, or close it with chmod 700",
			dir, info.Mode().Perm())
	}
	return os.Chmod(dir, dirMode)
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

// privateFile makes an empty database file with mode 0600, whatever the umask, or closes an
// existing one and the files beside it to others. SQLite gives the -wal and -shm files the mode of
// the database.
func privateFile(path string) error {
	if err := createFile(path); err != nil {
		return err
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
		if info.Mode().Perm() != fileMode {
			if err := os.Chmod(p, fileMode); err != nil {
				return err
			}
		}
	}
	return nil
}

// createFile makes the file if there is none. It is made under another name and linked, never
// opened at path: closing any descriptor of a database drops the POSIX locks that this process
// holds on it.
func createFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Chmod(fileMode), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
