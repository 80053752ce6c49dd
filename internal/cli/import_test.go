package cli_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// environ gives variables as os.Environ does.
func environ(env map[string]string) (list []string) {
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// importFlask runs the verb over a data directory of its own.
func importFlask(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	code, stdout, stderr = importInto(t, dir, env, args...)
	return code, stdout, stderr, dir
}

func importInto(t *testing.T, dir string, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Run(context.Background(), cli.Env{
		Args: append([]string{"import", "flask", "--data", dir}, args...), Environ: environ(env),
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
	})
	return code, out.String(), errs.String()
}

// TestImportUsage: what is typed wrong is told at once, and never with the password of the URL.
func TestImportUsage(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	file := filepath.Join(t.TempDir(), "from")
	if err := os.WriteFile(file, []byte("mongodb://ada:"+secret+"@:x/flask\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"no source", nil, nil, "--from: name the database"},
		{"no URL", nil, []string{"--from", "localhost"}, "not a MongoDB URL"},
		{"a URL that cannot be read", nil, []string{"--from", "mongodb://ada:" + secret + "%@localhost/flask"}, "special characters"},
		{"from a file", map[string]string{"DOORBOOK_IMPORT_FROM_FILE": file}, nil, "not a MongoDB URL"},
		{"from no file", map[string]string{"DOORBOOK_IMPORT_FROM_FILE": file + "x"}, nil, "no such file"},
		{"an admin that is none", nil, []string{"--from", "mongodb://localhost", "--admin", "ada"}, "--admin: "},
		{
			"into itself",
			map[string]string{"DOORBOOK_DATABASE": "mongodb://bob:" + secret + "@localhost/flask"},
			[]string{"--from", "mongodb://ada:" + secret + "@localhost"},
			"nothing to copy",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr, dir := importFlask(t, tt.env, tt.args...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, secret) {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("a data directory is made")
			}
		})
	}
}

// TestImportFromNowhere: a server that does not answer is a failure, and a dry run leaves nothing
// behind.
func TestImportFromNowhere(t *testing.T) {
	const from = "mongodb://ada:hunter2@127.0.0.1:1/flask?serverSelectionTimeoutMS=100"
	t.Setenv("TMPDIR", t.TempDir())
	code, stdout, stderr, dir := importFlask(t, nil, "--from", from, "--dry-run")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "flask on 127.0.0.1:1: the database does not answer") ||
		strings.Contains(stderr, "hunter2") || strings.Contains(stderr, "ada") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a dry run made a data directory")
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Error("a dry run left", left, err)
	}
	installed := t.TempDir()
	sitetest.Open(t, installed)
	report := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(report, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{report, link} { // a file of others, and a way to one
		code, _, stderr = importInto(t, installed, nil, "--from", from, "--report", name)
		if code != 1 || !strings.Contains(stderr, "--report: ") || !strings.Contains(stderr, "exists") {
			t.Errorf("%s: exit code %d\n%s", name, code, stderr)
		}
	}
	if content, err := os.ReadFile(report); err != nil || string(content) != "mine" {
		t.Errorf("overwritten: %s, %v", content, err)
	}
	if _, err := os.Stat(link); err == nil {
		t.Error("a link was followed")
	}
	code, _, stderr = importInto(t, installed, nil, "--from", from, "--report", filepath.Join(t.TempDir(), "none", "report"))
	if code != 1 || !strings.Contains(stderr, "--report: ") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// TestDryRunLeavesServersAlone: opening a database on a server would make collections and indexes
// in it.
func TestDryRunLeavesServersAlone(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{})
	go func() {
		defer close(called)
		if c, err := target.Accept(); err == nil {
			_ = c.Close()
			t.Error("the database of the settings was called")
		}
	}()
	t.Setenv("TMPDIR", t.TempDir())
	env := map[string]string{"DOORBOOK_DATABASE": "mongodb://" + target.Addr().String() + "/door?serverSelectionTimeoutMS=300"}
	code, _, stderr, _ := importFlask(t, env, "--from", "mongodb://127.0.0.1:1/flask?serverSelectionTimeoutMS=100", "--dry-run")
	if code != 1 || !strings.Contains(stderr, "flask on 127.0.0.1:1: the database does not answer") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	_ = target.Close()
	<-called
}
