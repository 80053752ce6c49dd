package rig

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options say how the program is started. The zero value is `doorbook serve` on a free port with a
// data directory of its own, and nothing in its environment that begins with DOORBOOK_.
type Options struct {
	Dir  string   // data directory; default: a new one, which does not exist yet
	Addr string   // default: 127.0.0.1:0
	Env  []string // NAME=VALUE, in addition
	Args []string // of serve, in addition
}

// Server is a running program. Its methods may be called from several goroutines, except Stop, Kill
// and Wait.
type Server struct {
	Site          // where it listens itself
	Public string // the address that it says people use
	Dir    string // data directory

	cmd    *exec.Cmd
	exited chan struct{}
	code   int
	stdout string // names of files
	stderr string
}

var (
	publicLine = regexp.MustCompile(`open at (\S+)`)
	setupLine  = regexp.MustCompile(`/setup\?token=(\S+)`)
)

// Start starts the program and waits until it answers. When the test ends it is stopped.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := launch(t, o)
	if !s.ready(o.Addr) {
		t.Fatalf("the program does not answer\nstdout: %s\nstderr: %s", s.Stdout(), s.Stderr())
	}
	return s
}

// launch starts the process and waits for nothing.
func launch(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "data")
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	logs := t.TempDir() // not in the data directory, which tests search
	s := &Server{
		Site: Site{t: t}, Dir: o.Dir, exited: make(chan struct{}),
		stdout: filepath.Join(logs, "stdout"), stderr: filepath.Join(logs, "stderr"),
	}
	s.cmd = exec.Command(os.Getenv(binaryEnv), append([]string{"serve", "--addr", o.Addr, "--data", o.Dir}, o.Args...)...)
	s.cmd.Env = environment(o.Env)
	out, err := os.Create(s.stdout)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	errs, err := os.Create(s.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	s.cmd.Stdout, s.cmd.Stderr = out, errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := s.cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			s.code = exit.ExitCode()
		}
		close(s.exited)
	}()
	t.Cleanup(func() {
		if s.running() {
			s.Stop()
		}
		if errs := s.Stderr(); t.Failed() && errs != "" {
			t.Logf("the program's stderr: %s", tail(errs, 4000))
		}
	})
	return s
}

// environment is the tests' own without the program's settings.
func environment(more []string) []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "DOORBOOK_") && !strings.HasPrefix(e, "XDG_") {
			env = append(env, e)
		}
	}
	return append(env, more...)
}

// ready waits for the first answer; by then the program has said everything about itself.
func (s *Server) ready(addr string) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	return Until(func() bool {
		if !s.running() {
			return false
		}
		out := s.Stdout()
		m := publicLine.FindStringSubmatch(out)
		if m == nil {
			return false
		}
		s.Public = m[1]
		if s.URL = s.Public; addr != "" {
			s.URL = "http://" + addr
			if strings.HasSuffix(s.Public, PagesPath) { // the rest is the applications'
				s.URL += PagesPath
			}
		}
		res, err := client.Get(s.URL + "/healthz")
		if err != nil {
			return false
		}
		res.Body.Close()
		if m := setupLine.FindStringSubmatch(s.Stdout()); m != nil {
			s.Token = m[1]
		}
		return res.StatusCode == http.StatusOK
	}) && s.running()
}

func (s *Server) running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Stop asks the program to end, as a service manager does, and gives its exit code.
func (s *Server) Stop() int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	return s.Wait()
}

// Signal sends a signal and waits for nothing.
func (s *Server) Signal(sig os.Signal) { _ = s.cmd.Process.Signal(sig) }

// Kill ends the program at once: it cannot clean up anything.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Wait gives the exit code once the program has ended, and kills it if it seems that it never will.
func (s *Server) Wait() int {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.code
	case <-time.After(patience):
		s.Kill()
		s.t.Errorf("the program did not end in %s", patience)
		return -1
	}
}

// Again starts the program once more on the same data directory, with what Options differ.
func (s *Server) Again(o Options) *Server {
	s.t.Helper()
	o.Dir = s.Dir
	return Start(s.t, o)
}

// Stdout is what the program has said so far.
func (s *Server) Stdout() string { return read(s.stdout) }

// Stderr is what the program has logged so far.
func (s *Server) Stderr() string { return read(s.stderr) }

func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// RSS is the memory that the program has resident, in bytes; 0 where the system does not tell.
func (s *Server) RSS() int64 {
	for line := range strings.Lines(read("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// CPU is how long processors have worked for the program; 0 where the system does not tell.
func (s *Server) CPU() time.Duration {
	_, stat, _ := strings.Cut(read("/proc/"+strconv.Itoa(s.cmd.Process.Pid)+"/stat"), ") ")
	fields := strings.Fields(stat)
	const user, system = 11, 12 // of those after the name, see proc(5)
	if len(fields) <= system {
		return 0
	}
	u, _ := strconv.ParseInt(fields[user], 10, 64)
	k, _ := strconv.ParseInt(fields[system], 10, 64)
	return time.Duration(u+k) * (time.Second / 100) // Linux counts in hundredths for everybody
}

// ports is which one FreeAddr tries next, after the first one of this process.
var ports atomic.Int32

// FreeAddr is an address on this machine that nobody listens on at this moment, for programs that
// must know theirs beforehand. It gives each one once, and none of those that the system gives to
// whoever asks for any.
func FreeAddr(t testing.TB) string {
	t.Helper()
	const first, many = 10_000, 20_000
	for range many {
		port := first + (os.Getpid()*97+int(ports.Add(1)))%many
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// Result is how a command ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs the program with these arguments to its end.
func Run(t testing.TB, env []string, stdin string, args ...string) Result {
	t.Helper()
	// A program that starts where it should refuse to would run for good.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), args...)
	cmd.Env = environment(env)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", args, err)
	}
	return Result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}
