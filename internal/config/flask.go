package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/session/flask"
)

// Flask is the secret keys of a Flask application that shares our cookie, or did.
type Flask struct {
	Key       []byte   // DOORBOOK_FLASK_SECRET_KEY: its SECRET_KEY; nil if there is none
	Fallbacks [][]byte // DOORBOOK_FLASK_SECRET_KEY_FALLBACKS: its SECRET_KEY_FALLBACKS
}

// minFlaskKey is the least that is taken, in bytes: such a key signs people in here, so it must not
// be guessed. Flask's own documentation has made keys of 16 bytes and more.
const minFlaskKey = 16

// readFlask reads the keys, of which take makes bytes or refuses them. They are taken byte for byte,
// as Flask takes a text; "hex:" before one is for keys that are bytes.
func readFlask(from *secrets, take func(name, text string) ([]byte, error)) (f Flask, err error) {
	const name = "DOORBOOK_FLASK_SECRET_KEY"
	key, err := from.read(name)
	if err != nil {
		return f, err
	}
	list, err := from.read(name + "_FALLBACKS")
	if err != nil {
		return f, err
	}
	if key == "" {
		if list != "" {
			return f, errors.New(name + "_FALLBACKS is set without " + name)
		}
		return f, nil
	}
	if f.Key, err = take(name, key); err != nil || list == "" {
		return f, err
	}
	for item := range strings.SplitSeq(list, ",") {
		one, err := take(name+"_FALLBACKS", strings.TrimSpace(item))
		if err != nil {
			return f, err
		}
		f.Fallbacks = append(f.Fallbacks, one)
	}
	return f, nil
}

// checkFlaskCookie refuses names that no cookie has, and those of our own.
func checkFlaskCookie(name, prefix string) error {
	own := strings.TrimPrefix(name, "__Host-")
	if prefix != "" {
		own = strings.TrimPrefix(own, prefix+"-")
	}
	switch own {
	case "form", "device":
		return fmt.Errorf("--flask-cookie: %q is the name of another cookie of ours", name)
	}
	if name != "" && (&http.Cookie{Name: name, Value: "x"}).Valid() != nil {
		return fmt.Errorf("--flask-cookie: %q is no name for a cookie", name)
	}
	return nil
}

// AnyFlaskKeys is the keys of a Flask application as ReadSecrets reads them, but however weak, for
// who only looks into a cookie; none if there is none.
func AnyFlaskKeys(env Environment) (Flask, error) { return readFlask(&secrets{env: env}, FlaskKey) }

// ReadFlaskKey reads a key from a file that an option names.
func ReadFlaskKey(option, path string) ([]byte, error) {
	text, _, err := readPrivate(option, path)
	if err != nil {
		return nil, err
	}
	return FlaskKey(option, text)
}

// FlaskKey makes the bytes of a key: those of the text, or those that "hex:" and digits say.
func FlaskKey(name, text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "hex:")
	if !ok {
		return []byte(text), nil
	}
	key, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("%s: what follows hex: is not hexadecimal", name)
	}
	return key, nil
}

func flaskKey(name, text string) ([]byte, error) {
	key, err := FlaskKey(name, text)
	if err != nil {
		return nil, err
	}
	switch {
	case flask.Published(key):
		return nil, fmt.Errorf("%s: this key is printed in public documentation: everybody can sign in with it. Give the Flask application another one first", name)
	case len(key) < minFlaskKey:
		return nil, fmt.Errorf("%s: a key of %d bytes, fewer than %d, can be guessed, and whoever has it signs in as anybody. Give the Flask application another one first", name, len(key), minFlaskKey)
	}
	return key, nil
}
