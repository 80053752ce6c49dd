// Package hook is what package passhashtest may ask of a Hasher and nobody else can.
package hook

// Test changes a *passhash.Hasher that nobody uses yet. The zero value changes nothing.
type Test struct {
	// Cheap makes new hashes cost next to nothing.
	Cheap bool
	// Watch, if not nil, is called with the hash that each computation is for.
	Watch func(hash string)
	// Around, if not nil, is called in place of each computation, which is its argument.
	Around func(real func() []byte) []byte
}
