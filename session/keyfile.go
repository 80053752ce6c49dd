package session

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// KeyFile returns a ring whose first key is the one in a file, which is made, with its directory,
// if it is not there: mode 0600, with 32 random bytes in hexadecimal. Other keys that are to verify
// still are given beside it. Of programs that call KeyFile at the same time all get one key.
//
// A file that others than its owner may read is refused, and so are keys that NewKeyRing refuses.
func KeyFile(path string, older ...[]byte) (*KeyRing, error) {
	secret, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKeyFile(path, os.Link); err == nil {
			secret, err = readKeyFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("session: key file: %w", err)
	}
	ring, err := NewKeyRing(append([][]byte{secret}, older...)...)
	if err != nil {
		return nil, fmt.Errorf("%w (key 1 is that of %s)", err, path)
	}
	return ring, nil
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // which says nothing there
		return nil, fmt.Errorf("others may read %s: make it private with chmod 600, and change the key", path)
	}
	content, err := os.ReadFile(path)
	return []byte(strings.TrimSpace(string(content))), err
}

// makeKeyFile makes the file as a whole or not at all, and leaves one that is there already.
func makeKeyFile(path string, link func(from, to string) error) error {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the program instead
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(raw[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = link(f.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return moveKeyFile(f.Name(), path)
}

// moveKeyFile gives a file its name where none can have two, unless there is one of that name. Of
// programs that do it at the same time one holds a lock file, and the others wait for it.
func moveKeyFile(from, path string) error {
	lock := path + ".lock"
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		f, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		switch {
		case err == nil:
			return errors.Join(f.Close(), moveNew(from, path), os.Remove(lock))
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		time.Sleep(wait)
	}
	return fmt.Errorf("another program is making %s, or was cut off while it did: then remove %s", path, lock)
}

func moveNew(from, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, path)
}
