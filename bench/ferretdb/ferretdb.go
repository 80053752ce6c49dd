// Package ferretdb starts the FerretDB that the measurements over MongoDB's protocol use: the one
// that the tests have, with SQLite behind it, which `make setup` builds into the cache folder (see
// ../../conformance/ferretdb).
package ferretdb

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	program   = "ferretdb-v1.24.2"
	startTime = 30 * time.Second // for the server to answer
)

// Server is a running FerretDB with a folder of its own.
type Server struct {
	dir  string
	cmd  *exec.Cmd
	life io.Closer // the server ends when this is closed, by Stop or because this program ended in any way
}

// attached runs a program until the standard input ends.
const attached = `"$0" "$1" & read -r _; kill $!; wait`

// Path gives where the program is, or an error if nobody has built it.
func Path() (string, error) {
	cache := os.Getenv("DOORBOOK_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(user, "doorbook")
	}
	path := filepath.Join(cache, program)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no FerretDB (make setup, in the project's folder, builds it): %w", err)
	}
	return path, nil
}

// Start starts a server over an empty folder and waits until it answers. Stop ends it.
func Start(ctx context.Context) (*Server, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "doorbook-") // short: the path of a unix socket may have no more than 107 bytes
	if err != nil {
		return nil, err
	}
	// The server outlives ctx: whoever is told to end may still have questions. Stop comes last.
	s := &Server{dir: dir, cmd: exec.Command("/bin/sh", "-c", attached, path, dir)}
	if s.life, err = s.cmd.StdinPipe(); err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := s.answers(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("FerretDB does not answer: %w", err)
	}
	return s, nil
}

// URL names a database of the server.
func (s *Server) URL(database string) string {
	return "mongodb://" + url.PathEscape(s.socket()) + "/" + database
}

// Dial opens a connection of one's own.
func (s *Server) Dial() (net.Conn, error) { return net.Dial("unix", s.socket()) }

func (s *Server) socket() string { return filepath.Join(s.dir, "ferretdb.sock") }

// File is the SQLite file of a database.
func (s *Server) File(database string) string { return filepath.Join(s.dir, database+".sqlite") }

// PID is the number of the process whose child it is.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Bytes is what its files take up.
func (s *Server) Bytes() (sum int64, err error) {
	files, err := os.ReadDir(s.dir)
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum, err
}

// Stop ends the server and removes its data.
func (s *Server) Stop() {
	_ = s.life.Close()
	_ = s.cmd.Wait() // says how it ended, which is all the same
	_ = os.RemoveAll(s.dir)
}

func (s *Server) answers(ctx context.Context) error {
	client, err := mongo.Connect(options.Client().ApplyURI(s.URL("")))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	return client.Ping(ctx, nil)
}
