package session

// Derive is what a cookie's form gets of a key ring.
func Derive(r *KeyRing) func(purpose string) [][]byte { return r.derive }
