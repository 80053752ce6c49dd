package program

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Doorbook is the program as installed: nothing is set but where it listens and keeps its data, and
// what Env says.
type Doorbook struct {
	*Process // nil until Run
	Binary   string
	Tmp      string // where its log and its data are
	Env      []string
	Addr     string
}

// NewDoorbook returns a program that does not run yet, with an address to listen on.
func NewDoorbook(binary, tmp string, env ...string) (*Doorbook, error) {
	addr, err := FreeAddr()
	return &Doorbook{Binary: binary, Tmp: tmp, Env: env, Addr: addr}, err
}

// DataDir is where the program keeps its data.
func (d *Doorbook) DataDir() string { return filepath.Join(d.Tmp, "data") }

// BookFile is the file that holds the entries.
func (d *Doorbook) BookFile() string { return filepath.Join(d.DataDir(), "book.db") }

// AddUser makes an account by the program's own command, for which the program is started once if
// it never was. More arguments may be given to it.
func (d *Doorbook) AddUser(ctx context.Context, who Person, more ...string) error {
	if _, err := os.Stat(d.BookFile()); errors.Is(err, fs.ErrNotExist) {
		if err := d.Serve(ctx); err != nil {
			return err
		}
		d.Stop()
	}
	args := append([]string{"user", "add", who.Email, "--name", who.Name, "--password-stdin", "--data", d.DataDir()}, more...)
	add := exec.CommandContext(ctx, d.Binary, args...)
	add.Env, add.Stdin = Environment(d.Env...), strings.NewReader(who.Password+"\n")
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("doorbook user add: %w\n%s", err, out)
	}
	return nil
}

// Run starts the program, and does not wait until it listens.
func (d *Doorbook) Run(ctx context.Context) error {
	p, err := Start(ctx, d.Tmp, "doorbook", "", d.Env, d.Binary, "serve", "--addr", d.Addr, "--data", d.DataDir())
	if err == nil {
		d.Process = p
	}
	return err
}

// Serve starts the program and waits until it listens.
func (d *Doorbook) Serve(ctx context.Context) error {
	if err := d.Run(ctx); err != nil {
		return err
	}
	err := d.Listening(ctx, d.Addr)
	if err != nil {
		d.Stop()
	}
	return err
}

// Restart stops the program, starts it again, and returns the time from the start to the end of the
// first page, which v asks for, who is signed in.
func (d *Doorbook) Restart(ctx context.Context, v *Visitor, who Person) (time.Duration, error) {
	d.Stop()
	begin := time.Now()
	if err := d.Run(ctx); err != nil {
		return 0, err
	}
	if err := v.FirstPage(ctx, who); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, d.Tail())
	}
	return time.Since(begin), nil
}
