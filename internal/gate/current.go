package gate

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Source is where it is said which applications there are.
type Source struct {
	Apps []string // of --app
	File string   // the path of a file; "" for none
	Home string   // the address that people use the site by

	// Fits says by an error that a gate does not go with what else is set. Nil: every one does.
	Fits func(*Gate) error
}

// Read reads the gate anew.
func (s Source) Read() (*Gate, error) {
	var content []byte // nil: there is no file
	if s.File != "" {
		var err error
		if content, err = readUpTo(s.File, maxFile+1); err != nil {
			return nil, fmt.Errorf("--gate: %w", err)
		}
	}
	g, err := New(s.Apps, content, s.File, s.Home)
	if err == nil && s.Fits != nil {
		err = s.Fits(g)
	}
	return g, err
}

// readUpTo reads no more of a file than so many bytes, and never gives nil for one that is empty.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, err
	}
	return append([]byte{}, content...), nil
}

// Current is the gate that holds at the moment. It is safe for concurrent use.
type Current struct {
	source Source
	gate   atomic.Pointer[Gate]
}

// Open reads the gate for the first time.
func Open(s Source) (*Current, error) {
	c := &Current{source: s}
	return c, c.Reload()
}

// Load returns the gate that holds now. A request asks once, so that one gate decides all of it.
func (c *Current) Load() *Gate { return c.gate.Load() }

// Reload reads the gate anew. Either the whole new one holds from now on, or what is wrong with it
// is the error and the one before holds on.
func (c *Current) Reload() error {
	g, err := c.source.Read()
	if err != nil {
		return err
	}
	c.gate.Store(g)
	return nil
}
