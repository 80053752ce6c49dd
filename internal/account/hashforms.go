package account

import (
	"context"
	"strings"
)

// Hashes tells what the stored password hashes look like, so that the work for an unknown address
// can be like that for a known one.
type Hashes interface {
	// HashForms counts the developers by the HashForm of their hashes. It may leave out rare forms.
	HashForms(ctx context.Context) (map[string]int, error)
}

// HashForm returns what stands before the salt of a password hash: its method and cost. That is
// "$argon2id$v=19$m=19456,t=2,p=1" of a PHC string and "scrypt:32768:8:1" of one of Werkzeug's.
func HashForm(hash string) string {
	if !strings.HasPrefix(hash, "$") {
		form, _, ok := strings.Cut(hash, "$")
		if !ok {
			return ""
		}
		return form
	}
	for range 2 {
		hash = hash[:max(0, strings.LastIndexByte(hash, '$'))]
	}
	return hash
}
