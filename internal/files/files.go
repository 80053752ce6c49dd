// Package files knows what the places can be like in which the program keeps and finds its files:
// folders of others, mounts that add rights or take some away, systems without hard links.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// These are the rights of a file's mode.
const (
	Group      fs.FileMode = 0o070 // of the group, all of them
	Others     fs.FileMode = 0o007 // of everybody else, all of them
	OthersRead fs.FileMode = 0o004
	OthersMake fs.FileMode = 0o002 // to write, and in a folder to make and remove
)

// Close takes away of a file or a folder what its mode has beyond want, if that can be done: it may
// belong to somebody else, and some mounts do not care. It gives what is open still, with the
// reason; an error if it cannot even be looked at.
func Close(path string, want fs.FileMode) (open fs.FileMode, why, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, nil, err
	}
	if info.Mode().Perm() == want {
		return 0, nil, nil
	}
	why = os.Chmod(path, want)
	if info, err = os.Stat(path); err != nil {
		return 0, nil, err
	}
	if open = info.Mode().Perm() &^ want; open != 0 && why == nil {
		why = fmt.Errorf("the mount keeps mode %04o whatever is asked for", info.Mode().Perm())
	}
	return open, why, nil
}

// Create makes an empty file with a mode, or leaves the one that is there already. It is made under
// another name and linked, so that it is never there with another mode and no descriptor of it is
// closed under path; where there are no hard links it is made at once.
func Create(path, temporary string, mode fs.FileMode) error {
	return create(path, temporary, mode, os.Link)
}

func create(path, temporary string, mode fs.FileMode, link func(from, to string) error) error {
	f, err := os.CreateTemp(temporary, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Chmod(mode), f.Close()); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	err = link(f.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	one, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return one.Close()
}

// Added is the rights that the mount of a folder gives to every file, whatever it was made with.
func Added(dir string) fs.FileMode {
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return 0
	}
	defer os.Remove(f.Name())
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return 0
	}
	return info.Mode().Perm() &^ 0o600
}
