package rig

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// caddyProgram is what scripts/setup builds into the cache folder, of e2e/caddy.
const caddyProgram = "caddy-v2.11.9"

// OldCaddy starts Debian's Caddy with a configuration, and waits until it answers at the address
// that the configuration listens at.
func OldCaddy(t testing.TB, address, configuration string) *Process {
	t.Helper()
	return caddy(t, program(t, "caddy", "caddy"), address, configuration)
}

// NewCaddy is the same of the newest one.
func NewCaddy(t testing.TB, address, configuration string) *Process {
	t.Helper()
	users, _ := os.UserCacheDir()
	path := filepath.Join(cmp.Or(os.Getenv("DOORBOOK_CACHE"), filepath.Join(users, "doorbook")), caddyProgram)
	_, err := os.Stat(path)
	Need(t, err == nil, "there is no "+caddyProgram+" (make setup builds it)")
	return caddy(t, path, address, configuration)
}

func caddy(t testing.TB, path, address, configuration string) *Process {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tgrace_period 100ms\n}\n"+configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "run", "--adapter", "caddyfile", "--config", file)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	return begin(t, cmd, "tcp", address)
}
