package passhash

import (
	"errors"
	"fmt"
)

// Form is what new hashes look like. Hashes of every form are verified whichever is configured;
// that of the configured form is the one a correct sign-in leaves behind, see [Hasher.Verify].
type Form string

const (
	// Argon2id is the default.
	Argon2id Form = "argon2id"
	// Scrypt is Werkzeug's own default since 3.0, scrypt:32768:8:1. Werkzeug reads it from 2.3 on.
	Scrypt Form = "scrypt"
	// PBKDF2 is pbkdf2:sha256:600000, which every Werkzeug since 0.9 reads. The iterations are
	// those of the OWASP password storage cheat sheet.
	PBKDF2 Form = "pbkdf2"
)

// model returns a record of the form and cost that new hashes have, with neither salt nor key.
func (c Config) model() (model, error) {
	if c.Form == "" || c.Form == Argon2id {
		if c.Params == (Params{}) {
			c.Params = DefaultParams()
		}
		return argon2idHash{params: c.Params}, c.Params.check()
	}
	if c.Params != (Params{}) {
		return nil, errors.New("passhash: Params are those of argon2id, which is not the configured Form")
	}
	switch c.Form {
	case Scrypt:
		return werkzeugHash{method: scryptMethod{n: 32768, r: 8, p: 1}}, nil
	case PBKDF2:
		d, _ := findDigest("sha256")
		return werkzeugHash{method: pbkdf2Method{digest: d, iterations: 600_000}}, nil
	}
	return nil, fmt.Errorf("passhash: unknown Form %q", c.Form)
}

// Form returns the form that new hashes have.
func (h *Hasher) Form() Form { return h.form }
