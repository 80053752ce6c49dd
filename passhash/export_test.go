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
func (h *Hasher) SetCompute(f func(real func() []byte) []byte) {
	h.compute = func(r record, password []byte) (key []byte, err error) {
		key = f(func() (key []byte) {
			key, err = r.compute(password)
			return key
		})
		return key, err
	}
}

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
func (h *Hasher) SetCheap() {
	switch today := h.today.(type) {
	case argon2idHash:
		today.params = Params{MemoryKiB: 64, Time: 1, Threads: 1}
		h.today = today
	case werkzeugHash:
		switch m := today.method.(type) {
		case pbkdf2Method:
			m.iterations = 1
			today.method = m
		case scryptMethod:
			today.method = scryptMethod{n: 128, r: 8, p: 1}
		}
		h.today = today
	}
}
