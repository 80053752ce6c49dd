//go:build !unix

package files

import "io/fs"

// Ours reports whether a file belongs to the user that the program runs as: that cannot be told.
func Ours(fs.FileInfo) bool { return true }

// SameGroup reports whether two files belong to one group: that cannot be told.
func SameGroup(_, _ fs.FileInfo) bool { return false }

// Modes reports whether a mode says who may do what here.
const Modes = false
