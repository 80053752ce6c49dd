//go:build unix

package files

import (
	"io/fs"
	"os"
	"syscall"
)

// Ours reports whether a file belongs to the user that the program runs as.
func Ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// SameGroup reports whether two files belong to one group.
func SameGroup(a, b fs.FileInfo) bool {
	one, ok := a.Sys().(*syscall.Stat_t)
	two, fine := b.Sys().(*syscall.Stat_t)
	return ok && fine && one.Gid == two.Gid
}

// Modes reports whether a mode says who may do what here.
const Modes = true
