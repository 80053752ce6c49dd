package rooms_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConsumer builds a program of somebody else's that imports nothing but session, and shows what
// it gets for that: of code the standard library alone, and one module.
func TestConsumer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a program")
	}
	house, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.org/consumer\n\ngo 1.26.0\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+house+"\n")
	write("main.go", `package main

import (
	"crypto/rand"
	"net/http"

	"`+module+`/session"
)

func main() {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	keys, err := session.NewKeyRing(secret)
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Store: session.NewMemory(session.MemoryConfig{})})
	if err != nil {
		panic(err)
	}
	_ = http.ListenAndServe("localhost:8080", sessions.Handler(http.NotFoundHandler()))
}
`)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	// Nothing had to be added to go.mod, and nothing to go.sum at all: no other module's code is
	// needed.
	run("build", "-mod=readonly", "-o", "consumer", ".")
	if _, err := os.Stat(filepath.Join(dir, "go.sum")); !os.IsNotExist(err) {
		t.Errorf("the consumer needs a go.sum: %v", err)
	}
	for _, path := range strings.Fields(run("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")) {
		if path != "example.org/consumer" && path != module+"/session" {
			t.Errorf("the consumer's program holds %s", path)
		}
	}
	for line := range strings.Lines(run("version", "-m", "consumer")) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "dep" && fields[1] != module {
			t.Errorf("the binary holds the module %s", fields[1])
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "consumer")); err == nil {
		t.Logf("a binary of %.1f MB; module graph:\n%s", float64(info.Size())/1e6, run("list", "-m", "-f", "{{.Path}}{{if .Indirect}} (indirect){{end}}", "all"))
	}
}
