// Command ferretdb is FerretDB with SQLite behind it, which speaks MongoDB's protocol: for the
// tests, on machines where no MongoDB can be had. It is a module of its own, so that none of what
// FerretDB needs gets near the product.
//
//	ferretdb FOLDER
//
// It keeps its data in the folder, which must exist, and answers at the unix socket ferretdb.sock
// in it, until it is told to end (SIGTERM, SIGINT).
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	runtime.MemProfileRate = 0 // nobody reads the profile
	debug.SetGCPercent(400)    // memory there is, time there is not
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	db, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{Unix: filepath.Join(folder, "ferretdb.sock")},
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:  "sqlite",
		// Nothing is kept beyond a test: no waiting for a disk.
		SQLiteURL: "file:" + folder + "/?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(off)",
	})
	if err != nil {
		return err
	}
	return db.Run(ctx)
}
