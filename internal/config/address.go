package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// AddressFile is the name of the file in the data directory that says at which address the server
// was open when it started last. Verbs that make links read it: their shell may lack the settings of
// the server.
const AddressFile = "address"

// LeaveAddress writes the file, whole or not at all. Where there is no data directory, as with a
// database elsewhere and the key in the environment, nothing is left.
func LeaveAddress(dir, url string, guessed bool) error {
	f, err := os.CreateTemp(dir, AddressFile+"-*") // with mode 0600
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	kind := "set"
	if guessed {
		kind = "guessed"
	}
	_, err = fmt.Fprintf(f, "%s %s\n", url, kind)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, AddressFile))
}

// leftAddress reads the file; "" if there is none that a server has written.
func leftAddress(dir string) (url string, guessed bool) {
	text, err := os.ReadFile(filepath.Join(dir, AddressFile))
	if err != nil {
		return "", true
	}
	address, kind, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if url, err = PublicURL(address); err != nil {
		return "", true
	}
	return url, kind != "set"
}
