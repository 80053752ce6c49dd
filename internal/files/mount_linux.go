package files

import "syscall"

// ReadOnly reports whether nothing can be changed where a file is, not even its mode.
func ReadOnly(path string) bool {
	const readOnly = 1 // ST_RDONLY
	var s syscall.Statfs_t
	return syscall.Statfs(path, &s) == nil && s.Flags&readOnly != 0
}

// Network names the kind of network file system that a folder is on, "" for none.
func Network(dir string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return ""
	}
	switch uint32(s.Type) {
	case 0x6969:
		return "NFS"
	case 0xff534d42, 0x517b, 0xfe534d42:
		return "SMB"
	}
	return ""
}
