package server

import (
	"errors"
	"os/user"
	"strconv"
	"syscall"
)

// attributes lets a process run as the given user (nil: this one), and die with the thread that
// started it.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
}

// credential gives the first of the users that exists, and else nobody.
func credential(names ...string) (*syscall.Credential, error) {
	var failed error
	for _, name := range append(names, "nobody") {
		found, err := user.Lookup(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, failed
}
