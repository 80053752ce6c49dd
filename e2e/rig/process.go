package rig

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Process is a program beside the one under test: a proxy, a database, another application. It ends
// with the test.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	log    string // the name of the file that has all it said
	exited chan struct{}
}

// begin starts a program and waits until it takes connections at an address. What it says goes to a
// file. If it does not come up, the test ends.
func begin(t testing.TB, cmd *exec.Cmd, network, address string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd, log: filepath.Join(t.TempDir(), "log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // however it ends
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.End()
		if t.Failed() {
			t.Logf("what %s said: %s", filepath.Base(cmd.Path), tail(p.Log(), 4000))
		}
	})
	up := Until(func() bool {
		conn, err := net.DialTimeout(network, address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil || !p.running()
	})
	if !up || !p.running() {
		t.Fatalf("%s does not answer at %s: %s", filepath.Base(cmd.Path), address, tail(p.Log(), 4000))
	}
	return p
}

func (p *Process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Log is what the program has said so far.
func (p *Process) Log() string { return read(p.log) }

// Signal sends a signal, and waits for nothing.
func (p *Process) Signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// Kill ends the program at once: it cannot clean up anything.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// End asks the program to end, and kills it if it does not.
func (p *Process) End() {
	if !p.running() {
		return
	}
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
	}
	p.Kill()
}

// program finds a program that a test needs, also where Debian keeps those for administrators.
func program(t testing.TB, name, pack string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if err != nil {
			path, err = exec.LookPath(filepath.Join(dir, name))
		}
	}
	Need(t, err == nil, fmt.Sprintf("there is no %s (Debian: %s)", name, pack))
	return path
}
