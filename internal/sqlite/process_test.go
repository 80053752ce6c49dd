package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// The tests run themselves as a second process: CHILD says what it does, DIR where.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv("CHILD") {
	case "":
		os.Exit(m.Run())
	case "open":
		err = childOpen(os.Getenv("DIR"))
	case "flood":
		err = childFlood(os.Getenv("DIR"))
	case "change":
		err = childChange(os.Getenv("DIR"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(t *testing.T, what, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD="+what, "DIR="+dir)
	return cmd
}

func entry(text string) book.Entry {
	now := time.Now()
	return book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, Status: 200, Text: text}
}

func childOpen(dir string) error {
	db, err := sqlite.Open(context.Background(), dir, sqlite.Options{})
	if err != nil {
		return err
	}
	now := time.Now()
	for range 5 {
		d := account.Developer{ID: id.New(now), CreatedAt: now, UpdatedAt: now, Role: account.Member}
		d.EmailKey = d.ID
		if err := db.Accounts().Create(context.Background(), account.Actor{}, d); err != nil {
			return err
		}
		if err := db.Entries().Append(context.Background(), []book.Entry{entry("child")}); err != nil {
			return err
		}
	}
	return db.Close()
}

// childFlood appends until it is killed, and prints the id of each entry once it is acknowledged.
func childFlood(dir string) error {
	db, err := sqlite.Open(context.Background(), dir, sqlite.Options{})
	if err != nil {
		return err
	}
	for {
		list := []book.Entry{entry(strings.Repeat("x", 500)), entry("second")}
		if err := db.Entries().Append(context.Background(), list); err != nil {
			return err
		}
		fmt.Println(list[0].ID)
		fmt.Println(list[1].ID)
	}
}

// Several processes that meet in a fresh directory all open it, and none loses what another has
// written.
func TestProcessesMeetInAFreshDirectory(t *testing.T) {
	t.Parallel()
	const n = 4
	dir := filepath.Join(t.TempDir(), "data")
	var cmds []*exec.Cmd
	var outs []*strings.Builder
	for range n {
		cmd, out := child(t, "open", dir), &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		mustRun(t, cmd.Start())
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, outs[i])
		}
	}
	db := open(t, dir)
	list, err := db.Accounts().List(t.Context(), "", 1000)
	mustRun(t, err)
	entries, _, err := db.Entries().Find(t.Context(), book.Query{Limit: 1000})
	mustRun(t, err)
	if len(list) != 5*n || len(entries) != 5*n {
		t.Errorf("%d developers and %d entries, want %d of each", len(list), len(entries), 5*n)
	}
}

// After kill -9, and from a copy of the files taken in the middle of writing, the book opens clean.
// After kill -9 it holds every entry that was acknowledged.
func TestCrash(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		dir, copied := t.TempDir(), t.TempDir()
		cmd := child(t, "flood", dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		mustRun(t, err, cmd.Start())
		lines := bufio.NewScanner(out)
		var acknowledged []string
		for range 200 + 150*round {
			if !lines.Scan() {
				t.Fatal("the child ended early")
			}
			acknowledged = append(acknowledged, lines.Text())
		}
		// The files as a power cut leaves them: the WAL is copied last, so it may be ahead of the
		// database, and end anywhere.
		copyFile(t, dir, copied, "doorbook.db")
		copyFile(t, dir, copied, "book.db")
		copyFile(t, dir, copied, "book.db-wal")
		mustRun(t, cmd.Process.Kill())
		for lines.Scan() {
			if s := lines.Text(); len(s) == 24 {
				acknowledged = append(acknowledged, s)
			}
		}
		_ = cmd.Wait()

		wantClean(t, open(t, copied))
		db := open(t, dir)
		wantClean(t, db)
		for _, id := range acknowledged {
			if _, err := db.Entries().ByID(t.Context(), id); err != nil {
				t.Fatalf("entry %s was acknowledged: %v", id, err)
			}
		}
		mustAdd(t, db, 3)
	}
}

func copyFile(t *testing.T, from, to, name string) {
	t.Helper()
	src, err := os.Open(filepath.Join(from, name))
	mustRun(t, err)
	defer src.Close()
	dst, err := os.OpenFile(filepath.Join(to, name), os.O_CREATE|os.O_WRONLY, 0o600)
	mustRun(t, err)
	_, err = io.Copy(dst, src)
	mustRun(t, err, dst.Close())
}

func wantClean(t *testing.T, db *sqlite.DB) {
	t.Helper()
	for _, h := range []*sqlite.Handle{db.Main, db.Book} {
		var problems string
		if err := h.Read.QueryRow(`PRAGMA integrity_check`).Scan(&problems); err != nil || problems != "ok" {
			t.Errorf("integrity: %v %v", problems, err)
		}
	}
}
