package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMain makes of the test's own binary the program, for those who start it as one.
func TestMain(m *testing.M) {
	if os.Getenv("AS_THE_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is the command line of the program in an environment with nothing but these variables.
func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...) // which a user may run who may not come where it is
	if _, err := os.Stat(cmd.Path); err != nil {
		cmd.Path = os.Args[0]
	}
	cmd.Env = append([]string{"AS_THE_PROGRAM=1", "HOME=" + t.TempDir()}, env...)
	cmd.Dir = "/"
	return cmd
}

var openAt = regexp.MustCompile(`open at (http\S+)`)

// serving starts a server and gives where it is open.
func serving(t *testing.T, cmd *exec.Cmd) (url string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := openAt.FindStringSubmatch(lines.Text()); m != nil {
			go func() { // nobody else reads the rest
				for lines.Scan() {
				}
			}()
			return m[1]
		}
	}
	_ = cmd.Wait()
	t.Fatalf("it did not open: %v\n%s", cmd.ProcessState, &errs)
	return ""
}

// code is what a command that has ended exited with.
func code(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return 0
}

// public makes a folder that every user can reach.
func public(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "doorbook-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}
