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
	bob := newDeveloper("bob", account.Member)
	name, address, member, admin := "Ada L.", "lovelace@example.org", account.Member, account.Admin
	token := []byte("token")
	policy := account.Policy{Free: 1, First: time.Hour, Most: time.Hour, Forget: time.Hour}
	var list []book.Entry
	for range 25 {
		list = append(list, newEntry())
	}
	record, roots := record(ada.ID, nil), record(root.ID, nil)
	if err := db.Sessions().Create(ctx, roots); err != nil {
		t.Fatal(err)
	}
	by := account.Actor{ID: root.ID, Role: account.Admin, Session: roots.ID.String()}
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
	tokens := db.Tokens()
	key := account.Token{ID: id.New(now), Account: root.ID, CreatedAt: now, Ends: now.Add(time.Hour)}
	withToken := by
	withToken.Token = key.ID
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
		{"Gone", 1, func() error { _, err := repo.Gone(ctx, []string{ada.ID, root.ID}); return err }},
		{"Gone of what is no id", 0, func() error { _, err := repo.Gone(ctx, []string{"x"}); return err }},
		{"List", 1, func() error { _, err := repo.List(ctx, "", 100); return err }},
		{"HasAdmin", 2, func() error { _, err := repo.HasAdmin(ctx); return err }},
		{"Update", 1, update(ada.ID, account.Change{Name: &name})},
		{"Update that ends sign-ins", 2, update(ada.ID, account.Change{Name: &name, EndSignIns: true})},
		{"the same of an admin", 4, update(eve.ID, account.Change{Name: &name, EndSignIns: true})},
		{"Update of the address", 2, update(ada.ID, account.Change{Email: &address, EmailKey: &address})},
		{"Update of a member's role", 2, update(ada.ID, account.Change{Role: &member})},
		{"Create", 2, func() error { return repo.Create(ctx, account.Actor{}, bob) }},
		{"Create of an admin", 5, func() error { return repo.Create(ctx, account.Actor{}, root) }},
		{"Update that makes an admin", 5, update(bob.ID, account.Change{Role: &admin})},
		{"Delete of an admin", 5, func() error { return repo.Delete(ctx, account.Actor{}, bob.ID) }},
		{"Confirm", 3, func() error { return repo.Confirm(ctx, by) }}, // at once
		{"Update that takes an admin away", 5, update(eve.ID, account.Change{Role: &member})},
		{"the last admin stays", 2, func() error { return unless(repo.Delete(ctx, account.Actor{}, root.ID), account.ErrLastAdmin) }},
		{"Delete", 2, func() error { return repo.Delete(ctx, account.Actor{}, eve.ID) }},
		{"OpenSetup", 2, func() error { return repo.OpenSetup(ctx, token, now.Add(time.Hour)) }},
		{"SetupOpen", 1, func() error { _, err := repo.SetupOpen(ctx, token, now); return err }},
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
		{"token made", 2, func() error { return tokens.Create(ctx, account.Actor{}, key, 5) }},
		{"Confirm with a token", 4, func() error { return repo.Confirm(ctx, withToken) }}, // at once
		{"token looked for", 1, func() error { _, err := tokens.ByHash(ctx, key.Hash); return err }},
		{"token used", 1, func() error { return tokens.Touch(ctx, key, now, "192.0.2.1") }},
		{"tokens listed", 1, func() error { _, err := tokens.List(ctx, root.ID); return err }},
		{"token ended", 1, func() error { return tokens.End(ctx, account.Actor{}, root.ID, key.ID, now) }},
		{"tokens ended", 1, func() error { _, err := tokens.EndAll(ctx, root.ID, now); return err }},
		{"Settle, refunded", 1, func() error { return throttle.Settle(ctx, nil, []string{"key"}) }},
		{"Settle, forgiven", 1, func() error { return throttle.Settle(ctx, []string{"key"}, nil) }},
		{"Append", 2, func() error { return entries.Append(ctx, list) }},
		{"Append of nothing", 0, func() error { return entries.Append(ctx, nil) }},
		{"Find", 1, find(book.Query{Limit: 20})},
		{"Find, of one user", 1, find(book.Query{User: ada.ID, Limit: 20})},
		{"Find, at the end of the book", 2, find(book.Query{Limit: 100})},
		{"entry by id", 1, func() error { _, err := entries.ByID(ctx, list[0].ID); return err }},
		{"endings", 1, func() error { return entries.Append(ctx, nil, book.Ending{ID: list[0].ID, Duration: time.Second}) }},
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

// A signed-in request asks for its session, and then for the developer whom the session names: two
// round trips, one after the other. Nothing is remembered from one request to the next.
func TestReposMongoSignedInRequest(t *testing.T) {
	t.Parallel()
	var asked tally
	db := openMongo(t, mongo.Options{Monitor: asked.monitor()})
	ctx := t.Context()
	ada := newDeveloper("ada", account.Member)
	r := record(ada.ID, nil)
	err := errors.Join(db.Accounts().Create(ctx, account.Actor{}, ada), db.Sessions().Create(ctx, r))
	if err != nil {
		t.Fatal(err)
	}
	asked.take()
	for range 3 {
		loaded, err := db.Sessions().Load(ctx, r.ID, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Accounts().ByID(ctx, loaded.Subject); err != nil {
			t.Fatal(err)
		}
		if got := asked.take(); !slices.Equal(got, []string{"find", "find"}) {
			t.Errorf("a request asks %v", got)
		}
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
