// Command doorbook is the door and the book: a login for a web application, and a record of who
// came in and what they did.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/doorbook/doorbook/internal/cli"
)

func main() {
	// Whoever reads what is logged may go away: that is an error of the write, and no end of the
	// program.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, cli.Env{
		Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
