package passhash

import "github.com/doorbook/doorbook/passhash/internal/hook"

// ForTest is for package passhashtest, which alone can make what it takes.
func (h *Hasher) ForTest(t hook.Test) {
	if t.Cheap {
		h.cheapen()
	}
	if t.Watch != nil {
		h.watch(t.Watch)
	}
	if t.Around != nil {
		h.around(t.Around)
	}
}

// cheapen makes new hashes cost next to nothing, for tests of everything but the cost.
func (h *Hasher) cheapen() {
	switch today := h.today.(type) {
	case argon2idHash:
		today.params = Params{MemoryKiB: 8, Time: 1, Threads: 1}
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

// watch calls f with the hash that each computation is for.
func (h *Hasher) watch(f func(hash string)) {
	compute := h.compute
	h.compute = func(r record, password []byte) ([]byte, error) {
		if m, ok := r.(model); ok {
			f(m.String())
		}
		return compute(r, password)
	}
}

// around puts f around the computation, for tests of when and how it happens.
func (h *Hasher) around(f func(real func() []byte) []byte) {
	h.compute = func(r record, password []byte) (key []byte, err error) {
		key = f(func() (key []byte) {
			key, err = r.compute(password)
			return key
		})
		return key, err
	}
}
