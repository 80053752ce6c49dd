package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../.."

// A block is one of the documents' blocks of commands.
type block struct {
	document string
	text     string
}

// blocks reads those of all documents that tell people what to type: fenced ones of a shell, and
// indented ones.
func blocks(t *testing.T) (list []block) {
	t.Helper()
	documents := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md", "examples/flask/README.md", "examples/gate/README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/decisions/*.md"} {
		more, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range more {
			documents = append(documents, strings.TrimPrefix(name, root+"/"))
		}
	}
	for _, name := range documents {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range blocksOf(string(content)) {
			list = append(list, block{name, text})
		}
	}
	return list
}

// blocksOf gives the blocks of commands in a text.
func blocksOf(text string) (list []string) {
	var fence, now string // what the block began with, and its lines
	blank := true
	end := func() {
		if strings.TrimSpace(now) != "" {
			list = append(list, now)
		}
		fence, now = "", ""
	}
	for line := range strings.Lines(text) {
		indented, isIndented := strings.CutPrefix(line, "    ")
		switch {
		case strings.HasPrefix(fence, "```") && strings.HasPrefix(line, "```"):
			if lang := strings.TrimSpace(fence[3:]); lang != "sh" && lang != "console" && lang != "bash" && lang != "" {
				now = "" // a text of another kind
			}
			end()
		case strings.HasPrefix(fence, "```"):
			now += line
		case strings.HasPrefix(line, "```"):
			end()
			fence = line
		case isIndented && (blank || fence == "    "):
			fence = "    "
			now += strings.TrimLeft(indented, " ")
		default:
			end()
		}
		blank = strings.TrimSpace(line) == ""
	}
	end()
	return list
}

// TestBlocksOf: what counts as a block of commands.
func TestBlocksOf(t *testing.T) {
	t.Parallel()
	got := blocksOf("text\n\n    one\n    two\n\n```sh\nthree\n```\n```go\nfour\n```\nlist:\n    five\n\n       six\n")
	if want := "one\ntwo\n|three\n|six\n"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestCommandsOfDocuments: every block of commands in the documents is run, here or in another
// place that is named with it.
func TestCommandsOfDocuments(t *testing.T) {
	t.Parallel()
	run := map[string]func(*testing.T, string){ // by the line they begin with
		"go run ./cmd/doorbook": runFirst,
		"export DOORBOOK_DATABASE=mongodb://127.0.0.1:27017/flask": runBeside,
		"umask 077": nil, // TestBackupAndRestore
	}
	elsewhere := map[string]string{
		"make test": "this is a part of it",
		"recorder → headers, request id → session → policy table → handler → door → repositories": "no command",
		"map $uri $side {": "no command: conformance/flask_example_test.go has nginx read it",
		`curl -s -b "session=$COOKIE" http://127.0.0.1:8080/ | grep`: "takes the cookie of a real Flask: e2e/beside_test.go signs in on one side and asks the other",
		"export DOORBOOK_SESSIONS=store":                             "e2e/beside_off_test.go",
		"db.logs.updateMany(":                                        "takes a MongoDB server: conformance/flask_passwords_test.go does the same",
		"unset DOORBOOK_DATABASE":                                    "takes a MongoDB server: conformance/import_flask_test.go and e2e/beside_off_test.go",
		"cd bench && for i in 1 2 3 4 5 6 7":                         "measures for minutes",
		"export GOWORK=off":                                          "each example has a test of its own that runs it",
		"./demo":                                                     "conformance/flask_example_test.go",
		"sudo apt install":                                           "installs packages, as scripts/setup does",
		"SECRET_KEY=$(openssl rand -hex 32) MONGO_URL=":              "conformance/flask_example_test.go",
		"location / {":                                               "no command",
		`curl -H "Authorization: Bearer $TOKEN"`:                     "e2e/tokens_test.go asks as a program does",
		"doorbook --acme":                                            "e2e/acme_test.go, with an authority on this machine",
		"doorbook --app http://127.0.0.1:3000":                       "e2e/gate_test.go, before examples/gate",
		"doorbook --app http://127.0.0.1:5000 --sessions flask":      "e2e/gate_flask_test.go",
		"GOWORK=off go run . &":                                      "e2e/gate_test.go",
		"doorbook gate check":                                        "internal/cli/testdata/script/gate.txtar types it",
		"doorbook --app":                                             "takes an application: the browser tests start one",
		"doorbook --public-url https://wiki.example.org --app wiki":  "e2e/behind_test.go starts it with such settings",
		"doorbook token add":                                         "e2e/tokens_test.go makes tokens on the command line",
	}
	for _, b := range blocks(t) {
		first, _, _ := strings.Cut(b.text, "\n")
		if f, ok := run[first]; ok {
			if f != nil {
				t.Run(b.document+": "+first, func(t *testing.T) {
					t.Parallel()
					f(t, b.text)
				})
			}
			continue
		}
		known := false
		for begin := range elsewhere {
			known = known || strings.HasPrefix(first, begin)
		}
		if !known {
			t.Errorf("%s: nobody runs this block: add it to a test, or to the list above with the reason\n%s", b.document, b.text)
		}
	}
}

// shell is bash for a block, in which doorbook is this program. The environment has no more than
// that and these variables.
func shell(t *testing.T, text string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "doorbook")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
	cmd.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AS_THE_PROGRAM=1", "DOORBOOK_ADDR=localhost:0"}, env...)
	cmd.Dir = root
	return cmd
}

// runFirst: the first thing that people type.
func runFirst(t *testing.T, text string) {
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Fields(string(cache))
	cmd := shell(t, "exec "+text, "GOCACHE="+paths[0], "GOMODCACHE="+paths[1],
		"CGO_ENABLED=0", "GOFLAGS=-trimpath") // as the Makefile builds, so that all is built once
	untilOpen(t, cmd, regexp.MustCompile(`setup\?token=`))
}

// runBeside: the settings beside a Flask application are ones that a server starts with.
func runBeside(t *testing.T, text string) {
	key := filepath.Join(t.TempDir(), "flask.key")
	if err := os.WriteFile(key, []byte("a key of a Flask application\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(text, "mongodb://127.0.0.1:27017/flask", "sqlite")
	text = strings.ReplaceAll(text, "/etc/doorbook/flask.key", key)
	untilOpen(t, shell(t, text), regexp.MustCompile(`open at https://book\.example\.org`))
}

// untilOpen runs a command until it says something.
func untilOpen(t *testing.T, cmd *exec.Cmd, says *regexp.Regexp) {
	t.Helper()
	apart(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = says.MatchString(lines.Text())
	}
	endAll(cmd)
	_ = cmd.Wait()
	if !found {
		t.Errorf("it does not say %v:\n%s", says, &errs)
	}
}

// backupCommands gives the blocks of docs/settings.md for backup and for restore.
func backupCommands(t *testing.T) (backup, restore string) {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no sqlite3 here")
	}
	var commands []string
	for _, b := range blocks(t) {
		if b.document == "docs/settings.md" && strings.HasPrefix(b.text, "umask 077\n") {
			commands = append(commands, b.text)
		}
	}
	if len(commands) != 2 {
		t.Fatalf("docs/settings.md has %d blocks for backup and restore", len(commands))
	}
	return commands[0], commands[1]
}

// TestBackupAndRestore runs what docs/settings.md says, beside a running server and then in place
// of it: accounts, sessions, the book and the key are as they were.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	toBackUp, toRestore := backupCommands(t)
	dir, backup := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	typed := func(text string) {
		t.Helper()
		if out, err := shell(t, text, "DATA="+dir, "BACKUP="+backup).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, text, out)
		}
	}
	first := program(t, nil, "serve", "--addr", "127.0.0.1:0", "--data", dir)
	at := serving(t, first)
	browser := signedIn(t, at, dir)
	typed(toBackUp)
	_ = fetch(t, browser, at+"/after-the-backup")
	if err := first.Process.Kill(); err != nil { // the machine is lost
		t.Fatal(err)
	}
	_ = first.Wait()
	if err := os.Rename(dir, dir+"-lost"); err != nil {
		t.Fatal(err)
	}
	typed(toRestore)
	for _, name := range []string{"doorbook.db", "book.db", "secret.key"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	at = serving(t, program(t, nil, "serve", "--addr", "127.0.0.1:0", "--data", dir)) // a browser sends cookies to every port
	page := fetch(t, browser, at+"/")
	if !strings.Contains(page, "Welcome Ada") || !strings.Contains(page, "/auth/login") {
		t.Errorf("with the backup restored nobody is signed in, or the book is empty:\n%.3000s", page)
	}
	if strings.Contains(page, "/after-the-backup") {
		t.Error("the book knows what came after the backup")
	}
}

// signedIn makes an account beside a running server, and signs in to it.
func signedIn(t *testing.T, at, dir string) *http.Client {
	t.Helper()
	const password = "violet otter sings at dawn"
	add := program(t, nil, "user", "add", "ada@example.org", "--name", "Ada", "--password-stdin", "--data", dir)
	add.Stdin = strings.NewReader(password + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: insecure{jar}}
	page := fetch(t, browser, at+"/login")
	token := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("no form:\n%s", page)
	}
	answer, err := browser.PostForm(at+"/auth/login", url.Values{"email": {"ada@example.org"}, "password": {password}, "csrf_token": {token[1]}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if page := fetch(t, browser, at+"/"); !strings.Contains(page, "Welcome Ada") {
		t.Fatalf("not signed in: %d\n%.2000s", answer.StatusCode, page)
	}
	return browser
}

// insecure is a browser's jar that sends Secure cookies to its own machine, as browsers do.
type insecure struct{ *cookiejar.Jar }

// Cookies implements http.CookieJar.
func (j insecure) Cookies(u *url.URL) []*http.Cookie {
	secure := *u
	secure.Scheme = "https"
	return j.Jar.Cookies(&secure)
}

// SetCookies implements http.CookieJar.
func (j insecure) SetCookies(u *url.URL, cookies []*http.Cookie) {
	secure := *u
	secure.Scheme = "https"
	j.Jar.SetCookies(&secure, cookies)
}

func fetch(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	answer, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
