package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestPasswordIsNotShown: a terminal shows the question and nothing of the answer, and shows again
// what is typed when all is over.
func TestPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	const typed = "violet otter sings at dawn"
	dir := t.TempDir()
	sitetest.Open(t, dir)
	master, terminal := openTerminal(t)
	asked := &sitetest.Buffer{}
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(t.Context(), cli.Env{
			Args:  []string{"user", "add", "ada@example.org", "--name", "Ada", "--data", dir},
			Stdin: terminal, Stdout: &out, Stderr: asked,
		})
	}()
	hidden(t, asked, ended, terminal)
	if _, err := master.WriteString(typed + "\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 || !strings.Contains(out.String(), "member ada@example.org is made") {
		t.Errorf("exit code %d: %s%s", code, &out, asked)
	}
	if !echoes(t, terminal) {
		t.Error("the terminal shows nothing any more")
	}
	if _, err := terminal.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for !strings.Contains(shown.String(), "end") {
		part := make([]byte, 100)
		n, err := master.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(part[:n])
	}
	if strings.Contains(shown.String()+asked.String(), "otter") {
		t.Errorf("the terminal shows %q", shown.String())
	}
}

// TestPasswordBrokenOff: an interrupt ends the waiting, and the terminal shows again.
func TestPasswordBrokenOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sitetest.Open(t, dir)
	_, terminal := openTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	asked := &sitetest.Buffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, cli.Env{
			Args:  []string{"user", "add", "ada@example.org", "--name", "Ada", "--data", dir},
			Stdin: terminal, Stdout: &bytes.Buffer{}, Stderr: asked,
		})
	}()
	hidden(t, asked, ended, terminal)
	cancel()
	if code := <-ended; code != 1 || !echoes(t, terminal) {
		t.Errorf("exit code %d, shows again: %v", code, echoes(t, terminal))
	}
}

// hidden waits until the question was asked and the terminal shows nothing.
func hidden(t *testing.T, asked *sitetest.Buffer, ended <-chan int, terminal *os.File) {
	t.Helper()
	for {
		said, more := asked.Changed()
		if strings.Contains(said, "Password (15") {
			break
		}
		select {
		case <-more:
		case code := <-ended:
			t.Fatalf("it ended with %d: %s", code, said)
		}
	}
	for echoes(t, terminal) {
	}
}

// openTerminal makes a terminal, and the end of it where somebody sits.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var number, locked int32
	control(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return master, terminal
}

// echoes reports whether a terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	var mode syscall.Termios
	control(t, terminal, syscall.TCGETS, unsafe.Pointer(&mode))
	return mode.Lflag&syscall.ECHO != 0
}

func control(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) { _, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)) })
	if err != nil || errno != 0 {
		t.Fatal(err, errno)
	}
}
