//go:build unix

package sqlite_test

import "syscall"

// setUmask sets the process's mask of file modes and gives the one before.
func setUmask(mask int) int { return syscall.Umask(mask) }
