//go:build unix && !linux

package server

import (
	"errors"
	"syscall"
)

// attributes: elsewhere than on Linux a server outlives a test binary that is killed.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}

func credential(...string) (*syscall.Credential, error) {
	return nil, errors.New("the tests of servers do not run as root here")
}
