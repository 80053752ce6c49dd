//go:build unix

package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestReaderOfTheLogGoesAway: what is logged then is lost, and nothing else.
func TestReaderOfTheLogGoesAway(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Something is logged at once, and while it drains.
	cmd := program(t, []string{"DOORBOOK_NOT_A_SETTING_AT_ALL=1"}, "serve", "--addr", "localhost:0", "--data", t.TempDir())
	cmd.Stderr = writer
	_ = reader.Close()
	url := serving(t, cmd)
	_ = writer.Close()
	answer, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd.Wait()); got != 0 {
		t.Errorf("exit code %d (%v)", got, cmd.ProcessState)
	}
}

// TestToldToEndAtOnce: SIGTERM while the program starts is an orderly end, whenever it comes.
func TestToldToEndAtOnce(t *testing.T) {
	t.Parallel()
	for _, until := range []string{"secret.key", "book.db", "doorbook.db"} {
		dir := t.TempDir() + "/data"
		var errs bytes.Buffer
		cmd := program(t, nil, "serve", "--addr", "localhost:0", "--data", dir)
		cmd.Stdout, cmd.Stderr = io.Discard, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(dir + "/" + until); err == nil {
				break
			}
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd.Wait()); got != 0 {
			t.Errorf("once %s was there: exit code %d (%v)\n%s", until, got, cmd.ProcessState, &errs)
		}
	}
}

// TestTwoAtOnce: programs that start at the same time on a folder that is not there yet all open,
// on one installation.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	urls := make([]string, 3)
	var all sync.WaitGroup
	for i := range urls {
		cmd := program(t, nil, "serve", "--addr", "localhost:0", "--data", dir)
		all.Go(func() { urls[i] = serving(t, cmd) })
	}
	all.Wait()
	for _, url := range urls {
		answer, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", url, answer.StatusCode)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".new-") || strings.Contains(f.Name(), ".lock") {
			t.Errorf("left behind: %s", f.Name())
		}
	}
}
