// Command doorbook is the door and the book: a login for a web application, and a record of who came in and what they did.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/doorbook/doorbook/internal/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// What lives is a few megabytes, what a request leaves behind is not: collecting at twice the living heap, the
		// default, would collect a hundred times a second under load.
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, cli.Env{
		Args: os.Args[1:], Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
