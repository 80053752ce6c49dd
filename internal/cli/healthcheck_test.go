package cli_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/cli"
)

// healthcheck runs the verb.
func healthcheck(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Run(t.Context(), cli.Env{
		Args: append([]string{"healthcheck"}, args...), Environ: env, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
	})
	return code, out.String(), errs.String()
}

// TestHealthcheck: it asks where the server listens, and says what the answer was.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	well := true
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/readyz":
			http.NotFound(w, r)
		case well:
			_, _ = w.Write([]byte("ready\n"))
		default:
			http.Error(w, "not ready: the book cannot be written", http.StatusServiceUnavailable)
		}
	}))
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	defer server.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, addr := range []string{":" + port, "0.0.0.0:" + port, "127.0.0.1:" + port, "localhost:" + port} {
		code, out, errs := healthcheck(t, []string{"DOORBOOK_ADDR=" + addr, "DOORBOOK_REGISTRATON=x", "http_proxy=http://127.0.0.1:1"})
		if code != 0 || !strings.HasSuffix(out, ":"+port+"/readyz answers 200: ready\n") || errs != "" {
			t.Errorf("%s: %d, %q, %q", addr, code, out, errs)
		}
	}
	well = false
	if code, out, errs := healthcheck(t, nil, "--addr", ":"+port); code != 1 || out != "" || !strings.Contains(errs, "503") || !strings.Contains(errs, "the book cannot be written") {
		t.Errorf("of one that is not well: %d, %q, %q", code, out, errs)
	}
	server.Close()
	if code, _, errs := healthcheck(t, nil, "--addr", ":"+port); code != 1 || !strings.Contains(errs, "no answer") || !strings.Contains(errs, "DOORBOOK_ADDR") {
		t.Errorf("of none: %d, %q", code, errs)
	}
	for _, addr := range []string{"localhost", "localhost:0", ":"} {
		if code, _, errs := healthcheck(t, nil, "--addr", addr); code != 1 || !strings.Contains(errs, "--addr") {
			t.Errorf("%s: %d, %q", addr, code, errs)
		}
	}
}

// TestHealthcheckOfEveryServer: it asks where a server with the same settings answers: below the
// path of the public URL, over TLS, or both.
func TestHealthcheckOfEveryServer(t *testing.T) {
	t.Parallel()
	well := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	plain, encrypted := httptest.NewServer(well), httptest.NewTLSServer(well)
	t.Cleanup(plain.Close)
	t.Cleanup(encrypted.Close)
	for _, c := range []struct {
		server *httptest.Server
		env    []string
		want   string // "" for a wrong setting
	}{
		{plain, nil, "/readyz"},
		{plain, []string{"DOORBOOK_PUBLIC_URL=https://door.test"}, "/readyz"},
		{plain, []string{"DOORBOOK_PUBLIC_URL=https://door.test/"}, "/readyz"},
		{plain, []string{"DOORBOOK_PUBLIC_URL=https://door.test:8443/a/door/"}, "/a/door/readyz"},
		{plain, []string{"DOORBOOK_PUBLIC_URL=door.test"}, ""},
		{encrypted, []string{"DOORBOOK_TLS_CERT=tls.crt"}, "/readyz"},
		{encrypted, []string{"DOORBOOK_TLS_CERT=tls.crt", "DOORBOOK_PUBLIC_URL=https://door.test/door"}, "/door/readyz"},
	} {
		address := c.server.Listener.Addr().String()
		code, out, errs := healthcheck(t, append(c.env, "DOORBOOK_ADDR="+address))
		if c.want == "" {
			if code != 1 || !strings.Contains(errs, "--public-url") {
				t.Errorf("%q: %d, %q", c.env, code, errs)
			}
			continue
		}
		if want := c.server.URL + c.want + " answers 200: " + c.want + "\n"; code != 0 || out != want {
			t.Errorf("%q: %d, %q, %q; want %q", c.env, code, out, errs, want)
		}
	}
}

// TestImagesAskForHealth: each image's HEALTHCHECK is this verb, at the address that its server
// listens on.
func TestImagesAskForHealth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../Dockerfile", "../../deploy/release.Dockerfile"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{`CMD ["/doorbook", "healthcheck"]`, "ENV DOORBOOK_ADDR=:8080 ", `ENTRYPOINT ["/doorbook"]`} {
			if !strings.Contains(string(content), line) {
				t.Errorf("%s does not say %s", name, line)
			}
		}
	}
}
