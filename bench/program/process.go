// Package program runs the programs that are measured, and visits them.
package program

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a server that runs until Stop. What it prints goes to a file, so that nobody waits for
// a reader.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// Start runs a server. It ends with ctx at the latest: it is asked to, and killed 10 seconds later.
func Start(ctx context.Context, tmp, name, dir string, env []string, command string, args ...string) (*Process, error) {
	p := &Process{Name: name, log: filepath.Join(tmp, name+".log"), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	p.cmd = exec.CommandContext(ctx, command, args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, Environment(env...), out, out
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Stop asks the server to end and waits until it has.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// Listening waits until the server takes connections.
func (p *Process) Listening(ctx context.Context, addr string) error {
	return p.ListeningOn(ctx, "tcp", addr)
}

// ListeningOn is Listening of any network: "unix" for a socket.
func (p *Process) ListeningOn(ctx context.Context, network, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s:\n%s", p.Name, addr, p.Tail())
		case <-p.done:
			return fmt.Errorf("%s has ended:\n%s", p.Name, p.Tail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Tail returns the end of what the server printed.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// ResidentMB returns the memory that the process and its children hold, as Linux counts it: what they
// share counts for each.
func (p *Process) ResidentMB() (float64, error) { return residentMB(p.cmd.Process.Pid, p.Name) }

func residentMB(pid int, name string) (sum float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), "VmRSS:")
	if !ok {
		return 0, fmt.Errorf("no VmRSS of %s", name)
	}
	line, _, _ := strings.Cut(rest, "kB")
	kb, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
	if err != nil {
		return 0, err
	}
	sum = kb * 1024 / 1e6
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, f := range strings.Fields(string(children)) {
		child, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		mb, err := residentMB(child, name)
		if err != nil {
			return 0, err
		}
		sum += mb
	}
	return sum, nil
}

// CPU returns the processor time that the process and its children have used so far, as Linux
// counts it, or 0 where it cannot be told. Unlike answers per second it hardly depends on what else
// the machine does.
func (p *Process) CPU() time.Duration { return CPUOf(p.cmd.Process.Pid) }

// CPUOf is Process.CPU of any process.
func CPUOf(pid int) time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	var sum time.Duration
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name in parentheses may hold anything; utime and stime are the 12th and 13th field after
	// it (proc_pid_stat(5)).
	if fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); len(fields) > 12 {
		for _, f := range fields[11:13] {
			n, _ := strconv.Atoi(f)
			sum += time.Duration(n) * tick
		}
	}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, f := range strings.Fields(string(children)) {
		if child, err := strconv.Atoi(f); err == nil {
			sum += CPUOf(child)
		}
	}
	return sum
}

// ThreadsCPU returns the processor time of the threads that the process has now, to the nanosecond,
// which CPU counts in hundredths of a second. Threads of a Go program stay, so that two readings of
// it can be compared.
func (p *Process) ThreadsCPU() (sum time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("the threads of %s are not to be seen in /proc", p.Name)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(ns)
	}
	return sum, err
}

// Environment is ours without settings meant for another doorbook, and with more.
func Environment(more ...string) []string {
	var env []string
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "DOORBOOK_") {
			env = append(env, line)
		}
	}
	return append(env, more...)
}

// FreeAddr returns a loopback address that nobody listens on at the moment.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Build compiles a command of a module, with more in the environment.
func Build(ctx context.Context, dir, pkg, to string, more ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, pkg)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "CGO_ENABLED=0"), more...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// BuildDoorbook compiles the program whose module this one belongs to, wherever in bench/ it is
// called.
func BuildDoorbook(ctx context.Context, to string) error {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/doorbook/doorbook").Output()
	if err != nil {
		return fmt.Errorf("find the program's source: %w", err)
	}
	return Build(ctx, strings.TrimSpace(string(dir)), "./cmd/doorbook", to, "GOWORK=") // in the program's workspace, with its versions
}
