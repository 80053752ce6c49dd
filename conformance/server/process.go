package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	startTime = 60 * time.Second // for a server to answer: generous, because machines that run tests are busy
	stopTime  = 10 * time.Second // for a server to end by itself before it is killed
)

// home is a server's temporary directory and the user that owns it.
type home struct {
	dir  string
	user *syscall.Credential // nil: this process's own
}

// newHome makes a directory that only its owner may enter. Servers refuse to run as root, so for
// root it belongs to the first of the users that exists.
func newHome(users ...string) (home, error) {
	dir, err := os.MkdirTemp("", "doorbook-") // short: the path of a unix socket may have no more than 107 bytes
	if err != nil {
		return home{}, err
	}
	h := home{dir: dir}
	if os.Geteuid() == 0 {
		if h.user, err = credential(users...); err == nil {
			err = os.Chown(dir, int(h.user.Uid), int(h.user.Gid))
		}
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return home{}, err
	}
	return h, nil
}

func (h home) path(name string) string { return filepath.Join(h.dir, name) }

// remove removes the directory and all in it.
func (h home) remove() { _ = os.RemoveAll(h.dir) }

// command gives a command that runs as the owner in the directory, without the settings of whoever
// runs the tests.
func (h home) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "HOME=" + h.dir, "TMPDIR=" + h.dir, "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = attributes(h.user)
	return cmd
}

// run runs a command to its end. What it printed is part of the error.
func (h home) run(program string, args ...string) error {
	cmd := h.command(program, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, tail(out))
	}
	return nil
}

// start starts a server, waits until ready gives no error, and gives what stops it and removes the
// directory. The signal asks the server to end, quickly. If this process is killed, so is the
// server.
func (h home) start(signal os.Signal, ready func(context.Context) error, program string, args ...string) (stop func(), err error) {
	log, err := os.Create(h.path("log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := h.command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log

	begun := make(chan error)
	ended := make(chan struct{})
	go func() {
		// Linux kills the server when the thread that started it ends, so that thread is kept for
		// it alone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		begun <- err
		if err == nil {
			_ = cmd.Wait() // killed or not, it is over
			close(ended)
		}
	}()
	if err := <-begun; err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(signal)
		select {
		case <-ended:
		case <-time.After(stopTime):
			_ = cmd.Process.Kill()
			<-ended
		}
		h.remove()
	}
	if err := wait(ready, ended); err != nil {
		out, _ := os.ReadFile(h.path("log"))
		stop()
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, tail(out))
	}
	return stop, nil
}

// wait asks ready until it gives no error, the server has ended, or its time is over.
func wait(ready func(context.Context) error, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", startTime, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail gives the end of a server's log.
func tail(out []byte) []byte { return out[max(0, len(out)-4096):] }
