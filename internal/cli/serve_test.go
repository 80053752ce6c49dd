package cli_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// serve runs "doorbook ARGS" until it says where it is, ends it, and gives what it said. What it
// logged meanwhile must be JSON, one object a line (ASVS 16.2.4).
func serve(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs sitetest.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, cli.Env{
			Args: args, Environ: environ(env), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		})
	}()
	for {
		said, more := out.Changed()
		if strings.Contains(said, "registration") {
			break
		}
		select {
		case code := <-ended:
			t.Fatalf("it ended with %d: %s", code, &errs)
		case <-more:
		}
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d: %s", code, &errs)
	}
	lines := 0
	for line := range strings.Lines(errs.String()) {
		lines++
		var logged struct {
			Time       time.Time
			Level, Msg string
		}
		if err := json.Unmarshal([]byte(line), &logged); err != nil || logged.Time.IsZero() || logged.Level == "" || logged.Msg == "" {
			t.Errorf("logged %q: %v", line, err)
		}
	}
	if lines == 0 {
		t.Error("nothing was logged")
	}
	return out.String()
}

// TestSettings: flags win over the environment, the environment over the defaults.
func TestSettings(t *testing.T) {
	t.Parallel()
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	env := map[string]string{
		"DOORBOOK_ADDR": "127.0.0.1:0", "DOORBOOK_DATA": one, "DOORBOOK_REGISTRATION": "closed", "DOORBOOK_PUBLIC_URL": "http://from.the.environment",
	}
	said := serve(t, env)
	for _, part := range []string{"open at http://from.the.environment\n", one, "closed", "NOT Secure"} {
		if !strings.Contains(said, part) {
			t.Errorf("by the environment it does not say %q:\n%s", part, said)
		}
	}
	said = serve(t, env, "serve", "--addr", "localhost:0", "--data", two, "--registration=open", "--public-url=https://FROM.a.flag/")
	for _, part := range []string{"open at https://from.a.flag\n", two, "  open\n", "__Host-session"} {
		if !strings.Contains(said, part) {
			t.Errorf("by flags it does not say %q:\n%s", part, said)
		}
	}
	said = serve(t, map[string]string{
		"DOORBOOK_ADDR": "localhost:0", "XDG_DATA_HOME": one, "DOORBOOK_REGISTRATION": "", "DOORBOOK_PUBLIC_URL": "",
	})
	for _, part := range []string{"open at http://localhost:", filepath.Join(one, "doorbook"), "  open\n", "__Host-session"} {
		if !strings.Contains(said, part) {
			t.Errorf("by default it does not say %q:\n%s", part, said)
		}
	}
}
