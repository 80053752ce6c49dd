package passhash

// Parse reads a hash and writes it again, for tests of the canonical form.
func Parse(encoded string) (string, error) {
	r, err := parse(encoded)
	if err != nil {
		return "", err
	}
	return r.(argon2idHash).String(), nil
}

// SetCompute puts f around the computation, for tests of when and how it happens.
func (h *Hasher) SetCompute(f func(real func() []byte) []byte) {
	h.compute = func(r record, password []byte) []byte {
		return f(func() []byte { return r.compute(password) })
	}
}

// Waiting is how many callers wait for a slot.
func (h *Hasher) Waiting() int64 { return h.gate.waiting.Load() }

// SetCheap makes hashes cost next to nothing, for tests of everything but the cost.
func (h *Hasher) SetCheap() { h.params = Params{MemoryKiB: 64, Time: 1, Threads: 1} }
