package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/mongo"
	"github.com/doorbook/doorbook/session"
)

// tally counts the commands that a database is asked.
type tally struct {
	mu    sync.Mutex
	names []string
}

func (c *tally) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.names = append(c.names, e.CommandName)
	}}
}

// take gives what was asked since the last call.
func (c *tally) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.names
	c.names = nil
	return names
}

func newDeveloper(name string, role account.Role) account.Developer {
	key := name + "@example.org"
	return account.Developer{ID: id.New(now), Name: name, Email: key, EmailKey: key, Role: role, CreatedAt: now, UpdatedAt: now}
}

func newEntry() book.Entry {
	return book.Entry{ID: id.New(now), Type: book.Request, URL: "/", Method: "GET", CreatedAt: now, Status: 200}
}

// What the documentation of the package says a call costs.
func TestReposMongoRoundTrips(t *testing.T) {
	t.Parallel()
	var asked tally
	db := openMongo(t, mongo.Options{Monitor: asked.monitor()})
	ctx := t.Context()
	repo, throttle, entries := db.Accounts(), db.Throttle(), db.Entries()
	ada, eve, root := newDeveloper("ada", account.Member), newDeveloper("eve", account.Admin), newDeveloper("root", account.Admin)
	for _, d := range []account.Developer{ada, eve} {
		if err := repo.Create(ctx, account.Actor{}, d); err != nil {
			t.Fatal(err)
		}
	}
	name, address, member := "Ada L.", "lovelace@example.org", account.Member
	token := []byte("token")
	policy := account.Policy{Free: 1, First: time.Hour, Most: time.Hour, Forget: time.Hour}
	var list []book.Entry
	for range 25 {
		list = append(list, newEntry())
	}
	record := record(ada.ID, nil)
	asked.take()

	update := func(id string, c account.Change) func() error {
		return func() error { _, err := repo.Update(ctx, account.Actor{}, id, c, now); return err }
	}
	take := func() error {
		_, err := throttle.Take(ctx, []account.Attempt{{Key: "key", Policy: policy}}, now)
		return err
	}
	both := func(first, second string) func() error {
		return func() error {
			_, err := throttle.Take(ctx, []account.Attempt{
				{Key: first, Policy: policy}, {Key: second, Policy: policy},
			}, now)
			return err
		}
	}
	devices := db.Devices()
	row := account.Device{ID: "row", Account: ada.ID, FirstSeen: now, LastSeen: now}
	find := func(q book.Query) func() error {
		return func() error { _, _, err := entries.Find(ctx, q); return err }
	}
	for _, c := range []struct {
		what string
		want int
		call func() error
	}{
		{"ByID", 1, func() error { _, err := repo.ByID(ctx, ada.ID); return err }},
		{"ByID of nobody", 1, func() error { _, err := repo.ByID(ctx, root.ID); return unless(err, account.ErrNotFound) }},
		{"ByID of what is no id", 0, func() error { _, err := repo.ByID(ctx, "x"); return unless(err, account.ErrNotFound) }},
		{"ByEmail", 1, func() error { _, err := repo.ByEmail(ctx, ada.EmailKey); return err }},
		{"ByEmail of nobody", 1, func() error {
			_, err := repo.ByEmail(ctx, "nobody@example.org")
			return unless(err, account.ErrNotFound)
		}},
		{"List", 1, func() error { _, err := repo.List(ctx, "", 100); return err }},
		{"HasAdmin", 1, func() error { _, err := repo.HasAdmin(ctx); return err }},
		{"Update", 1, update(ada.ID, account.Change{Name: &name, EndSignIns: true})},
		{"Update of the address", 2, update(ada.ID, account.Change{Email: &address, EmailKey: &address})},
		{"Update of a member's role", 2, update(ada.ID, account.Change{Role: &member})},
		{"Create", 2, func() error { return repo.Create(ctx, account.Actor{}, root) }},
		{"Update that takes an admin away", 5, update(eve.ID, account.Change{Role: &member})},
		{"the last admin stays", 4, func() error { return unless(repo.Delete(ctx, account.Actor{}, root.ID), account.ErrLastAdmin) }},
		{"Delete", 2, func() error { return repo.Delete(ctx, account.Actor{}, eve.ID) }},
		{"OpenSetup", 1, func() error { return repo.OpenSetup(ctx, token, now.Add(time.Hour)) }},
		{"SetupOpen", 2, func() error { _, err := repo.SetupOpen(ctx, token, now); return err }},
		{"SetupOpen with another token", 1, func() error { _, err := repo.SetupOpen(ctx, []byte("x"), now); return err }},
		{"Take", 2, take},
		{"Take, refused", 1, take},
		{"Take of two counters", 3, both("a", "b")},
		{"Take of two counters, refused by the second", 1, both("c", "a")},
		{"device looked for", 1, func() error {
			_, err := devices.Find(ctx, "row")
			return unless(err, account.ErrNotFound)
		}},
		{"device kept", 2, func() error { return devices.Keep(ctx, row, 5) }},
		{"devices ended", 1, func() error { _, err := devices.End(ctx, ada.ID); return err }},
		{"Settle, refunded", 1, func() error { return throttle.Settle(ctx, nil, []string{"key"}) }},
		{"Settle, forgiven", 1, func() error { return throttle.Settle(ctx, []string{"key"}, nil) }},
		{"Append", 2, func() error { return entries.Append(ctx, list) }},
		{"Append of nothing", 0, func() error { return entries.Append(ctx, nil) }},
		{"Find", 1, find(book.Query{Limit: 20})},
		{"Find, of one user", 1, find(book.Query{User: ada.ID, Limit: 20})},
		{"Find, at the end of the book", 2, find(book.Query{Limit: 100})},
		{"entry by id", 1, func() error { _, err := entries.ByID(ctx, list[0].ID); return err }},
		{"Finish", 1, func() error { return entries.Finish(ctx, list[0].ID, time.Second) }},
		{"SoftDelete", 1, func() error { return entries.SoftDelete(ctx, list[0].ID, now) }},
		{"entry deleted", 1, func() error { return entries.Delete(ctx, list[0].ID) }},
		{"Minutes", 1, func() error { _, err := entries.Minutes(ctx, now); return err }},
		{"session made", 1, func() error { return db.Sessions().Create(ctx, record) }},
		{"session loaded", 1, func() error { _, err := db.Sessions().Load(ctx, record.ID, now); return err }},
		{"Check", 1, func() error { return db.Check(ctx) }},
	} {
		if err := c.call(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := asked.take(); len(got) != c.want {
			t.Errorf("%s: %d round trips, want %d: %v", c.what, len(got), c.want, got)
		}
	}
}

// unless gives nil for the error that is wanted.
func unless(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%w, want: %w", err, want)
}

// gate holds up look-ups in a collection until it is opened.
type gate struct {
	mu      sync.Mutex
	hold    map[string]chan struct{} // by collection
	started chan string              // every look-up's collection
}

func (g *gate) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		name, ok := e.Command.Lookup("find").StringValueOK()
		if !ok {
			return
		}
		g.mu.Lock()
		wait := g.hold[name]
		g.mu.Unlock()
		select {
		case g.started <- name:
		default:
		}
		if wait != nil {
			<-wait
		}
	}}
}

