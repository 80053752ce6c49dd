// Command gotest reads what `go test -json` prints and says what a person wants to know: a line for
// each package, what failing tests wrote, and which tests were skipped and why. When a file is
// named by DOORBOOK_SKIPS the skips are added to it, one a line, for whoever sums up. With CI=true
// a skipped test is a failure.
//
//	go test -json ./... | gotest
//
// It exits with 1 if a test was skipped that must not be; failed tests are told by go test's own
// exit status.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

func run() error {
	skips, err := report(os.Stdin, os.Stdout)
	if err != nil {
		return err
	}
	if len(skips) == 0 {
		return nil
	}
	fmt.Printf("skipped:\n  %s\n", strings.Join(skips, "\n  "))
	if name := os.Getenv("DOORBOOK_SKIPS"); name != "" {
		if err := appendLines(name, skips); err != nil {
			return err
		}
	}
	if os.Getenv("CI") == "true" {
		return fmt.Errorf("CI=true, and %d tests were skipped", len(skips))
	}
	return nil
}

func appendLines(name string, lines []string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
