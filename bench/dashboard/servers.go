package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// person is who signs in, at every server.
type person struct{ name, email, password string }

func (p person) welcome() string { return "Welcome " + p.name }

func newPerson() person {
	return person{name: "Ada Lovelace", email: "ada@example.org", password: rand.Text()}
}

// house is what the servers have in common.
type house struct {
	tmp     string // emptied at the end
	who     person
	history bool         // the plot shows six hours, not only what the load brings
	mongo   *mongoServer // where the records are; nil: in files, and Flask's in memory
}

// server is one that runs and its page under load.
type server struct {
	*process
	addr     string
	page     target
	database string // its name on the MongoDB server, if there is one
}

// doorbook is the program, as installed: nothing is set but where it listens and keeps its data.
type doorbook struct {
	server
	house  house
	binary string
	ada    *visitor
}

func (h house) dataDir() string { return filepath.Join(h.tmp, "data") }

// settings are what the program finds in its environment.
func (h house) settings() []string {
	if h.mongo == nil {
		return nil
	}
	return []string{"DOORBOOK_DATABASE=" + h.mongo.url(ourDatabase)}
}

// newDoorbook makes the account and starts the program.
func newDoorbook(ctx context.Context, h house, binary string) (*doorbook, error) {
	add := exec.CommandContext(ctx, binary, "user", "add", h.who.email, "--name", h.who.name, "--admin", "--password-stdin",
		"--data", h.dataDir())
	add.Env, add.Stdin = environment(h.settings()...), strings.NewReader(h.who.password+"\n")
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("doorbook user add: %w\n%s", err, out)
	}
	if h.history {
		if err := h.writeHistory(ctx, time.Now()); err != nil {
			return nil, err
		}
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	d := &doorbook{server: server{addr: addr, database: ourDatabase}, house: h, binary: binary, ada: newVisitor(addr)}
	if err := d.run(ctx); err != nil {
		return nil, err
	}
	if err := d.listening(ctx, addr); err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

func (d *doorbook) run(ctx context.Context) error {
	p, err := start(ctx, d.house.tmp, "doorbook", "", d.house.settings(), d.binary, "serve", "--addr", d.addr, "--data", d.house.dataDir())
	if err == nil {
		d.process = p
	}
	return err
}

// signIn opens the session that the load uses.
func (d *doorbook) signIn(ctx context.Context) error {
	if err := d.ada.signIn(ctx, d.house.who); err != nil {
		return fmt.Errorf("doorbook: %w\n%s", err, d.tail())
	}
	d.page = newTarget(d.addr, "/", d.ada.cookieHeader(), http.StatusOK, d.house.who.welcome())
	return nil
}

// restart stops the program, starts it again, and gives the time from the start to the end of the first page.
func (d *doorbook) restart(ctx context.Context) (time.Duration, error) {
	d.stop()
	begin := time.Now()
	if err := d.run(ctx); err != nil {
		return 0, err
	}
	if err := d.ada.firstPage(ctx, d.house.who); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, d.tail())
	}
	return time.Since(begin), nil
}

// newFlask starts the yardstick with Debian's gunicorn and two workers. Without threads these are gunicorn's default ones,
// which take one connection at a time and close it after each answer; with threads connections stay open.
func newFlask(ctx context.Context, h house, gunicorn, dir string, threads int) (server, error) {
	addr, err := freeAddr()
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
		"BENCH_EMAIL=" + h.who.email, "BENCH_NAME=" + h.who.name, "BENCH_PASSWORD=" + h.who.password,
		"PYTHONDONTWRITEBYTECODE=1",
	}
	if h.history {
		env = append(env, "BENCH_HISTORY=1")
	}
	if h.mongo != nil {
		env = append(env, "BENCH_MONGO_URL="+h.mongo.url(flaskDatabase))
	}
	p, err := start(ctx, h.tmp, name, dir, env, gunicorn, append(args, "app:app")...)
	if err != nil {
		return server{}, err
	}
	if err := p.listening(ctx, addr); err != nil {
		p.stop()
		return server{}, err
	}
	ada := newVisitor(addr)
	if err := ada.signIn(ctx, h.who); err != nil {
		p.stop()
		return server{}, fmt.Errorf("flask: %w\n%s", err, p.tail())
	}
	return server{p, addr, newTarget(addr, "/", ada.cookieHeader(), http.StatusOK, h.who.welcome()), flaskDatabase}, nil
}

// newHello starts the bare server of ../hello.
func newHello(ctx context.Context, h house, binary string) (server, error) {
	addr, err := freeAddr()
	if err != nil {
		return server{}, err
	}
	p, err := start(ctx, h.tmp, "hello", "", nil, binary, addr)
	if err != nil {
		return server{}, err
	}
	if err := p.listening(ctx, addr); err != nil {
		p.stop()
		return server{}, err
	}
	return server{p, addr, newTarget(addr, "/", "", http.StatusOK, "Hello"), ""}, nil
}
