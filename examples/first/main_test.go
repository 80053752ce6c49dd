package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// TestReadme: the program stands in the README as it is, and has at most 25 lines.
func TestReadme(t *testing.T) {
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

// TestStory runs the program as it is, on its own port: signed out, signed in, signed out, and the old cookie is worthless.
func TestStory(t *testing.T) {
	const host = "localhost:8080"
	if busy, err := net.Dial("tcp", host); err == nil {
		_ = busy.Close()
		t.Skip("something else listens on " + host)
	}
	go main()
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
		var answer *http.Response
		for try := 0; ; try++ {
			if answer, err = http.DefaultClient.Do(r.Clone(t.Context())); err == nil {
				break
			}
			if try == 100 {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			r.Body, _ = r.GetBody()
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
