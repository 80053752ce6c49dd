package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestUserWhileServing makes accounts and sets passwords on the command line beside the running
// server.
func TestUserWhileServing(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	run := func(code int, stdin string, args ...string) rig.Result {
		t.Helper()
		r := rig.Run(t, []string{"DOORBOOK_DATA=" + s.Dir}, stdin, args...)
		if r.Code != code {
			t.Errorf("%v: exit code %d, want %d: %s%s", args, r.Code, code, r.Stdout, r.Stderr)
		}
		return r
	}
	run(0, rig.Password+"\n", "user", "add", "root@example.org", "--name", "Root", "--admin", "--password-stdin")
	run(0, rig.Password, "user", "add", "mem@example.org", "--name", "Mem", "--password-stdin") // no line's end
	run(1, rig.Password+"\n", "user", "add", "MEM@example.org", "--name", "Mem", "--password-stdin")
	run(1, "short\n", "user", "add", "short@example.org", "--name", "Short", "--password-stdin")
	run(2, "", "user", "add", "--name", "Nobody")
	run(1, rig.Password+"\n", "user", "password", "nobody@example.org", "--password-stdin")

	root, mem := s.Client(), s.Client()
	if a := root.SignIn("root@example.org", rig.Password); a.Status != 303 {
		t.Fatalf("the new administrator cannot sign in: %d", a.Status)
	}
	roles := map[string]string{}
	for _, d := range developers(t, root) {
		roles[d.Name] = d.Role
	}
	if diff := cmp.Diff(map[string]string{"Root": "admin", "Mem": "member"}, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	// There is an administrator, so the link that was printed is over.
	if a := s.Client().Get("/setup?token=" + s.Token); a.Status != 404 {
		t.Errorf("the setup link, with an administrator: %d", a.Status)
	}

	mem.SignIn("mem@example.org", rig.Password)
	if a := mem.Get("/"); a.Status != 200 {
		t.Fatalf("the new member: %d", a.Status)
	}
	run(0, rig.Password+" anew\n", "user", "password", "mem@example.org", "--password-stdin")
	if a := mem.Get("/"); a.Status != 303 {
		t.Errorf("a session after its owner got a new password: %d, want 303", a.Status)
	}
	if a := s.Client().SignIn("mem@example.org", rig.Password); a.Status != 422 {
		t.Errorf("the old password: %d", a.Status)
	}
	if a := s.Client().SignIn("mem@example.org", rig.Password+" anew"); a.Status != 303 {
		t.Errorf("the new password: %d", a.Status)
	}
	found := 0
	for _, e := range entries(t, root, "&type=activity") {
		if e.Action == "developer_created" || e.Action == "password_changed" {
			found++
		}
	}
	if found != 3 {
		t.Errorf("%d activities of the command line in the book, want 3", found)
	}
}

// TestRefusedStarts: what cannot be is said in a sentence, with exit code 2 for wrong usage and 1
// for what failed.
func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	addr := strings.TrimPrefix(s.URL, "http://")
	published := "8d31312aa6efba09119e9ecb1246e32ba5f6fd862a90bc107298d809d902cbce"
	long := "a-key-that-is-long-enough-and-that-nobody-has-printed"
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		code int
		says string
	}{
		{"the port is taken", nil, []string{"serve", "--addr", addr}, 1, "address already in use"},
		{"unknown flag", nil, []string{"serve", "--colour", "blue"}, 2, "--colour"},
		{"unknown verb", nil, []string{"open"}, 2, "open"},
		{"no port", nil, []string{"--addr", "localhost"}, 2, "--addr"},
		{"registration", nil, []string{"--registration", "some"}, 2, "--registration"},
		{"registration in the environment", []string{"DOORBOOK_REGISTRATION=some"}, nil, 2, "--registration"},
		{"no domain", []string{"DOORBOOK_REGISTRATION_DOMAINS=,"}, nil, 2, "--registration-domains"},
		{"public URL with a query", nil, []string{"--public-url", "https://example.org/door?x=1"}, 2, "--public-url"},
		{"public URL without scheme", []string{"DOORBOOK_PUBLIC_URL=example.org"}, nil, 2, "--public-url"},
		{"trusted proxies", []string{"DOORBOOK_TRUSTED_PROXIES=10.0.0.0/33"}, nil, 2, "10.0.0.0/33"},
		{"short key", []string{"DOORBOOK_SECRET_KEY=short"}, nil, 2, "secret key"},
		{"published key", []string{"DOORBOOK_SECRET_KEY=" + published}, nil, 2, "public documentation"},
		{"Flask's key", []string{"DOORBOOK_SECRET_KEY=192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"}, nil, 2, "public documentation"},
		{"published in capitals", []string{"DOORBOOK_SECRET_KEY=" + strings.ToUpper(published)}, nil, 2, "public documentation"},
		{"published fallback", []string{"DOORBOOK_SECRET_KEY=" + long, "DOORBOOK_SECRET_KEY_FALLBACKS=" + published}, nil, 2, "public documentation"},
		{"no key file", []string{"DOORBOOK_SECRET_KEY_FILE=/nonexistent"}, nil, 2, "DOORBOOK_SECRET_KEY_FILE"},
		{"both", []string{"DOORBOOK_SECRET_KEY_FILE=/nonexistent", "DOORBOOK_SECRET_KEY=" + long}, nil, 2, "both set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			args := tt.args
			if len(args) == 0 || args[0] != "open" {
				args = append(args, "--data", dir)
			}
			env := tt.env
			if !strings.Contains(strings.Join(args, " "), "--addr") {
				env = append(env, "DOORBOOK_ADDR=127.0.0.1:0")
			}
			r := rig.Run(t, env, "", args...)
			if r.Code != tt.code || !strings.Contains(r.Stderr, tt.says) {
				t.Errorf("exit code %d, want %d; says %q, want %q in it", r.Code, tt.code, r.Stderr, tt.says)
			}
			if strings.Contains(r.Stderr+r.Stdout, published) || strings.Contains(r.Stderr, "goroutine ") {
				t.Errorf("says too much: %s", r.Stderr)
			}
		})
	}
	for _, args := range [][]string{{"version"}, {"--help"}, {"serve", "--help"}, {"user", "add", "--help"}} {
		if r := rig.Run(t, nil, "", args...); r.Code != 0 || r.Stdout == "" {
			t.Errorf("%v: exit code %d, says %q, %q", args, r.Code, r.Stdout, r.Stderr)
		}
	}
}

