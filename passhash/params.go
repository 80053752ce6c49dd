package passhash

import "fmt"

// What an argon2id hash may cost at most, so that a planted or broken hash cannot exhaust the
// machine. (Those of Werkzeug's forms have caps of their own beside them.)
const (
	maxMemoryKiB = 256 << 10
	maxTime      = 10
	maxThreads   = 16
)

// Params is the cost of an argon2id hash. The zero value stands for [DefaultParams].
type Params struct {
	MemoryKiB uint32 // memory in KiB, at most 256 MiB
	Time      uint32 // passes over that memory, at most 10
	Threads   uint8  // lanes computed in parallel, at most 16
}

// DefaultParams is 19 MiB, two passes, one lane (ASVS 5.0 appendix C, OWASP password storage cheat
// sheet): the row that is kindest to memory without being slow.
func DefaultParams() Params { return Params{MemoryKiB: 19456, Time: 2, Threads: 1} }

// check refuses what is weaker than ASVS 5.0 appendix C allows, which is 46 MiB with one pass, 19
// MiB with two, or 12 MiB with three or more, and what is dearer than this package would verify.
func (p Params) check() error {
	if !p.computable() {
		return fmt.Errorf("passhash: %v cannot be computed or costs too much: at most m=%d,t=%d,p=%d", p, maxMemoryKiB, maxTime, maxThreads)
	}
	least := uint32(12 << 10)
	switch p.Time {
	case 1:
		least = 46 << 10
	case 2:
		least = 19 << 10
	}
	if p.MemoryKiB < least {
		return fmt.Errorf("passhash: %v is too weak: with t=%d at least m=%d (ASVS 5.0 appendix C)", p, p.Time, least)
	}
	return nil
}

// computable reports whether argon2 is defined for p (RFC 9106 §3.1: 8 KiB for each lane) and
// within the caps.
func (p Params) computable() bool {
	return p.Time >= 1 && p.Time <= maxTime &&
		p.Threads >= 1 && p.Threads <= maxThreads &&
		p.MemoryKiB >= 8*uint32(p.Threads) && p.MemoryKiB <= maxMemoryKiB
}

// String is the parameter part of a PHC string.
func (p Params) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Time, p.Threads)
}
