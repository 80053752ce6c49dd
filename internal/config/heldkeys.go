package config

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session"
)

// HeldKey is a secret key and where it is kept.
type HeldKey struct {
	Fingerprint string // 8 hexadecimal digits that tell nothing of it
	From        string // the name of a variable, or the path of a file
	secret      []byte
}

// HeldKeys are the secret keys in their order: the first signs.
type HeldKeys []HeldKey

// errNoKey says that no key is known here.
const errNoKey = "there is no secret key here: the server makes %s at its first start. If it gets its key from its own environment " +
	"(in a systemd unit, in a container), give the same DOORBOOK_SECRET_KEY here"

// ReadHeldKeys returns the secret keys that the server has with these secrets and that data
// directory. It makes none.
func ReadHeldKeys(s Secrets, dir string) (HeldKeys, error) {
	if s.Key != nil {
		held := HeldKeys{}
		held.add("DOORBOOK_SECRET_KEY", s.Key)
		return held.withFallbacks(s)
	}
	path := filepath.Join(dir, KeyFile)
	if !isThere(path) {
		return nil, fmt.Errorf(errNoKey, path)
	}
	held, _, err := heldInFiles(s, dir) // the server tells what is weak
	if err == nil {
		_, err = held.Ring(0)
	}
	return held, err
}

// heldInFiles reads the key file, the keys that it has taken the place of, and the fallbacks. One
// that is held already is passed over: a rotation that was cut off may leave one twice.
func heldInFiles(s Secrets, dir string) (held HeldKeys, told string, err error) {
	path := filepath.Join(dir, KeyFile)
	text, told, err := readPrivate("the key file", path)
	if err != nil {
		return nil, "", err
	}
	held.add(path, []byte(strings.TrimSpace(text)))
	older, err := filepath.Glob(filepath.Join(globbed(dir), oldKeyFiles))
	if err != nil {
		return nil, "", err
	}
	for _, path := range older {
		text, _, err := readPrivate("an older key file", path)
		if err != nil {
			return nil, "", err
		}
		if key := []byte(strings.TrimSpace(text)); !held.has(key) {
			held.add(path, key)
		}
	}
	held, err = held.withFallbacks(s)
	return held, told, err
}

// globbed is a directory as a part of a pattern.
func globbed(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (h HeldKeys) withFallbacks(s Secrets) (HeldKeys, error) {
	for _, key := range s.Fallbacks {
		h.add("DOORBOOK_SECRET_KEY_FALLBACKS", key)
	}
	return h, nil
}

func (h *HeldKeys) add(from string, secret []byte) {
	*h = append(*h, HeldKey{Fingerprint: fingerprint(secret), From: from, secret: secret})
}

func (h HeldKeys) has(secret []byte) bool {
	return slices.ContainsFunc(h, func(k HeldKey) bool { return bytes.Equal(k.secret, secret) })
}

// Ring makes the ring of the keys in which the one of that index signs.
func (h HeldKeys) Ring(first int) (*session.KeyRing, error) {
	others := make([][]byte, 0, len(h))
	for i, k := range h {
		if i != first {
			others = append(others, k.secret)
		}
	}
	return ring(h[first].secret, others)
}

// fingerprint tells keys apart: the beginning of an HMAC under a key that is derived from it. "" for a
// key that is refused.
func fingerprint(secret []byte) string {
	keys, err := session.NewKeyRing(secret)
	if err != nil {
		return ""
	}
	sum := keys.Signer("fingerprint").Sum([]byte("doorbook"))
	return hex.EncodeToString(sum[:4])
}
