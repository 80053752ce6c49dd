package passhash

import (
	"context"
	"strings"
)

// Decoy does the work of Verify with a hash of the configured form that no password matches: call
// it when there is no account, so that the answer takes as long as for a wrong password. Errors:
// ErrBusy or the context's error.
func (h *Hasher) Decoy(ctx context.Context, password string) error {
	_, err := h.matches(ctx, h.today, password)
	return err
}

// DecoyLike is Decoy with the work of a stored hash of another form: what stands before the salt,
// such as "$argon2id$v=19$m=19456,t=2,p=1" or "scrypt:32768:8:1". Where accounts have hashes of
// several costs, an unknown address is to have one of them too, always the same. What is no such
// form has the work of Decoy, as Config.Legacy has it done for the forms that it adds.
func (h *Hasher) DecoyLike(ctx context.Context, form, password string) error {
	_, err := h.matches(ctx, h.like(form), password)
	return err
}

// like returns a record of the form that no password matches.
func (h *Hasher) like(form string) record {
	var m model
	if params, ok := strings.CutPrefix(form, argon2idPrefix); ok {
		p, ok := parseParams(params)
		if !ok || !p.computable() {
			return h.today
		}
		m = argon2idHash{params: p}
	} else {
		w, ok := parseMethod(form)
		if !ok {
			return h.today
		}
		m = werkzeugHash{method: w}
	}
	// The salt and the key are public knowledge, and no less good: nobody has such a hash.
	return m.salted(make([]byte, saltLen)).keyed(make([]byte, m.keyLen()))
}
