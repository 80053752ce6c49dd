package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
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
			Args: os.Args[1:], Environ: slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasSuffix(v, "="+unset) }), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		}))
	}})
}

// unset is the value of a variable that a script has taken away.
const unset = "(unset)"

// TestScripts runs what stands in testdata/script. Some commands are ours: "exits CODE COMMAND…"
// runs a command and compares its exit code; "signs-in DATA EMAIL PASSWORD…" signs in to a site
// over that data directory; "stays-signed-in" is the same, and "is-signed-in" asks whether that
// browser still is, of a site that is open all the while; "listed-session DATA EMAIL" puts the id
// of a session into $SESSION; "made-token DATA EMAIL ARGUMENT…" makes a token and puts its text
// into $TOKEN and its id into $TOKENID, and "lets-in" asks the open site with it; "unenv NAME"
// takes a variable away; "installs DATA" starts and ends a server, which makes what it needs.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Values[browserKey{}] = new(*sitetest.Visitor)
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
			"stays-signed-in": func(ts *testscript.TestScript, _ bool, args []string) {
				*browser(ts) = sitetest.Open(t, ts.MkAbs(args[0])).Visitor()
				if a := (*browser(ts)).SignIn(args[1], strings.Join(args[2:], " ")); a.Status != 303 {
					ts.Fatalf("signed in: status %d", a.Status)
				}
			},
			"is-signed-in": func(ts *testscript.TestScript, neg bool, _ []string) {
				if in := (*browser(ts)).Get("/").Status == 200; in == neg {
					ts.Fatalf("signed in: %v", in)
				}
			},
			"listed-session": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Exec("doorbook", "session", "list", args[1], "--data", args[0]))
				ts.Setenv("SESSION", regexp.MustCompile(`(?m)^[0-9a-f]{24}`).FindString(ts.ReadFile("stdout")))
			},
			"made-token": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Exec("doorbook", append([]string{"token", "add", args[1], "--data", args[0]}, args[2:]...)...))
				ts.Setenv("TOKEN", strings.TrimSpace(ts.ReadFile("stdout")))
				ts.Setenv("TOKENID", regexp.MustCompile(`[0-9a-f]{24}`).FindString(ts.ReadFile("stderr")))
			},
			"lets-in": func(ts *testscript.TestScript, neg bool, _ []string) {
				a := (*browser(ts)).Do("GET", "/api/tokens", "", "Authorization", "Bearer "+ts.Getenv("TOKEN"))
				if in := a.Status == 200; in == neg {
					ts.Fatalf("status %d: %s", a.Status, a.Body)
				}
			},
			"unenv": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], unset)
			},
			"installs": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(install(ts, args[0]))
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

// browserKey leads to the browser of a script: scripts run side by side.
type browserKey struct{}

func browser(ts *testscript.TestScript) **sitetest.Visitor {
	return ts.Value(browserKey{}).(**sitetest.Visitor)
}

// install runs a server in the environment of a script until it listens.
func install(ts *testscript.TestScript, data string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	env := []string{"HOME=" + ts.Getenv("HOME")}
	if file := ts.Getenv("DOORBOOK_SECRET_KEY_FILE"); file != "" && file != unset {
		env = append(env, "DOORBOOK_SECRET_KEY_FILE="+ts.MkAbs(file))
	}
	var errs strings.Builder
	code := cli.Run(ctx, cli.Env{
		Args: []string{"serve", "--addr", "localhost:0", "--data", ts.MkAbs(data)}, Environ: env,
		Stdin: strings.NewReader(""), Stdout: onWrite(cancel), Stderr: &errs,
	})
	if code != 0 {
		return fmt.Errorf("serve: exit code %d: %s", code, &errs)
	}
	return nil
}

// onWrite is told of what is written by being called.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}
