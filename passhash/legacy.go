package passhash

import (
	"crypto/hmac"
	"crypto/sha256"
)

// legacyHash is the record of a form that Werkzeug wrote and read up to 2.2, and that costs next to
// nothing to guess at:
//
//	plain$…$password           the password itself; what stands between the dollars means nothing
//	<digest>$salt$hex          HMAC with the salt as its key
//	<digest>$$hex              the bare digest (2.3 takes it for an HMAC with an empty key; that is not read here)
type legacyHash struct {
	sum    func(password []byte) []byte
	key    []byte
	beside record // whose work is done as well: the time must not tell who has a hash of this kind
}

func (l legacyHash) compute(password []byte) ([]byte, error) {
	if _, err := l.beside.compute(password); err != nil {
		return nil, err
	}
	return l.sum(password), nil
}

func (l legacyHash) want() []byte { return l.key }

// stale: nobody should keep such a hash, and no Werkzeug since 3.0 can read it.
func (l legacyHash) stale(record) bool { return true }

func parseLegacy(encoded string, beside record) (record, error) {
	name, salt, sum, ok := cutDollars(encoded)
	if !ok || len(encoded) > maxEncoded {
		return nil, ErrMalformed
	}
	if name == "plain" {
		key := sha256.Sum256([]byte(sum)) // equal lengths, so that comparing takes as long for each
		return legacyHash{sum: func(password []byte) []byte {
			got := sha256.Sum256(password)
			return got[:]
		}, key: key[:], beside: beside}, nil
	}
	d, ok := findDigest(name)
	if !ok {
		return nil, ErrMalformed
	}
	key, ok := decodeHex(sum, d.size)
	if !ok {
		return nil, ErrMalformed
	}
	return legacyHash{sum: func(password []byte) []byte {
		h := d.new()
		if salt != "" {
			h = hmac.New(d.new, []byte(salt))
		}
		h.Write(password)
		return h.Sum(nil)
	}, key: key, beside: beside}, nil
}
