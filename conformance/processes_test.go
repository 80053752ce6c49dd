package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// writerVariable holds, in JSON, what a child process is to write; see testProcesses.
const writerVariable = "DOORBOOK_CONFORMANCE_WRITER"

// writer says where to write, and under which name.
type writer struct {
	Name     string
	Database string
	Address  string
	Table    string
	ID       session.ID
	Digest   store.Digest
}

const (
	writerHands = 2  // goroutines of one writer
	writerEach  = 25 // patches, and steps of the counter, of each
)

// write sets keys of the record that nobody else sets, and counts up a number that everybody counts
// up.
func (w writer) write(ctx context.Context, s store.Store) error {
	errs := make([]error, writerHands)
	var hands sync.WaitGroup
	for hand := range writerHands {
		hands.Go(func() {
			for n := range writerEach {
				p := store.Patch{ID: w.ID, Digest: w.Digest, Now: now}
				p.Set = store.Values{fmt.Sprintf("%s/%d/%d", w.Name, hand, n): {1}}
				if _, err := s.Patch(ctx, p); err != nil {
					errs[hand] = fmt.Errorf("patch: %w", err)
					return
				}
				if err := w.count(ctx, s); err != nil {
					errs[hand] = fmt.Errorf("count: %w", err)
					return
				}
			}
		})
	}
	hands.Wait()
	return errors.Join(errs...)
}

// count adds one to the number, as often as it takes.
func (w writer) count(ctx context.Context, s store.Store) error {
	for {
		r, err := s.Load(ctx, w.ID, now)
		if err != nil {
			return err
		}
		n, _ := strconv.Atoi(string(r.Values["n"]))
		p := store.Patch{ID: w.ID, Digest: w.Digest, Now: now, IfVersion: r.Version}
		p.Set = store.Values{"n": []byte(strconv.Itoa(n + 1))}
		if _, err = s.Patch(ctx, p); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// check tells whether the record holds all that some writers wrote.
func (w writer) check(ctx context.Context, t *testing.T, s store.Store, writers int) {
	t.Helper()
	r, err := s.Load(ctx, w.ID, now)
	if err != nil {
		t.Fatal(err)
	}
	want := writers * writerHands * writerEach
	if keys, n := len(r.Values)-1, string(r.Values["n"]); keys != want || n != strconv.Itoa(want) || r.Version != int64(2*want+1) {
		t.Errorf("%d keys, counted to %s, version %d; want %d, %d, %d", keys, n, r.Version, want, want, 2*want+1)
	}
}

// testProcesses lets this process and a child of it write to one record at once. Nothing is lost.
func testProcesses(t *testing.T, d database) {
	address := d.address(t)
	db := d.open(t, address, 4)
	table := d.table(t, db)
	s := d.store(db, sqlstore.Table(table))
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := record("ada", nil)
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w := writer{Name: "parent", Database: d.name, Address: address, Table: table, ID: r.ID, Digest: r.Digest}

	child := w
	child.Name = "child"
	job, err := json.Marshal(child)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), writerVariable+"="+string(job))
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil { // it is ready
		t.Errorf("the child: %v", err)
	}
	if err := stdin.Close(); err != nil { // both begin
		t.Error(err)
	}
	if err := w.write(t.Context(), s); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the child: %v", err)
	}
	w.check(t.Context(), t, s, 2)
}

// runWriter is the child process.
func runWriter(ctx context.Context, job string) error {
	var w writer
	if err := json.Unmarshal([]byte(job), &w); err != nil {
		return err
	}
	for _, d := range databases() {
		if d.name != w.Database {
			continue
		}
		db, err := d.handle(w.Address, 4)
		if err != nil {
			return err
		}
		defer db.Close()
		s := d.store(db, sqlstore.Table(w.Table))
		if _, err := s.Load(ctx, w.ID, now); err != nil {
			return err
		}
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1)) // till the parent closes it
		return w.write(ctx, s)
	}
	return fmt.Errorf("no database is called %q", w.Database)
}
