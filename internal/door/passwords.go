package door

import (
	"context"

	"golang.org/x/text/unicode/norm"

	"github.com/doorbook/doorbook/passhash"
)

// passwords hashes what people type. The same password reaches us in two ways, as "é" or as "e" and
// an accent, depending on the keyboard and the system; so new hashes are of Unicode's composed form
// (NFC; NIST SP 800-63B-4 §3.1.1.2). Hashes that a Flask application reads as well stay of what was
// typed, since that hashes what was typed.
//
// An old hash may be of either. It is compared with what was typed, then with the composed form,
// but only when these differ; a decoy costs as much then. Nothing else about a password is changed
// (ASVS 6.2.8).
type passwords struct{ hasher *passhash.Hasher }

// composes reports whether new hashes are of the composed form.
func (p passwords) composes() bool { return p.hasher.Form() == passhash.Argon2id }

// spelled returns a new password as it is hashed. The rules look at that, too: what is eight
// letters to the hash must not count as sixteen because of how a system spells them.
func (p passwords) spelled(password string) string {
	if p.composes() {
		return norm.NFC.String(password)
	}
	return password
}

// Hash is passhash.Hasher.Hash.
func (p passwords) Hash(ctx context.Context, password string) (string, error) {
	return p.hasher.Hash(ctx, p.spelled(password))
}

// Verify is passhash.Hasher.Verify. A hash of another spelling than new ones have is stale, too.
func (p passwords) Verify(ctx context.Context, hash, password string) (match, stale bool, err error) {
	match, stale, err = p.hasher.Verify(ctx, hash, password)
	if err != nil || norm.NFC.IsNormalString(password) {
		return match, stale, err
	}
	if match {
		return true, stale || p.composes(), nil
	}
	return p.hasher.Verify(ctx, hash, norm.NFC.String(password))
}

// Decoy costs what Verify of a wrong password costs, with a hash of that form.
func (p passwords) Decoy(ctx context.Context, form, password string) error {
	err := p.hasher.DecoyLike(ctx, form, password)
	if err != nil || norm.NFC.IsNormalString(password) {
		return err
	}
	return p.hasher.DecoyLike(ctx, form, norm.NFC.String(password))
}
