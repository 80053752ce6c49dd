package passhash

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"
)

// MaxPassword is the longest password in bytes that is hashed.
const MaxPassword = 4096

// ErrTooLong is returned by Hash for a password of more than MaxPassword bytes.
var ErrTooLong = errors.New("passhash: the password is longer than 4096 bytes")

// Config is how passwords are hashed and how many at once. The zero value is a good configuration.
type Config struct {
	// Form is what new hashes look like. If zero, defaults to Argon2id. The others are for while a
	// Flask application is beside us, which reads the same hashes and cannot read argon2id.
	Form Form
	// Params is the cost of new argon2id hashes. If zero, defaults to DefaultParams. Weaker ones are
	// refused, and any with another Form.
	Params Params
	// Legacy also verifies the forms that Werkzeug gave up with 3.0, for a database that still
	// holds some: plain$…$password, and digest$salt$hex as 2.2 and its predecessors read it.
	// Default: they are malformed. They are always stale.
	Legacy bool
	// Slots is how many computations run at once. If zero, defaults to half of GOMAXPROCS, at
	// least 1.
	Slots int
	// Queue is how many callers may wait for a slot. If zero, defaults to 32. If negative, none may: a
	// caller gets a slot at once or ErrBusy.
	Queue int
	// Wait is how long a caller waits for a slot at most. If zero, defaults to 2 seconds.
	Wait time.Duration
	// Before, if not nil, is called before each computation, in its slot. An argon2id hash takes 19
	// MiB of memory for some 30 ms. A program whose heap is small beside that may run runtime.GC in
	// Before: a computation then finds the memory of the one before it, instead of waiting for the
	// system to give it more, which can take longer than the hash.
	Before func()
	// Rand is the source of salts. If nil, defaults to crypto/rand. It must be safe for concurrent
	// use.
	Rand io.Reader
}

// Hasher makes and checks hashes. Create it with New, and only one for a program: the bound on
// memory is the Hasher's. Its methods are safe for concurrent use.
type Hasher struct {
	today    model // a hash of the configured form and cost that no password has: the decoy, and what new ones are made after
	form     Form
	legacy   bool
	rand     io.Reader
	before   func()
	gate     gate
	computed atomic.Int64

	compute func(r record, password []byte) ([]byte, error) // record.compute, but for tests
}

// New returns a Hasher, or an error that says which setting is impossible.
func New(c Config) (*Hasher, error) {
	today, err := c.model()
	if err != nil {
		return nil, err
	}
	if c.Slots < 0 {
		return nil, errors.New("passhash: Slots is negative")
	}
	if c.Slots == 0 {
		c.Slots = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if c.Queue == 0 {
		c.Queue = 32
	}
	if c.Wait < 0 {
		return nil, errors.New("passhash: Wait is negative")
	}
	if c.Wait == 0 {
		c.Wait = 2 * time.Second
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Before == nil {
		c.Before = func() {}
	}
	h := &Hasher{
		form:    cmp.Or(c.Form, Argon2id),
		legacy:  c.Legacy,
		rand:    c.Rand,
		before:  c.Before,
		gate:    gate{slots: make(chan struct{}, c.Slots), queue: int64(max(0, c.Queue)), wait: c.Wait},
		compute: record.compute,
	}
	salt, err := h.random(saltLen)
	if err != nil {
		return nil, err
	}
	key, err := h.random(today.keyLen())
	if err != nil {
		return nil, err
	}
	h.today = today.salted(salt).keyed(key)
	return h, nil
}

// Hash makes a hash of password with a fresh salt and in the configured form. Errors: ErrTooLong,
// ErrBusy, the context's error if it ended before the computation began, or that of Config.Rand.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxPassword {
		return "", ErrTooLong
	}
	salt, err := h.random(saltLen)
	if err != nil {
		return "", err
	}
	fresh := h.today.salted(salt)
	key, err := h.derive(ctx, fresh, password)
	if err != nil {
		return "", err
	}
	return fresh.keyed(key).String(), nil
}

// Verify reports whether hash was made of password. It is stale when the password is right but the
// hash should be replaced by a new one. With argon2id as the configured form that is any hash of
// another form or other parameters. With one of Werkzeug's it is what Werkzeug cannot read:
// argon2id, and the legacy forms; all else is left as it is.
//
// Errors: ErrMalformed (nothing was computed), ErrBusy, the context's error if it ended before the
// computation began. With an error there is no match.
//
// A password of more than MaxPassword bytes never matches. Its first MaxPassword bytes are hashed
// all the same, so that it takes as long as any other wrong one.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (match, stale bool, err error) {
	r, err := parse(hash)
	if err != nil && h.legacy {
		r, err = parseLegacy(hash, h.today)
	}
	if err != nil {
		return false, false, err
	}
	match, err = h.matches(ctx, r, password)
	return match, match && r.stale(h.today), err
}

// Computed is how many computations were made since New. A test can prove with it that every
// attempt costs one.
func (h *Hasher) Computed() int64 { return h.computed.Load() }

func (h *Hasher) matches(ctx context.Context, r record, password string) (bool, error) {
	tooLong := len(password) > MaxPassword
	got, err := h.derive(ctx, r, password[:min(len(password), MaxPassword)])
	if err != nil {
		return false, err
	}
	equal := subtle.ConstantTimeCompare(got, r.want()) == 1
	return equal && !tooLong, nil
}

// derive makes one computation, once there is a slot for it.
func (h *Hasher) derive(ctx context.Context, r record, password string) ([]byte, error) {
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer h.gate.leave()
	h.before()
	h.computed.Add(1)
	secret := []byte(password)
	defer clear(secret)
	return h.compute(r, secret)
}

func (h *Hasher) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(h.rand, b); err != nil {
		return nil, fmt.Errorf("passhash: reading random bytes: %w", err)
	}
	return b, nil
}
