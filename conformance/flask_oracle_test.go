package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// question and answer are lines to and from flask/oracle.py, the real Flask; what they mean stands
// there.
type question struct {
	Op      string         `json:"op"`
	Secret  string         `json:"secret"`
	Now     int64          `json:"now"`
	Config  map[string]any `json:"config,omitempty"`
	Cookie  *string        `json:"cookie,omitempty"`
	Session *typed         `json:"session,omitempty"`
	Do      string         `json:"do,omitempty"`
	Vary    string         `json:"vary,omitempty"`
	Other   bool           `json:"other,omitempty"`
	Look    bool           `json:"look,omitempty"`
}

type answer struct {
	Outcome   string   `json:"outcome"`
	Error     string   `json:"error"`
	Session   *typed   `json:"session"`
	Result    *typed   `json:"result"`
	Cookie    string   `json:"cookie"`
	Status    int      `json:"status"`
	SetCookie []string `json:"set_cookie"`
	Vary      []string `json:"vary"`
}

// oracle is the process. It is safe for concurrent use, and ends with the test binary, which holds
// its standard input.
type oracle struct {
	versions string // of Flask and what it stands on
	mu       sync.Mutex
	in       io.Writer
	out      *bufio.Reader
	said     *lastWords
}

var errNoFlask = errors.New("no Flask")

// theFlask starts the process once in a test binary, when the first test asks for it.
var theFlask = sync.OnceValues(startOracle)

// realFlask gives the real Flask. Without one the test is skipped, or fails under CI=true.
func realFlask(t testing.TB) *oracle {
	t.Helper()
	o, err := theFlask()
	switch {
	case errors.Is(err, errNoFlask) && os.Getenv("CI") != "true":
		t.Skipf("%v (Debian: python3-flask; or name a Python that has it in DOORBOOK_TEST_PYTHON)", err)
	case err != nil:
		t.Fatal(err)
	}
	return o
}

// flaskPython names the Python that has Flask: Debian's, unless told otherwise.
func flaskPython() string {
	for _, path := range []string{os.Getenv("DOORBOOK_TEST_PYTHON"), "/usr/bin/python3"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			return path
		}
	}
	return "python3"
}

func startOracle() (*oracle, error) {
	cmd := exec.Command(flaskPython(), "-B", "-W", "ignore", "flask/oracle.py")
	o := &oracle{said: new(lastWords)}
	cmd.Stderr = o.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFlask, err)
	}
	o.in, o.out = in, bufio.NewReader(out)
	hello, err := o.out.ReadString('\n')
	if err != nil {
		_ = in.Close()
		_ = cmd.Wait()
		if strings.Contains(o.said.String(), "ModuleNotFoundError") {
			return nil, fmt.Errorf("%w: %s", errNoFlask, o.said)
		}
		return nil, fmt.Errorf("flask/oracle.py: %w\n%s", err, o.said)
	}
	o.versions = strings.TrimSpace(hello)
	return o, nil
}

// askAll gives the answers in the order of the questions.
func (o *oracle) askAll(t testing.TB, questions []question) []answer {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	sent := make(chan error, 1)
	go func() { // while answers are read, or both sides wait for ever once the pipes are full
		w := bufio.NewWriter(o.in)
		encoder := json.NewEncoder(w)
		var err error
		for i := 0; i < len(questions) && err == nil; i++ {
			err = encoder.Encode(questions[i])
		}
		sent <- errors.Join(err, w.Flush())
	}()
	answers := make([]answer, len(questions))
	for i := range answers {
		line, err := o.out.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &answers[i])
		}
		if err != nil {
			t.Fatalf("the real Flask's answer: %v\n%s", err, o.said)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	return answers
}

func (o *oracle) ask(t testing.TB, q question) answer {
	t.Helper()
	return o.askAll(t, []question{q})[0]
}

// lastWords keeps the end of what a process says. It is safe for concurrent use.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

func (l *lastWords) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	l.text = bytes.Clone(l.text[max(0, len(l.text)-4096):])
	return len(b), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
