package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`), or of the build before it (`go
// help buildjson`).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// report copies to w what matters of the events in r, as it comes, and gives the tests that were
// skipped, each as "package.Test: reason". Lines that are no events are copied as they are.
func report(r io.Reader, w io.Writer) (skips []string, err error) {
	said := map[string]map[string][]string{} // package → test → what it wrote; "" is the package itself
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(w, line)
			} else if skip := e.tell(said, w); skip != "" {
				skips = append(skips, skip)
			}
		}
		if err == io.EOF {
			return skips, nil
		}
		if err != nil {
			return skips, err
		}
	}
}

// tell acts upon one event and gives the line about a skipped test, if it is one.
func (e event) tell(said map[string]map[string][]string, w io.Writer) (skip string) {
	tests := said[e.Package]
	if tests == nil {
		tests = map[string][]string{}
		said[e.Package] = tests
	}
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "output":
		if e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "FAIL\t")) {
			fmt.Fprint(w, e.Output)
			return ""
		}
		tests[e.Test] = append(tests[e.Test], e.Output)
	case "pass":
		delete(tests, e.Test)
	case "skip":
		if e.Test != "" {
			skip = fmt.Sprintf("%s.%s: %s", e.Package, e.Test, reason(tests[e.Test]))
		}
		delete(tests, e.Test)
	case "fail":
		if e.Test == "" { // what is left is of tests that a panic or the time limit cut off
			for _, name := range slices.Sorted(maps.Keys(tests)) {
				show(w, tests[name])
			}
			delete(said, e.Package)
			return ""
		}
		show(w, tests[e.Test])
		delete(tests, e.Test)
	}
	return skip
}

// show prints what a test wrote, without the marks of its beginning and its pauses.
func show(w io.Writer, lines []string) {
	for _, line := range lines {
		if !strings.HasPrefix(line, "=== ") && line != "FAIL\n" {
			fmt.Fprint(w, line)
		}
	}
}

// reason is the last thing that a skipped test said.
func reason(lines []string) string {
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			return line
		}
	}
	return "no reason given"
}
