package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestHello: it greets by the name that Doorbook tells. The rest is shown in e2e/, where Doorbook
// stands before it.
func TestHello(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/a/b?c=d", http.NoBody)
	r.Header.Set("Remote-Name", "Zo%C3%AB%20M%C3%BCller")
	w := httptest.NewRecorder()
	hello(w, r)
	if got, want := w.Body.String(), "Hello, Zoë Müller. You asked for /a/b?c=d.\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDocument: docs/applications.md shows the same.
func TestDocument(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/applications.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "func hello")
	code, _, _ = strings.Cut(code, "\nfunc main")
	if !strings.Contains(string(document), "```go\nfunc hello"+strings.TrimRight(code, "\n")+"\n```\n") {
		t.Error("docs/applications.md shows another program")
	}
}
