package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
)

// house is what the servers have in common.
type house struct {
	tmp     string // emptied at the end
	who     program.Person
	history bool         // the plot shows six hours, not only what the load brings
	mongo   *mongoServer // where the records are; nil: in files, and Flask's in memory
}

// server is one that runs and its page under load.
type server struct {
	*program.Process
	addr     string
	page     load.Target
	database string // its name on the MongoDB server, if there is one
}

// doorbook is the program in its house.
type doorbook struct {
	server
	house house
	own   *program.Doorbook
	ada   *program.Visitor
}

// settings are what the program finds in its environment.
func (h house) settings() []string {
	if h.mongo == nil {
		return nil
	}
	return []string{"DOORBOOK_DATABASE=" + h.mongo.url(ourDatabase)}
}

// newDoorbook makes the account and starts the program.
func newDoorbook(ctx context.Context, h house, binary string) (*doorbook, error) {
	own, err := program.NewDoorbook(binary, h.tmp, h.settings()...)
	if err != nil {
		return nil, err
	}
	if err := own.AddUser(ctx, h.who, "--admin"); err != nil {
		return nil, err
	}
	if h.history {
		if err := h.writeHistory(ctx, own, time.Now()); err != nil {
			return nil, err
		}
	}
	if err := own.Serve(ctx); err != nil {
		return nil, err
	}
	return &doorbook{
		server: server{Process: own.Process, addr: own.Addr, database: ourDatabase},
		house:  h, own: own, ada: program.NewVisitor(own.Addr),
	}, nil
}

// signIn opens the session that the load uses.
func (d *doorbook) signIn(ctx context.Context) error {
	if err := d.ada.SignIn(ctx, d.house.who); err != nil {
		return fmt.Errorf("doorbook: %w\n%s", err, d.Tail())
	}
	d.page = load.NewTarget(d.addr, "/", d.ada.CookieHeader(), http.StatusOK, d.house.who.Welcome())
	return nil
}

// restart is program.Doorbook's, with a new process as the server's.
func (d *doorbook) restart(ctx context.Context) (time.Duration, error) {
	took, err := d.own.Restart(ctx, d.ada, d.house.who)
	d.Process = d.own.Process
	return took, err
}

// newSilent starts the program's site without entries (../silent), on a data directory of its own
// that the program makes.
func newSilent(ctx context.Context, h house, doorbook, binary string) (server, error) {
	own, err := program.NewDoorbook(doorbook, filepath.Join(h.tmp, "silent"))
	if err != nil {
		return server{}, err
	}
	if err := os.Mkdir(own.Tmp, 0o700); err != nil {
		return server{}, err
	}
	if err := own.AddUser(ctx, h.who, "--admin"); err != nil {
		return server{}, err
	}
	if h.history {
		if err := h.writeHistory(ctx, own, time.Now()); err != nil {
			return server{}, err
		}
	}
	p, err := program.Start(ctx, h.tmp, "nothing entered", "", nil, binary, own.Addr, own.DataDir())
	if err != nil {
		return server{}, err
	}
	if err := p.Listening(ctx, own.Addr); err != nil {
		p.Stop()
		return server{}, err
	}
	ada := program.NewVisitor(own.Addr)
	if err := ada.SignIn(ctx, h.who); err != nil {
		p.Stop()
		return server{}, fmt.Errorf("silent: %w\n%s", err, p.Tail())
	}
	return server{p, own.Addr, load.NewTarget(own.Addr, "/", ada.CookieHeader(), http.StatusOK, h.who.Welcome()), ""}, nil
}

// newBeside starts another build of the program, with an account and a data directory of its own.
func newBeside(ctx context.Context, h house, binary string) (server, error) {
	h.tmp = filepath.Join(h.tmp, "beside")
	if err := os.Mkdir(h.tmp, 0o700); err != nil {
		return server{}, err
	}
	d, err := newDoorbook(ctx, h, binary)
	if err != nil {
		return server{}, err
	}
	d.Name = "beside"
	if err := d.signIn(ctx); err != nil {
		d.Stop()
		return server{}, err
	}
	return d.server, nil
}

// newFlask starts the yardstick with Debian's gunicorn and two workers. Without threads these are
// gunicorn's default ones, which take one connection at a time and close it after each answer; with
// threads connections stay open.
func newFlask(ctx context.Context, h house, gunicorn, dir string, threads int) (server, error) {
	addr, err := program.FreeAddr()
	if err != nil {
		return server{}, err
	}
	name := "flask"
	args := []string{"--workers", "2", "--bind", addr, "--graceful-timeout", "2"}
	if threads > 0 {
		name = fmt.Sprintf("flask, %d threads", 2*threads)
		args = append(args, "--worker-class", "gthread", "--threads", strconv.Itoa(threads))
	}
	env := []string{
		"BENCH_SECRET_KEY=" + rand.Text() + rand.Text(),
		"BENCH_EMAIL=" + h.who.Email, "BENCH_NAME=" + h.who.Name, "BENCH_PASSWORD=" + h.who.Password,
		"PYTHONDONTWRITEBYTECODE=1",
	}
	if h.history {
		env = append(env, "BENCH_HISTORY=1")
	}
	if h.mongo != nil {
		env = append(env, "BENCH_MONGO_URL="+h.mongo.url(flaskDatabase))
	}
	p, err := program.Start(ctx, h.tmp, name, dir, env, gunicorn, append(args, "app:app")...)
	if err != nil {
		return server{}, err
	}
	if err := p.Listening(ctx, addr); err != nil {
		p.Stop()
		return server{}, err
	}
	ada := program.NewVisitor(addr)
	if err := ada.SignIn(ctx, h.who); err != nil {
		p.Stop()
		return server{}, fmt.Errorf("flask: %w\n%s", err, p.Tail())
	}
	return server{p, addr, load.NewTarget(addr, "/", ada.CookieHeader(), http.StatusOK, h.who.Welcome()), flaskDatabase}, nil
}

// newHello starts the bare server of ../hello.
func newHello(ctx context.Context, h house, binary string) (server, error) {
	addr, err := program.FreeAddr()
	if err != nil {
		return server{}, err
	}
	p, err := program.Start(ctx, h.tmp, "hello", "", nil, binary, addr)
	if err != nil {
		return server{}, err
	}
	if err := p.Listening(ctx, addr); err != nil {
		p.Stop()
		return server{}, err
	}
	return server{p, addr, load.NewTarget(addr, "/", "", http.StatusOK, "Hello"), ""}, nil
}
