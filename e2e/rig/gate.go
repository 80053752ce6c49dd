package rig

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
)

// Gate is the program before applications. Its own Site is the address of the applications on the
// public URL's host; the program's pages are below PagesPath of it.
type Gate struct {
	*Site
	Server *Server
}

// PagesPath is what the program's own pages are below where it stands before applications.
const PagesPath = "/.doorbook"

// StartGate starts the program before applications, each as the setting --app has them.
func StartGate(t testing.TB, o Options, apps ...string) *Gate {
	t.Helper()
	for _, app := range apps {
		o.Args = append(o.Args, "--app", app)
	}
	s := Start(t, o)
	u, err := url.Parse(s.Public)
	if err != nil {
		t.Fatal(err)
	}
	return &Gate{NewSite(t, u.Scheme+"://"+u.Host, s.Token), s}
}

// Again starts the program once more, at the same address and before the same applications.
func (g *Gate) Again(t testing.TB, o Options, apps ...string) *Gate {
	t.Helper()
	o.Dir = g.Server.Dir
	return StartGate(t, o, apps...)
}

// Application serves a handler as an application of its own, and gives its address.
func Application(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// HelloExample builds and starts the application of examples/gate, and gives its address.
func HelloExample(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hello")
	build := exec.Command("go", "build", "-o", binary, "./gate")
	build.Dir = filepath.Join("..", "examples") // tests run in the folder of their package, e2e
	build.Env = append(build.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build examples/gate: %v\n%s", err, out)
	}
	address := FreeAddr(t)
	cmd := exec.Command(binary)
	cmd.Env = append(environment(nil), "ADDR="+address)
	begin(t, cmd, "tcp", address)
	return "http://" + address
}

// HelloPython starts the application that docs/applications.md shows in Python, and gives its
// address.
func HelloPython(t testing.TB) string {
	t.Helper()
	have := exec.Command(python, "-c", "import flask").Run() == nil
	Need(t, have, "there is no Flask (Debian: python3-flask)")
	address := FreeAddr(t)
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(python, "-m", "flask", "--app", filepath.Join("apps", "hello.py"), "run", "--port", port)
	cmd.Env = append(environment(nil), "PYTHONDONTWRITEBYTECODE=1")
	begin(t, cmd, "tcp", address)
	return "http://" + address
}
