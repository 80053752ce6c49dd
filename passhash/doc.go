// Package passhash turns passwords into hashes that are slow to guess at, and checks passwords against them, without
// letting a crowd of sign-ins eat the machine.
//
// # Hashes
//
// A hash is argon2id (RFC 9106) written as a PHC string, which holds everything needed to check a password again:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt, 16 bytes>$<tag, 32 bytes>
//
// m is memory in KiB, t the number of passes, p the number of lanes; salt and tag are base64 without padding. The default
// is the row m=19456, t=2, p=1 of OWASP ASVS 5.0 appendix C. Nothing weaker than that table is made; see [Params].
//
//	hasher, err := passhash.New(passhash.Config{})
//	…
//	hash, err := hasher.Hash(ctx, password)           // when an account is made
//	match, stale, err := hasher.Verify(ctx, hash, password) // when somebody signs in
//	if match && stale { … }                           // store hasher.Hash(ctx, password) in place of the old one
//
// # One unit of work
//
// Whoever measures how long a failed sign-in takes must not learn whether the account exists (ASVS 6.3.8). When there is
// no account, call [Hasher.Decoy]: it does what Verify does with a hash of the configured parameters. Verify, Decoy and
// Hash make exactly one computation each, which [Hasher.Computed] counts, so a test can prove it without a clock.
//
// # Passwords
//
// A password is taken exactly as typed (ASVS 6.2.8): no trimming, no folding, no truncation; every byte counts, NUL
// included. How long or good it must be is the caller's business. Only what is longer than [MaxPassword] is treated apart:
// it cannot be hashed, and it never matches.
//
// # A login storm
//
// Each computation takes some 19 MiB and tens of milliseconds of a processor. A Hasher makes at most Config.Slots of them
// at once and lets at most Config.Queue callers wait, first come first served, none longer than Config.Wait. Everyone else
// gets [ErrBusy] at once, which a web server answers with 503 and Retry-After ([RetryAfter]). So memory stays within
// Slots × Params.MemoryKiB (and the garbage of as much), and half the processors stay free for everything else. A caller
// whose context ends while waiting is gone at once; a computation that has begun runs to its end.
//
// # Hashes from elsewhere
//
// A stored hash is not trusted. It must be in canonical form, and its cost is capped before anything is computed: 256 MiB,
// 10 passes, 16 lanes. Anything else is [ErrMalformed], never a panic.
package passhash
