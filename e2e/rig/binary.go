package rig

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// binaryEnv names the program under test. `make e2e` sets it; otherwise Main builds the program and
// sets it.
const binaryEnv = "DOORBOOK_BIN"

// Main is what TestMain calls: it builds the program once, unless DOORBOOK_BIN names one, and runs
// the tests, more of them at once than there are processors unless -parallel is given: they wait
// for programs, and those for their timers. It gives the exit code.
func Main(m *testing.M) int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
	defer closeBrowser()
	if os.Getenv(binaryEnv) == "" {
		dir, err := os.MkdirTemp("", "doorbook-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		defer os.RemoveAll(dir)
		path, err := build(dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		os.Setenv(binaryEnv, path)
	}
	return m.Run()
}

func build(dir string) (string, error) {
	path := filepath.Join(dir, "doorbook")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/doorbook")
	// Tests run in the folder of their package, e2e, alone; the program is built in its workspace.
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}
