package bench_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
)

// itsdangerous is the real Flask's cookie, in a process of Debian's Python that takes its own
// times: testdata/cookie.py.
type itsdangerous struct {
	in  *json.Encoder
	out *json.Decoder
}

type question struct {
	Do     string `json:"do"`
	Times  int    `json:"times"`
	Cookie string `json:"cookie,omitempty"`
	Text   string `json:"text,omitempty"`
}

type reply struct {
	Wall float64 `json:"wall"` // nanoseconds of one pass
	CPU  float64 `json:"cpu"`
	Last string  `json:"last"` // what the last pass gave: a cookie, or the text of a session
}

func newItsdangerous(tb testing.TB) itsdangerous {
	tb.Helper()
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import flask").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("no Flask (apt-get install python3-flask): %v\n%s", err, out)
		}
		tb.Skip("no Flask to compare with: apt-get install python3-flask")
	}
	cmd := exec.Command(python, "testdata/cookie.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	var out io.Reader
	if err == nil {
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			tb.Error(err)
		}
	})
	p := itsdangerous{json.NewEncoder(in), json.NewDecoder(out)}
	if err := p.in.Encode(map[string]string{"secret": secretKey}); err != nil {
		tb.Fatal(err)
	}
	p.ask(tb, question{Do: "write", Times: 100, Text: "{}"}) // now it has begun, and is warm
	return p
}

func (p itsdangerous) ask(tb testing.TB, q question) (r reply) {
	tb.Helper()
	err := p.in.Encode(q)
	if err == nil {
		err = p.out.Decode(&r)
	}
	if err != nil {
		tb.Fatalf("%s: %v", q.Do, err)
	}
	return r
}

// write gives a cookie of Flask's.
func (p itsdangerous) write(tb testing.TB, text string) string {
	return p.ask(tb, question{Do: "write", Times: 1, Text: text}).Last
}

// time reports what Python says that one pass takes.
func (p itsdangerous) time(b *testing.B, q question) {
	q.Times = b.N
	r := p.ask(b, q)
	b.ReportMetric(r.Wall, "ns/op")
	b.ReportMetric(r.CPU, "cpu-ns/op")
}
