//go:build !unix

package sqlite_test

// setUmask does nothing where files have no modes.
func setUmask(int) int { return 0 }
