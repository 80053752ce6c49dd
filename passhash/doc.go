// Package passhash turns passwords into hashes that are slow to guess at, and checks passwords
// against them, without letting a crowd of sign-ins eat the machine.
//
// # Hashes
//
// A new hash is argon2id (RFC 9106) written as a PHC string, which holds everything needed to check
// a password again:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt, 16 bytes>$<tag, 32 bytes>
//
// m is memory in KiB, t the number of passes, p the number of lanes; salt and tag are base64
// without padding. The default is the row m=19456, t=2, p=1 of OWASP ASVS 5.0 appendix C. Nothing
// weaker than that table is made; see [Params].
//
//	hasher, err := passhash.New(passhash.Config{})
//	…
//	hash, err := hasher.Hash(ctx, password)           // when an account is made
//	match, stale, err := hasher.Verify(ctx, hash, password) // when somebody signs in
//	if match && stale { … }                           // store hasher.Hash(ctx, password) in place of the old one
//
// # Hashes of Werkzeug's
//
// The hashes of a Flask application, which Werkzeug makes, are verified too:
//
//	pbkdf2:<digest>:<iterations>$<salt>$<hex>   PBKDF2 (RFC 8018) with HMAC; the key is as long as the digest
//	scrypt:<N>:<r>:<p>$<salt>$<hex>             scrypt (RFC 7914); the key has 64 bytes
//
// The salt is the text between the dollars as it stands, and may be empty. The digest is any of
// hashlib's that are on every machine: md5, sha1, sha224 to sha512, sha512_224, sha512_256,
// sha3_224 to sha3_512, blake2b, blake2s. With argon2id as the configured form they are stale, so
// that a correct sign-in replaces them.
//
// While the Flask application goes on beside us that must not be: it cannot read argon2id. Then
// Config.Form is [Scrypt] or [PBKDF2], what Werkzeug can read is left as it is, and an argon2id
// hash is what gets replaced. Scrypt is the stronger one, but Werkzeug before 2.3 cannot read it.
//
// Only what Werkzeug writes is read. Not read is what it takes beyond that: numbers spelt as Python
// allows ("1_000"), digest names as OpenSSL allows ("SHA256"), and methods without their cost
// ("pbkdf2:sha256$…", "scrypt$…"), which it completes as the version at hand happens to do. The
// forms that it gave up with 3.0 are read only if Config.Legacy says so, are always stale, and
// checking one does the work of the configured form as well.
//
// # One unit of work
//
// Whoever measures how long a failed sign-in takes must not learn whether the account exists (ASVS
// 6.3.8). When there is no account, call [Hasher.Decoy]: it does what Verify does with a hash of
// the configured form and cost, or [Hasher.DecoyLike], where hashes of several costs are stored.
// Verify, Decoy and Hash make exactly one computation each, which [Hasher.Computed] counts, so a
// test can prove it without a clock.
//
// An account whose hash is of another form or cost takes its own time, and so can be told from none
// at all where Decoy alone is called, until its owner has signed in once; while one of Werkzeug's
// forms is configured, which leaves such hashes alone, until the password is changed.
//
// # Passwords
//
// A password is taken exactly as typed (ASVS 6.2.8): no trimming, no folding, no truncation; every
// byte counts, NUL included. How long or good it must be is the caller's business. Only what is
// longer than [MaxPassword] is treated apart: it cannot be hashed, and it never matches. One thing
// is beyond this package's power: HMAC, under both forms of Werkzeug's, does not see NULs at the
// end of a key, so that there "secret" and "secret\x00" are one password.
//
// # A login storm
//
// Each computation takes tens of milliseconds of a processor or, in Werkzeug's forms, some hundred;
// and memory: 19 MiB for argon2id, 32 MiB for scrypt, none to speak of for pbkdf2. A Hasher makes
// at most Config.Slots of them at once, of whatever form, and lets at most Config.Queue callers
// wait, first come first served, none longer than Config.Wait. Everyone else gets [ErrBusy] at
// once, which a web server answers with 503 and Retry-After ([RetryAfter]). So memory stays within
// Slots × that of the dearest hash that is stored or made (and the garbage of as much), and half
// the processors stay free for everything else. A caller whose context ends while waiting is gone
// at once; a computation that has begun runs to its end.
//
// # Hashes from elsewhere
//
// A stored hash is not trusted. It must be in canonical form and no longer than 4096 bytes, and its
// cost is capped before anything is computed. Anything else is [ErrMalformed], never a panic. The
// caps keep a planted hash to a few seconds of one processor and 256 MiB:
//
//	argon2id  256 MiB, 10 passes, 16 lanes
//	scrypt    256 MiB (128·N·r); N·r·p at most 2^23, which is 32 times Werkzeug's default; r·p at most 2^14;
//	          and nothing for which Werkzeug itself would raise an exception
//	pbkdf2    10,000,000 iterations of md5, sha1, sha224 or sha256; 1,666,666 of SHA-3; 2,500,000 of any other digest
package passhash
