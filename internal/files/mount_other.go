//go:build !linux

package files

// ReadOnly reports whether nothing can be changed where a file is: that cannot be told here.
func ReadOnly(string) bool { return false }

// Network names the kind of network file system that a folder is on: that cannot be told here.
func Network(string) string { return "" }
