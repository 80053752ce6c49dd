package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/session"
)

// KeyFile is the name of the secret key's file in the data directory.
const KeyFile = "secret.key"

// Keys makes the ring of secret keys: the one of the environment, else the one of the key file,
// which is made at the first start; then the fallbacks. Weak and published keys are refused, and so
// is a key file that others may read.
func Keys(s Secrets, dir string) (*session.KeyRing, error) {
	first := s.Key
	if first == nil {
		var err error
		if first, err = keyFile(dir); err != nil {
			return nil, err
		}
	}
	ring, err := session.NewKeyRing(append([][]byte{first}, s.Fallbacks...)...)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w (make one with: openssl rand -hex 32)", err)
	}
	return ring, nil
}

// KnownKeys is Keys for a program beside the server. Unless it is the first to use the data
// directory it makes no key file, which would become the server's key one day. If there is no key
// to be known here (known is false), the ring is random and good for nothing but filling its place.
func KnownKeys(s Secrets, dir string, first bool) (ring *session.KeyRing, known bool, err error) {
	if s.Key == nil && !first {
		switch _, err := readKey(filepath.Join(dir, KeyFile)); {
		case errors.Is(err, fs.ErrNotExist):
			var raw [32]byte
			_, _ = rand.Read(raw[:])
			ring, err := session.NewKeyRing(raw[:])
			return ring, false, err
		case err != nil:
			return nil, false, err
		}
	}
	ring, err = Keys(s, dir)
	return ring, err == nil, err
}

// keyFile reads the key file, or makes it. Of two programs that start at once, both get the one
// that was there first.
func keyFile(dir string) ([]byte, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	if err := os.MkdirAll(dir, 0o700); err != nil { // nothing else lives there if the records are on a server
		return nil, fmt.Errorf("secret key: %w", err)
	}
	f, err := os.CreateTemp(dir, KeyFile+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(raw[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret key: others may read %s: make it private with chmod 600, and change the key", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	return []byte(strings.TrimSpace(string(content))), nil
}
