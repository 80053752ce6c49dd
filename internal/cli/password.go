package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/doorbook/doorbook/internal/account"
)

// password is how a verb gets one.
type password struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input, without asking."`
}

// read asks for the password, or takes it from standard input: up to the line's end, which is not
// part of it. A terminal does not show what is typed.
func (p password) read(c *command) (string, error) {
	if !p.PasswordStdin {
		if file, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			fmt.Fprintf(c.Stderr, "Password (%d characters or more; it is not shown as you type): ", account.MinPassword)
			defer fmt.Fprintln(c.Stderr)
			return readHidden(c.ctx, int(file.Fd()))
		}
		fmt.Fprintf(c.Stderr, "Password (%d characters or more): ", account.MinPassword)
	}
	line, err := bufio.NewReader(io.LimitReader(c.Stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// readHidden reads a line from a terminal that shows nothing meanwhile. Whoever breaks off gets a
// terminal back that shows again.
func readHidden(ctx context.Context, terminal int) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1) // what is never typed holds up nobody
	go func() {
		text, err := term.ReadPassword(terminal)
		typed <- line{text, err}
	}()
	select {
	case l := <-typed:
		return string(l.text), l.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("broken off"), term.Restore(terminal, before))
	}
}
