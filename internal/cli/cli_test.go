package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/sitetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"doorbook": func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(cli.Run(ctx, cli.Env{
			Args: os.Args[1:], Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		}))
	}})
}

// TestScripts runs what stands in testdata/script. Two commands are ours: "exits CODE COMMAND…"
// runs a command and compares its exit code; "signs-in DATA EMAIL PASSWORD…" signs in to a site
// over that data directory.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				code := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					var e *exec.ExitError
					if !errors.As(err, &e) {
						ts.Fatalf("%v", err)
					}
					code = e.ExitCode()
				}
				if code != want {
					ts.Fatalf("exit code %d, want %d", code, want)
				}
			},
			"signs-in": func(ts *testscript.TestScript, neg bool, args []string) {
				s := sitetest.Open(t, ts.MkAbs(args[0]))
				a := s.Visitor().SignIn(args[1], strings.Join(args[2:], " "))
				if in := a.Status == 303; in == neg {
					ts.Fatalf("signed in: %v (status %d)", in, a.Status)
				}
			},
		},
	})
}
