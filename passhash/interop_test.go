package passhash_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/passhash"
)

// werkzeugAsked and werkzeugSaid are what goes to testdata/ask_werkzeug.py and comes back.
type (
	werkzeugAsked struct {
		Check    [][2]string `json:"check"`
		Generate [][2]string `json:"generate"`
		Scrypt   [][3]string `json:"scrypt"`
	}
	werkzeugSaid struct {
		Version  string
		Check    []bool
		Generate []*string
		Scrypt   []*string
	}
)

// askWerkzeug asks the real Werkzeug all at once: the one of Debian's python3-flask, unless
// DOORBOOK_TEST_PYTHON names a Python that has another.
func askWerkzeug(t *testing.T, asked werkzeugAsked) (said werkzeugSaid) {
	t.Helper()
	in, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	python := cmp.Or(os.Getenv("DOORBOOK_TEST_PYTHON"), "/usr/bin/python3")
	command := exec.CommandContext(t.Context(), python, "testdata/ask_werkzeug.py")
	command.Stdin = bytes.NewReader(in)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	var exit *exec.ExitError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &exit) && exit.ExitCode() == 3 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI=true, and there is no python3-flask: %v", err)
		}
		t.Skip("there is no python3-flask")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	if len(said.Check) != len(asked.Check) || len(said.Generate) != len(asked.Generate) ||
		len(said.Scrypt) != len(asked.Scrypt) {
		t.Fatalf("there are answers missing: %s", out)
	}
	t.Logf("Werkzeug %s", said.Version)
	return said
}

// TestInterop: Werkzeug accepts what we make and we accept what it makes, and neither accepts
// another password.
func TestInterop(t *testing.T) {
	t.Parallel()
	passwords := []string{
		"pw", "", "correct horse battery staple", "p\u00e4ssw\u00f6rd", "\u5bc6\u7801 \U0001f511", "dollar$sign:colon$", " spaces ",
		"tab\tnul\x00end",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx longer than a block",
	}
	methods := []string{
		"pbkdf2:sha256", "pbkdf2:sha1:1000", "pbkdf2:sha512:1000", "pbkdf2:md5:1000", "pbkdf2:sha224:1000", "pbkdf2:sha384:1000",
		"pbkdf2:sha512_224:1000", "pbkdf2:sha512_256:1000", "pbkdf2:sha3_224:1000", "pbkdf2:sha3_256:1000", "pbkdf2:sha3_384:1000",
		"pbkdf2:sha3_512:1000", "pbkdf2:blake2b:1000", "pbkdf2:blake2s:1000", "md5", "sha1", "sha256", "sha512", "plain",
	}
	ours := newHasher(t, passhash.Config{Form: passhash.PBKDF2, Legacy: true})
	var asked werkzeugAsked
	for i, password := range passwords {
		if i == 1 {
			ours.SetCheap() // one at the real cost is enough
		}
		hash := mustHash(t, ours, password)
		asked.Check = append(asked.Check, [2]string{hash, password}, [2]string{hash, password + "."})
	}
	for i, method := range methods {
		asked.Generate = append(asked.Generate, [2]string{method, passwords[i%len(passwords)]})
	}
	salts := []string{"AbCdEfGh", "", "s\u00e4lt-_"}
	for i, c := range []string{ // N, r, p
		"128:8:1", "64:8:1", "65:8:1", "1024:8:1", "2:8:64", "2:8:3", "2:1:1", "4:8:2", "256:16:2", "128:1:1", "32768:1:1",
		"65536:1:1", "65536:2:1", "16384:3:2", "2:1:16384", "131072:1:1", "0:8:1", "1:8:1", "1024:0:1", "1024:8:0",
	} {
		asked.Scrypt = append(asked.Scrypt, [3]string{c, salts[i%len(salts)], passwords[i%len(passwords)]})
	}
	said := askWerkzeug(t, asked)
	for i, match := range said.Check {
		if want := i%2 == 0; match != want {
			t.Errorf("Werkzeug says of %q: match %v, want %v", asked.Check[i], match, want)
		}
	}
	for i, hash := range said.Generate {
		method, password := asked.Generate[i][0], asked.Generate[i][1]
		if hash != nil {
			wantMatch(t, ours, *hash, password)
		} else if strings.HasPrefix(method, "pbkdf2:") {
			t.Errorf("Werkzeug makes no hash of the method %s", method)
		}
	}
	for i, hash := range said.Scrypt {
		cost, salt, password := asked.Scrypt[i][0], asked.Scrypt[i][1], asked.Scrypt[i][2]
		if hash != nil {
			wantMatch(t, ours, *hash, password)
		} else if again, err := passhash.Parse("scrypt:" + cost + "$" + salt + "$" + zeros(64)); err == nil {
			t.Errorf("%s is read, but raises an exception in Werkzeug", again)
		}
	}
}

func wantMatch(t *testing.T, h *passhash.Hasher, hash, password string) {
	t.Helper()
	if match, _, err := h.Verify(t.Context(), hash, password); !match || err != nil {
		t.Errorf("Verify(%s, %q) = %v, %v; want a match", hash, password, match, err)
	}
	if match, _, err := h.Verify(t.Context(), hash, password+"."); match || err != nil {
		t.Errorf("Verify(%s) of another password = %v, %v", hash, match, err)
	}
}
