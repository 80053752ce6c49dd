package passhash

// Parse reads a hash and writes it again, for tests of the canonical form.
func Parse(encoded string) (string, error) {
	r, err := parse(encoded)
	if err != nil {
		return "", err
	}
	return r.(model).String(), nil
}

// SetCompute puts f around the computation, for tests of when and how it happens.
func (h *Hasher) SetCompute(f func(real func() []byte) []byte) { h.around(f) }

// SetComputing calls f with the hash that each computation is for, instead of it.
func (h *Hasher) SetComputing(f func(hash string)) {
	h.compute = func(r record, _ []byte) ([]byte, error) {
		f(r.(model).String())
		return make([]byte, len(r.want())), nil
	}
}

// Waiting is how many callers wait for a slot.
func (h *Hasher) Waiting() int64 { return h.gate.waiting.Load() }

// SetCheap makes hashes cost next to nothing, for tests of everything but the cost.
func (h *Hasher) SetCheap() { h.cheapen() }
