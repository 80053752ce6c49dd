package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryEnv names the program under test. `make e2e` sets it; otherwise Main builds the program and sets it.
const binaryEnv = "DOORBOOK_BIN"

// Main is what TestMain calls: it builds the program once, unless DOORBOOK_BIN names one, and runs the tests. It gives
// the exit code.
func Main(m *testing.M) int {
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
	cmd.Dir = ".." // tests run in the folder of their package, e2e
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}
