package rooms_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A consumer is a folder outside of the repository, whose go command gets our modules from a proxy
// as if they were published, into a module cache of its own.
type consumer struct {
	t   *testing.T
	dir string
	env []string
}

// newConsumer makes one. Modules of others come from the proxies that are named besides.
func newConsumer(t *testing.T, proxies ...string) *consumer {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: it publishes modules, and builds programs from them")
	}
	dir := t.TempDir()
	for _, name := range []string{"proxy", "mod", "bin", "program"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, filepath.Join(dir, "proxy"))
	return &consumer{t, filepath.Join(dir, "program"), append(os.Environ(),
		"GOPROXY="+strings.Join(append([]string{fileURL(filepath.Join(dir, "proxy"))}, proxies...), ","),
		"GOMODCACHE="+filepath.Join(dir, "mod"), "GOBIN="+filepath.Join(dir, "bin"), "CGO_ENABLED=0",
		"GOFLAGS=-modcacherw -trimpath", // so that the folder can be removed, and what is built be found again
		"GOWORK=off", "GOSUMDB=off", "GONOPROXY=none", "GOPRIVATE=", "GOTOOLCHAIN=local",
	)}
}

func (c *consumer) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *consumer) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

func (c *consumer) run(program string, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestConsumer is a program of somebody else's that imports session. It gets one module for that,
// and needs no newer Go than that module promises.
func TestConsumer(t *testing.T) {
	t.Parallel()
	c := newConsumer(t)
	const before = "module example.org/consumer\n\ngo 1.24.0\n"
	c.write("go.mod", before)
	c.write("main.go", `package main

import (
	"crypto/rand"
	"net/http"

	"`+module+`/session"
	"`+module+`/session/memstore"
)

func main() {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	keys, err := session.NewKeyRing(secret)
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		panic(err)
	}
	_ = http.ListenAndServe("localhost:8080", sessions.Handler(http.NotFoundHandler()))
}
`)
	c.write("main_test.go", `package main

import (
	"testing"

	"`+module+`/session/memstore"
	"`+module+`/session/sessiontest"
	"`+module+`/session/store"
)

func TestStore(t *testing.T) {
	sessiontest.Run(t, func(*testing.T) store.Store { return memstore.New(memstore.Config{}) })
}
`)
	c.run("go", "mod", "tidy")
	ours := module + "/session " + published(t)
	if got, want := c.read("go.mod"), before+"\nrequire "+ours+"\n"; got != want {
		t.Errorf("go.mod is\n%s\nwant\n%s", got, want)
	}
	sums := c.read("go.sum")
	for line := range strings.Lines(sums) {
		if !strings.HasPrefix(line, ours) {
			t.Errorf("go.sum has %s", line)
		}
	}
	if graph, want := c.run("go", "list", "-m", "all"), "example.org/consumer\n"+ours+"\n"; graph != want {
		t.Errorf("the modules are\n%s\nwant\n%s", graph, want)
	}
	c.run("go", "vet", ".")
	c.run("go", "build", "-o", "consumer", ".")
	for path := range strings.FieldsSeq(c.run("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")) {
		if path != "example.org/consumer" && !within(path, module+"/session") {
			t.Errorf("the consumer's program holds %s", path)
		}
	}
	if info, err := os.Stat(filepath.Join(c.dir, "consumer")); err == nil {
		t.Logf("%d lines in go.sum, a binary of %.1f MB", strings.Count(sums, "\n"), float64(info.Size())/1e6)
	}
}

// TestInstall installs the program as somebody does who has no clone of the repository. That takes
// go.mod files without replace lines, and none that names what is not published.
func TestInstall(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	cache := fileURL(filepath.Join(env("GOMODCACHE"), "cache", "download"))
	c := newConsumer(t, cache, env("GOPROXY")) // the network only has what this machine has not
	version := published(t)
	c.run("go", "install", module+"/cmd/doorbook@"+version)
	program := filepath.Join(c.dir, "..", "bin", "doorbook")
	if said := c.run(program, "version"); !strings.HasPrefix(said, "doorbook "+version+" ") {
		t.Errorf("the program says it is %q, want %s", said, version)
	}
	for line := range strings.Lines(c.run("go", "version", "-m", program)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "dep" {
			if to, ok := local(fields[1]); ok && fields[2] != version {
				t.Errorf("the program has %s at %s", to, fields[2])
			}
		}
	}
}