// TestNewerDatabase: a database of a later version is refused and left as it is.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"doorbook.db", "book.db"} {
		s := rig.Start(t, rig.Options{})
		s.Stop()
		s.Exec(t, file, "PRAGMA user_version = 999")
		r := rig.Run(t, nil, "", "serve", "--addr", "127.0.0.1:0", "--data", s.Dir)
		if r.Code != 1 || !strings.Contains(r.Stderr, "999") || !strings.Contains(r.Stderr, file) {
			t.Errorf("%s: exit code %d: %s", file, r.Code, r.Stderr)
		}
		if got := s.Query(t, file, "PRAGMA user_version"); got[0] != "999" {
			t.Errorf("%s: version %v afterwards", file, got)
		}
	}
}

// TestPrivateFiles: nobody else on the machine can read the data, whatever the umask.
func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Dir: filepath.Join(t.TempDir(), "deep", "data")})
	s.Admin()
	check := func(when string) {
		t.Helper()
		files := 0
		err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			files++
			if info.Mode().Perm() != want {
				t.Errorf("%s: %s has mode %04o, want %04o", when, path, info.Mode().Perm(), want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if files < 4 {
			t.Errorf("%s: %d files", when, files)
		}
	}
	check("while running")
	s.Stop()
	check("after the end")
	for _, f := range []string{"doorbook.db-wal", "book.db-wal"} {
		if info, err := os.Stat(filepath.Join(s.Dir, f)); err == nil && info.Size() > 0 {
			t.Errorf("%s is left with %d bytes: the end was not written into the database", f, info.Size())
		}
	}
	if err := os.Chmod(filepath.Join(s.Dir, "secret.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := rig.Run(t, nil, "", "--addr", "127.0.0.1:0", "--data", s.Dir); r.Code != 1 || !strings.Contains(r.Stderr, "secret.key") {
		t.Errorf("a key file that others may read: exit code %d: %s", r.Code, r.Stderr)
	}
}

// TestDrain: told to end, the program answers the request that is under way, takes no more, and
// exits with 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	c := s.Client()
	token := rig.FormToken(c.Get("/login").Body)
	body := rig.Fields("csrf_token", token, "email", "a@example.org", "password", rig.Password).Encode()

	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		c.Cookies(), len(body), body[:10])
	time.Sleep(200 * time.Millisecond) // it is under way
	s.Signal(syscall.SIGTERM)
	if !rig.Until(func() bool {
		_, err := s.Client().Do(http.MethodGet, "/healthz", "", nil)
		return err != nil
	}) {
		t.Error("it still takes requests")
	}
	if _, err := io.WriteString(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request under way was not answered: %v", err)
	}
	if res.StatusCode != 422 {
		t.Errorf("the request under way: %d, want 422", res.StatusCode)
	}
	id := res.Header.Get("X-Request-Id")
	res.Body.Close()
	if code := s.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := s.Query(t, "book.db", "SELECT status FROM entries WHERE request_id = ? AND type = 'request'", id); len(got) != 1 || got[0] != "422" {
		t.Errorf("its entry: %v", got)
	}
}

// TestDrainStalled: a client that sends half a form and nothing more cannot make an orderly end
// late or a failure.
func TestDrainStalled(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\na")
	time.Sleep(200 * time.Millisecond) // it is under way
	s.Signal(syscall.SIGTERM)
	if code := s.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
