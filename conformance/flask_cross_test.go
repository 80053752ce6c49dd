package conformance

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/flask"
)

func flaskSigner(t testing.TB) *flask.Signer {
	t.Helper()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte(flaskSecret)})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// TestFlaskCross: random sessions of all types. What package flask writes the real Flask reads as
// the same, and the other way round; both write the same text, and the same cookie where it is not
// compressed.
func TestFlaskCross(t *testing.T) {
	t.Parallel()
	real, signer, r := realFlask(t), flaskSigner(t), flaskSource(t)
	n := flaskCases(t, 1000)
	seen := map[string]int{}
	for done := 0; done < n; {
		sessions := make([]*typed, min(1000, n-done))
		dumps, loads := make([]question, len(sessions)), make([]question, len(sessions))
		for i := range sessions {
			s := someSession(r)
			ours, err := writeFlask(signer, s, flaskNow)
			if err != nil {
				t.Fatalf("writing %v: %v", s, err)
			}
			sessions[i] = s
			dumps[i] = question{Op: "dumps", Secret: flaskSecret, Now: flaskNow, Session: s}
			loads[i] = question{Op: "loads", Secret: flaskSecret, Now: flaskNow, Cookie: &ours}
			count(seen, s, ours)
		}
		written, read := real.askAll(t, dumps), real.askAll(t, loads)
		for i, s := range sessions {
			crossed(t, signer, s, *loads[i].Cookie, written[i], read[i])
			if t.Failed() {
				t.Fatalf("case %d", done+i)
			}
		}
		done += len(sessions)
	}
	t.Log(seen)
	for _, kind := range []string{
		"none", "bool", "int", "float", "str", "bytes", "list", "tuple", "markup", "uuid", "datetime", "deep", "compressed", "plain",
	} {
		if seen[kind] == 0 && n >= 1000 {
			t.Errorf("no case with %s", kind)
		}
	}
}

func crossed(t *testing.T, signer *flask.Signer, s *typed, ours string, written, read answer) {
	t.Helper()
	if read.Outcome != "accept" || read.Session.String() != s.String() {
		t.Errorf("Flask reads our cookie otherwise: %s %s\n got %v\nwant %v\n%s", read.Outcome, read.Error, read.Session, s, ours)
	}
	if written.Cookie == "" {
		t.Errorf("Flask does not write %v: %s", s, written.Error)
		return
	}
	got, err := readFlask(signer, written.Cookie, flaskNow)
	if err != nil || got.String() != s.String() {
		t.Errorf("we read Flask's cookie otherwise: %v\n got %v\nwant %v\n%s", err, got, s, written.Cookie)
	}
	compressed := strings.HasPrefix(written.Cookie, ".")
	switch {
	case !compressed && !strings.HasPrefix(ours, "."):
		if ours != written.Cookie {
			t.Errorf("the cookies differ:\n ours %s\nFlask's %s\n%v", ours, written.Cookie, s)
		}
	case plainText(t, ours) != plainText(t, written.Cookie): // one side may find that compressing saves too little
		t.Errorf("the texts differ:\n ours %s\nFlask's %s", plainText(t, ours), plainText(t, written.Cookie))
	}
}

// plainText gives the JSON of a cookie without any help of package flask.
func plainText(t testing.TB, cookie string) string {
	t.Helper()
	payload, compressed := strings.CutPrefix(cookie, ".")
	payload, _, _ = strings.Cut(payload, ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil && compressed {
		var z io.ReadCloser
		if z, err = zlib.NewReader(bytes.NewReader(b)); err == nil {
			b, err = io.ReadAll(z)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", cookie, err)
	}
	return string(b)
}

func count(seen map[string]int, s *typed, cookie string) {
	for _, kind := range []string{"none", "bool", "int", "float", "str", "bytes", "list", "tuple", "markup", "uuid", "datetime"} {
		if s.has(kind) {
			seen[kind]++
		}
	}
	if s.depth() > 20 {
		seen["deep"]++
	}
	seen[map[bool]string{true: "compressed", false: "plain"}[strings.HasPrefix(cookie, ".")]]++
}

// TestFlaskDepth: how deep a session may be. What is too deep is refused by the writer, and what
// the writer takes the real Flask reads.
func TestFlaskDepth(t *testing.T) {
	t.Parallel()
	real, signer := realFlask(t), flaskSigner(t)
	deepest := 0
	for _, kind := range []string{"list", "tuple", "dict"} {
		for _, depth := range []int{1, 50, 100, 120, 127, 128, 200, 254, 255, 256, 257, 300, 500, 2000} {
			t.Run(fmt.Sprint(kind, depth), func(t *testing.T) {
				v := &typed{T: "none"}
				for range depth {
					if kind == "dict" {
						v = &typed{T: kind, V: [][2]*typed{{typedText("str", " t"), v}}}
					} else {
						v = &typed{T: kind, V: []*typed{v}}
					}
				}
				s := &typed{T: "dict", V: [][2]*typed{{typedText("str", "a"), v}}}
				cookie, err := writeFlask(signer, s, flaskNow)
				if err != nil {
					return
				}
				deepest = max(deepest, depth)
				read := real.ask(t, question{Op: "loads", Secret: flaskSecret, Now: flaskNow, Cookie: &cookie})
				if read.Outcome != "accept" || read.Session.String() != s.String() {
					t.Errorf("Flask does not read it: %s %s", read.Outcome, read.Error)
				}
				if got, err := readFlask(signer, cookie, flaskNow); err != nil || got.String() != s.String() {
					t.Errorf("we do not read it ourselves: %v", err)
				}
			})
		}
	}
	t.Logf("the deepest that is written: %d", deepest)
	if deepest < 100 || deepest >= 2000 {
		t.Errorf("sessions may be %d deep", deepest)
	}
}
