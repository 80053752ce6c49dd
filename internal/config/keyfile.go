package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/doorbook/doorbook/internal/files"
	"github.com/doorbook/doorbook/session"
)

// KeyFile is the name of the secret key's file in the data directory.
const KeyFile = "secret.key"

// Keys makes the ring of secret keys: the one of the environment, else the one of the key file,
// which is made at the first start, with those that it has taken the place of (Rotate); then the
// fallbacks. Weak and published keys are refused, and so is a key file that others may read. What is
// weak about one of somebody else, and cannot be mended from here, is told in a sentence.
func Keys(s Secrets, dir string) (keys *session.KeyRing, told string, err error) {
	if s.Key != nil {
		keys, err = ring(s.Key, s.Fallbacks)
		return keys, "", err
	}
	path := filepath.Join(dir, KeyFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		made, err := session.KeyFile(path, s.Fallbacks...)
		if _, missing := os.Stat(path); err == nil || missing != nil {
			return made, "", inWords(err)
		} // else it is there, but the mount opens it to others, of which we know more
	}
	held, told, err := heldInFiles(s, dir)
	if err != nil {
		return nil, "", err
	}
	if told != "" { // it is weaker than it need be, if its mount lets us mend that
		if open, _, err := files.Close(path, 0o600); err == nil && open == 0 {
			told = ""
		}
	}
	if keys, err = held.Ring(0); err != nil {
		return nil, "", fmt.Errorf("%w (key 1 is that of %s)", err, path)
	}
	return keys, told, nil
}

func ring(key []byte, fallbacks [][]byte) (*session.KeyRing, error) {
	keys, err := session.NewKeyRing(append([][]byte{key}, fallbacks...)...)
	return keys, inWords(err)
}

func inWords(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("secret key: %w (make one with: openssl rand -hex 32)", err)
}

// KnownKeys is Keys for a program beside the server: it makes no key file, which would become the
// server's key one day. If there is no key to be known here (known is false), the ring is random
// and good for nothing but filling its place.
func KnownKeys(s Secrets, dir string) (keys *session.KeyRing, known bool, err error) {
	if s.Key == nil {
		if _, err := os.Stat(filepath.Join(dir, KeyFile)); errors.Is(err, fs.ErrNotExist) {
			var raw [32]byte
			_, _ = rand.Read(raw[:])
			keys, err := ring(raw[:], nil)
			return keys, false, err
		}
	}
	keys, _, err = Keys(s, dir) // the server tells what is weak
	return keys, err == nil, err
}