func (g *gate) close(name string) (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := make(chan struct{})
	g.hold = map[string]chan struct{}{name: c}
	return func() {
		g.mu.Lock()
		g.hold = nil
		g.mu.Unlock()
		close(c)
	}
}

// A request that has been there before asks for the session and the developer at the same time.
func TestReposMongoReadsAhead(t *testing.T) {
	t.Parallel()
	g := &gate{started: make(chan string, 100)}
	db := openMongo(t, mongo.Options{Monitor: g.monitor()})
	ada, bob := newDeveloper("ada", account.Member), newDeveloper("bob", account.Member)
	r := record(ada.ID, nil)
	for _, d := range []account.Developer{ada, bob} {
		if err := db.Accounts().Create(t.Context(), account.Actor{}, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Sessions().Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	load := func(ctx context.Context) {
		t.Helper()
		if _, err := db.Sessions().Load(ctx, r.ID, now); err != nil {
			t.Fatal(err)
		}
	}
	name := func(ctx context.Context, d account.Developer) string {
		t.Helper()
		got, err := db.Accounts().ByID(ctx, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.Name
	}
	asked := func() (names []string) {
		for {
			select {
			case name := <-g.started:
				names = append(names, name)
			default:
				slices.Sort(names)
				return names
			}
		}
	}
	rename := func(ctx context.Context, to string) {
		t.Helper()
		if _, err := db.Accounts().Update(ctx, account.Actor{}, ada.ID, account.Change{Name: &to}, now); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	request := func() context.Context {
		ctx, cancel := context.WithCancel(db.Request(t.Context()))
		t.Cleanup(cancel)
		asked()
		return ctx
	}

	ctx := request()
	load(ctx)
	expect("the first request", name(ctx, ada), "ada")
	expect("the first request asks", asked(), []string{"developers", "sessions"})

	ctx = request()
	open := g.close("sessions") // the session's answer waits until the developer was asked for
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		_, _ = db.Sessions().Load(ctx, r.ID, now)
	}()
	both := map[string]bool{}
	for len(both) < 2 {
		both[<-g.started] = true
	}
	open()
	<-loaded
	expect("the second request", name(ctx, ada), "ada")
	expect("the second request asks no more", asked(), []string{})
	expect("another developer", name(ctx, bob), "bob")
	rename(t.Context(), "ada 2")
	expect("the same developer again", name(ctx, ada), "ada 2") // what was read ahead is used once
	expect("both are asked for", asked(), []string{"developers", "developers"})

	rename(t.Context(), "ada 3") // between two requests, by anybody
	ctx = request()
	load(ctx)
	expect("after a change elsewhere", name(ctx, ada), "ada 3")

	ctx = request()
	load(ctx)
	rename(ctx, "ada 4") // in this request itself
	expect("after a change of its own", name(ctx, ada), "ada 4")

	// A session that is somebody else's now.
	if _, err := db.Sessions().Patch(t.Context(), session.Patch{ID: r.ID, Digest: r.Digest, Now: now, SignIn: &session.SignIn{
		Subject: bob.ID, SignedIn: now, Expires: r.Expires, Deadline: r.Deadline, Idle: r.Idle,
	}}); err != nil {
		t.Fatal(err)
	}
	ctx = request()
	load(ctx)
	expect("somebody else", name(ctx, bob), "bob")
	ctx = request()
	load(ctx)
	expect("somebody else again", name(ctx, bob), "bob")
	expect("somebody else is read ahead", asked(), []string{"developers", "sessions"})

	if err := db.Accounts().Delete(t.Context(), account.Actor{}, bob.ID); err != nil {
		t.Fatal(err)
	}
	ctx = request()
	load(ctx)
	if _, err := db.Accounts().ByID(ctx, bob.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("somebody who is gone: %v", err)
	}
	if err := db.Sessions().Delete(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Sessions().Load(request(), r.ID, now); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a session that is gone: %v", err)
	}
}

// What is read ahead is read to its end when the request ends first: a broken-off answer would cost the connection.
func TestReposMongoReadAheadEnds(t *testing.T) {
	t.Parallel()
	started, outcome, hold := make(chan struct{}, 1), make(chan string, 1), make(chan struct{})
	ours := make(chan int64, 1)
	monitor := &event.CommandMonitor{
		Started: func(_ context.Context, e *event.CommandStartedEvent) {
			if name, _ := e.Command.Lookup("find").StringValueOK(); name != "developers" {
				return
			}
			if _, ok := e.Command.Lookup("filter", "_id").ObjectIDOK(); ok {
				ours <- e.RequestID
				started <- struct{}{}
				<-hold
			}
		},
	}
	monitor.Succeeded = func(_ context.Context, e *event.CommandSucceededEvent) {
		report(ours, outcome, e.RequestID, "answered")
	}
	monitor.Failed = func(_ context.Context, e *event.CommandFailedEvent) { report(ours, outcome, e.RequestID, "broken off") }
	db := openMongo(t, mongo.Options{Monitor: monitor})
	ada := newDeveloper("ada", account.Member)
	r := record(ada.ID, nil)
	if err := errors.Join(db.Accounts().Create(t.Context(), account.Actor{}, ada), db.Sessions().Create(t.Context(), r)); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := db.Sessions().Load(db.Request(ctx), r.ID, now); err != nil {
			t.Error(err)
		}
		if i == 1 { // it knows whom the session named
			<-started
		}
		cancel()
	}
	close(hold)
	if got := <-outcome; got != "answered" {
		t.Error(got)
	}
}

// report tells what became of the command that is waited for.
func report(waited chan int64, outcome chan string, request int64, what string) {
	select {
	case id := <-waited:
		if id == request {
			outcome <- what
			return
		}
		waited <- id
	default:
	}
}

// Whatever the URL says, what was written last is read.
func TestReposMongoReadConcern(t *testing.T) {
	t.Parallel()
	var spy spy
	address := mongoURL(t, servers.Mongo(t))
	db := openMongoURL(t, address+"&readConcernLevel=available", mongo.Options{Monitor: spy.monitor()})
	spy.take()
	if _, err := db.Accounts().HasAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, command := range spy.take() {
		if level, _ := command.Lookup("readConcern", "level").StringValueOK(); level != "local" {
			t.Errorf("read concern %q: %v", level, command)
		}
	}
}
