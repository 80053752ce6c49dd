//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// apart gives a command a group of its own, with what it starts.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endAll ends a command that is apart, with what it started.
func endAll(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
