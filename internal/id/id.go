// Package id makes the identifiers of developers and entries: 24 hexadecimal digits, the form of a
// MongoDB ObjectID, so that a record keeps its id and its address when it moves to another
// database.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// New makes an id for something that came to be at now. Ids sort by second; within a second they
// are random (64 bits), so two processes need not know of each other. An id is a name, never a
// secret.
func New(now time.Time) string {
	var b [12]byte
	binary.BigEndian.PutUint32(b[:4], uint32(now.Unix()))
	_, _ = rand.Read(b[4:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// Valid reports whether s has the written form of an id: 24 lower-case hexadecimal digits.
func Valid(s string) bool {
	if len(s) != 24 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
