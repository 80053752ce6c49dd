package config

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/files"
)

// oldKeyFiles matches the files of keys that were the key file's once: with their fingerprint, so
// that one can be told from another, and removed when nobody needs it any more.
const oldKeyFiles = "secret-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f].key"

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Rotate puts a new key into the key file, and the one that was there into a file beside it, where it
// goes on verifying. At no moment is there no key, or half of one, also when it is cut off. A server
// that runs knows nothing of it until it starts anew.
func Rotate(s Secrets, dir string) (now, before HeldKey, err error) {
	if s.Key != nil {
		return now, before, errors.New("the secret key is in DOORBOOK_SECRET_KEY, which cannot be changed from here. Make a new one " +
			"(openssl rand -hex 32), put it there wherever the server gets it from, put the one that is there now into " +
			"DOORBOOK_SECRET_KEY_FALLBACKS, and start the server anew: nobody is signed out")
	}
	path := filepath.Join(dir, KeyFile)
	if _, err := ReadHeldKeys(s, dir); err != nil { // before anything is made
		return now, before, err
	}
	if err := replaceable(path); err != nil {
		return now, before, err
	}
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the program instead
	text := hex.EncodeToString(raw[:])
	now = HeldKey{Fingerprint: fingerprint([]byte(text)), From: path, secret: []byte(text)}
	next := path + ".new" // it is there meanwhile, which keeps out another change
	err = writeKey(next, text)
	if errors.Is(err, fs.ErrExist) {
		return now, before, fmt.Errorf("another change of the key is under way. If none is, it was cut off: remove %s and try again", next)
	}
	if err == nil {
		if before, err = replace(s, dir, next); err != nil {
			err = errors.Join(err, os.Remove(next))
		}
	}
	if err != nil {
		return now, before, fmt.Errorf("the key is as it was: %w", err)
	}
	return now, before, nil
}

// replaceable reports why the key file is not for us to replace: the server could not read the new
// one, or would not look at it.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not an ordinary file, but a link or the like: change the key where it comes from", path)
	case !files.Ours(info):
		return fmt.Errorf("%s belongs to somebody else, as whom the server runs, and could not read a new one of yours: "+
			"run this as that user, as in: sudo -u doorbook doorbook keys rotate", path)
	}
	return nil
}

// replace keeps the key that is in the key file now under another name, and lets a new file take
// its place.
func replace(s Secrets, dir, next string) (before HeldKey, err error) {
	held, err := ReadHeldKeys(s, dir)
	if err != nil {
		return before, err
	}
	before = held[0]
	path := before.From
	before.From = filepath.Join(dir, "secret-"+before.Fingerprint+".key")
	if err := keepOld(path, before.From); err != nil {
		return before, err
	}
	if err := os.Rename(next, path); err != nil {
		return before, err
	}
	syncDir(dir)
	return before, nil
}

// keepOld gives the key file a second name, or copies it where no file can have two.
func keepOld(path, old string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if isThere(old) { // of a change that was cut off
		if kept, err := os.ReadFile(old); err != nil || !bytes.Equal(kept, content) {
			return errors.Join(err, fmt.Errorf("%s is there, and holds something else", old))
		}
		return nil
	}
	if os.Link(path, old) != nil {
		if err := writeKey(old, strings.TrimSpace(string(content))); err != nil {
			return err
		}
	}
	syncDir(filepath.Dir(path)) // before the new one is there
	return nil
}

// writeKey makes a file for its owner alone, or none.
func writeKey(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// syncDir makes names last, where that can be asked for.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
