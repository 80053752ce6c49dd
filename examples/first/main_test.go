package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadme: the program stands in the README as it is, and has at most 25 lines.
func TestReadme(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Error("README.md shows another program")
	}
	if lines := strings.Count(string(program), "\n"); lines > 25 {
		t.Errorf("%d lines", lines)
	}
}

// address is where the program listens.
const address = "localhost:8080"

// start runs the program as it is, but for its address, until the test ends, and gives that: others
// may hold the one that stands in the program.
func start(t *testing.T) (host string) {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	host = listener.Addr().String()
	_ = listener.Close()
	program, err := filepath.Abs("main.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), address) != 1 {
		t.Fatalf("main.go does not name %s once", address)
	}
	dir := t.TempDir()
	replaced, overlay, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "first")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {program: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(replaced, []byte(strings.Replace(string(text), address, host, 1)), 0o600),
		os.WriteFile(overlay, replace, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	cmd := exec.Command(binary)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	for {
		if conn, err := net.Dial("tcp", host); err == nil {
			_ = conn.Close()
			return host
		}
		select {
		case <-exited:
			t.Fatalf("the program has ended: %s", &said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestStory runs the program: signed out, signed in, signed out, and the old cookie is worthless.
func TestStory(t *testing.T) {
	t.Parallel()
	host := start(t)
	cookie := ""
	do := func(method, path string, form url.Values) (body string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+host+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s", method, path, answer.Status)
		}
		if sent := answer.Cookies(); len(sent) > 0 {
			cookie = sent[0].Name + "=" + sent[0].Value
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("a stranger", do("GET", "/", nil), "Hello, .\n")
	do("POST", "/login", url.Values{"name": {"Ada"}})
	old := cookie
	expect("signed in", do("GET", "/", nil), "Hello, Ada.\n")
	do("POST", "/logout", nil)
	expect("signed out", do("GET", "/", nil), "Hello, .\n")
	cookie = old
	expect("the old cookie", do("GET", "/", nil), "Hello, .\n")
}
