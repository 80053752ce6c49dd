package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// runFlask gives the lines that a verb of "flask" answers to lines of standard input.
func runFlask(t *testing.T, env map[string]string, input string, args ...string) (lines []string, err error) {
	t.Helper()
	var v flaskVerb
	parser, err := kong.New(&v)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = parsed.Run(&command{ctx: context.Background(), env: env, Env: Env{
		Stdin: strings.NewReader(input), Stdout: &out,
	}})
	if out.Len() == 0 {
		return nil, err
	}
	if !strings.HasSuffix(out.String(), "\n") {
		t.Fatalf("the last line has no end: %q", out.String())
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

const devCookie = "eyJhZG1pbiI6ZmFsc2UsInVzZXJfaWQiOjQyfQ.aSFzwA.RplUhb50hVBDaOTO-gcckeIbEs4"

func TestFlaskDecode(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 5<<20)
	lines, err := runFlask(t, nil, devCookie+"\n\n"+devCookie+"\r\n"+long+"\n"+long[:1<<20]+"\n"+devCookie,
		"decode", "--secret-key-file="+key(t, "dev-secret-key"), "--now=1763800007")
	if err != nil {
		t.Error("refused cookies are answers:", err)
	}
	good := `{"ok":true,"session":{"admin":false,"user_id":42},"age":7}`
	want := []string{
		good,
		`{"ok":false,"error":"flask: bad signature: there is none"}`,
		`{"ok":false,"error":"flask: bad signature"}`,
		`{"ok":false,"error":"flask: malformed: longer than 4194304 bytes"}`,
		`{"ok":false,"error":"flask: bad signature: there is none"}`,
		good,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestFlaskKeys(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DOORBOOK_FLASK_SECRET_KEY": "dev-secret-key"}
	newKey := "--secret-key-file=" + key(t, "new")
	for _, args := range [][]string{
		{},
		{newKey, "--fallback-file=" + key(t, "dev-secret-key"), "--fallback-file=" + key(t, "a,b")},
		{newKey, "--fallback-file=" + key(t, "a,b"), "--fallback-file=" + key(t, "dev-secret-key")},
	} {
		lines, err := runFlask(t, env, devCookie, append([]string{"decode", "--now=1763800000"}, args...)...)
		if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], `{"ok":true`) {
			t.Errorf("%q: %q, %v", args, lines, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"decode"},
		{"decode", newKey, "--fallback-file=" + empty},
		{"decode", newKey, "--fallback-file=" + empty + "x"},
		{"decode", newKey, "--fallback-file=" + key(t, "é")},
		{"decode", "--secret-key-file=" + empty},
		{"decode", "--secret-key-file="},
		{"encode"},
		{"decode", newKey, "--max-age=-1"},
	} {
		if _, err := runFlask(t, nil, devCookie, args...); !isUsage(err) {
			t.Errorf("%q: %v, want wrong usage", args, err)
		}
	}
	raw := "\xff\xfe raw"
	cookie, err := runFlask(t, nil, `{"session":{},"timestamp":5}`, "encode", "--secret-key-file="+key(t, raw))
	if err != nil {
		t.Fatal(err)
	}
	lines, _ := runFlask(t, nil, cookie[0], "decode", "--now=5", "--secret-key-file="+key(t, raw))
	if lines[0] != `{"ok":true,"session":{},"age":0}` {
		t.Error("a key that is not UTF-8:", lines)
	}
	if lines, err := runFlask(t, nil, "dev-secret-key\r\n"+devCookie+"\n", "decode", "--now=1763800000", "--secret-key-file=-"); err != nil ||
		len(lines) != 1 || !strings.HasPrefix(lines[0], `{"ok":true`) {
		t.Errorf("a key on standard input: %q, %v", lines, err)
	}
	if _, err := runFlask(t, nil, "", "decode", "--secret-key-file=-"); !isUsage(err) {
		t.Errorf("no key on standard input: %v", err)
	}
}

// TestNoKeyAsArgument: everybody on the machine could see it.
func TestNoKeyAsArgument(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"decode", "--secret-key=dev-secret-key"}, {"encode", "--secret-key", "x"}, {"decode", "--fallback=x"}} {
		var v flaskVerb
		parser, err := kong.New(&v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// key gives a file that holds a key.
func key(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte("hex:"+hex.EncodeToString([]byte(text))+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func isUsage(err error) bool { return err != nil && strings.HasPrefix(err.Error(), errUsage.Error()) }

func TestFlaskEncode(t *testing.T) {
	t.Parallel()
	lines, err := runFlask(t, nil, `{"session":{"user_id":42,"admin":false},"timestamp":1763800000}
not JSON
{"session":[1],"timestamp":1}
{"session":{},"timestamp":-1}
{"session":{},"timestamp":1.0}
{"timestamp":1}
{"session":{" d":"x"},"timestamp":1}
`+strings.Repeat(" ", maxLine+1)+"\n", "encode", "--secret-key-file="+key(t, "dev-secret-key"))
	if err == nil || err.Error() != "7 of 8 lines failed" {
		t.Error(err)
	}
	want := []string{
		devCookie,
		`{"ok":false,"error":"flask: malformed: no value at byte 0"}`,
		`{"ok":false,"error":"\"session\": flask: malformed: not a dict"}`,
		`{"ok":false,"error":"\"timestamp\": not a number of seconds since 1970"}`,
		`{"ok":false,"error":"\"timestamp\": not a number of seconds since 1970"}`,
		`{"ok":false,"error":"no \"session\""}`,
		`{"ok":false,"error":"flask: malformed: a tag that Flask does not write at byte 21"}`,
		`{"ok":false,"error":"longer than 4194304 bytes"}`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

type goldenKey struct{ Str, Hex *string }

func (k goldenKey) text() string {
	if k.Str != nil {
		return *k.Str
	}
	b, _ := hex.DecodeString(*k.Hex)
	return string(b)
}

// TestFlaskGolden runs the golden cookies of the library through the verbs.
func TestFlaskGolden(t *testing.T) {
	t.Parallel()
	var good struct {
		Cases []struct {
			ID, JSON, Cookie, Encode string
			Timestamp                int64
			SecretKey                goldenKey `json:"secret_key"`
			Verify                   struct {
				SecretKey goldenKey `json:"secret_key"`
				Fallbacks []goldenKey
				Now       int64
			}
		}
	}
	readJSON(t, "cookies_dev.json", &good)
	for _, c := range good.Cases {
		if c.Encode == "decode_only" {
			continue // these are the library's to test
		}
		args := []string{"decode", "--secret-key-file=" + key(t, c.Verify.SecretKey.text()), "--now=" + strconv.FormatInt(c.Verify.Now, 10)}
		for _, f := range c.Verify.Fallbacks {
			args = append(args, "--fallback-file="+key(t, f.text()))
		}
		want := fmt.Sprintf(`{"ok":true,"session":%s,"age":%d}`, c.JSON, c.Verify.Now-c.Timestamp)
		if lines, err := runFlask(t, nil, c.Cookie, args...); err != nil || len(lines) != 1 || lines[0] != want {
			t.Errorf("%s: %q, %v, want %q", c.ID, lines, err, want)
		}
		line := fmt.Sprintf(`{"session":%s,"timestamp":%d}`, c.JSON, c.Timestamp)
		lines, err := runFlask(t, nil, line, "encode", "--secret-key-file="+key(t, c.SecretKey.text()))
		if err != nil || len(lines) != 1 || (c.Encode == "exact" && lines[0] != c.Cookie) {
			t.Errorf("%s: %q, %v, want %q", c.ID, lines, err, c.Cookie)
		}
	}
}

// TestFlaskCheckPassword compares with what Werkzeug says.
func TestFlaskCheckPassword(t *testing.T) {
	t.Parallel()
	const hash = "pbkdf2:sha256:1000$AbCdEfGh$9c149dd6c434735bac5f06ae7b359807a2674916340ace102550ed23745c0868"
	lines, err := runFlask(t, nil, `{"hash":"`+hash+`","password":"pw"}
{"hash":"`+hash+`","password":"pW"}
{"hash":"plain$$pw","password":"pw"}
{"hash":"`+hash+`"}
`, "check-password")
	if err == nil || err.Error() != "1 of 4 lines failed" {
		t.Error(err)
	}
	if len(lines) != 4 || lines[0] != `{"match":true}` || lines[1] != `{"match":false}` ||
		!strings.HasPrefix(lines[2], `{"match":false,"error":"passhash: `) || lines[3] != `{"match":false,"error":"no \"hash\" and \"password\""}` {
		t.Errorf("%q", lines)
	}
	lines, err = runFlask(t, nil, `{"hash":"plain$$pw","password":"pw"}`, "check-password", "--legacy")
	if err != nil || len(lines) != 1 || lines[0] != `{"match":true}` {
		t.Errorf("legacy: %q, %v", lines, err)
	}
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile("../../session/flask/testdata/" + file)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
