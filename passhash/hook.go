package passhash

import "github.com/doorbook/doorbook/passhash/internal/hook"

func init() {
	hook.Cheap = func(h any) { h.(*Hasher).cheapen() }
	hook.Around = func(h any, f func(real func() []byte) []byte) { h.(*Hasher).around(f) }
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
