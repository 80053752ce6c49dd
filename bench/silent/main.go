// Command silent is the program's own site with a book that takes no entries after the first
// hundred: what the program would be if nobody had to write anything down. It is what entering
// requests is measured against.
//
//	silent ADDRESS DATA-DIRECTORY
//
// The account must be there: see doorbook user add.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "silent:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want an address and a data directory, have %q", args)
	}
	debug.SetGCPercent(800) // as the program does; see internal/server
	db, err := database.Open(ctx, database.SQLite, args[1], database.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		return err
	}
	hasher, err := passhash.New(passhash.Config{Before: runtime.GC})
	if err != nil {
		return err
	}
	site, err := server.NewSite(server.Parts{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, SignIns: db.SignIns, Tokens: db.Tokens, Entries: &full{Repository: db.Entries}, Store: db.Sessions,
		Ready: db.Check, Passwords: hasher, Keys: keys, Registration: account.Fixed{Mode: door.Closed}, URL: "http://" + args[0],
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer site.Background()()
	s := &http.Server{Addr: args[0], Handler: site.Handler}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// full is a book with enough entries for a page.
type full struct {
	book.Repository
	taken atomic.Int64
}

func (f *full) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	if f.taken.Add(int64(len(list))) > 100 {
		return nil
	}
	return f.Repository.Append(ctx, list, endings...)
}
