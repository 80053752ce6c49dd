package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/mongo"
)

// crash ends a call before one of its writes, and lets nothing of it through from then on.
type crash struct {
	mu     sync.Mutex
	before int // writes that still get through; below 0: all
	cancel context.CancelFunc
}

func (c *crash) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		switch e.CommandName {
		case "insert", "update", "findAndModify", "delete":
		default:
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.before == 0 {
			c.cancel() // the driver sends nothing for a context that is done
		}
		c.before--
	}}
}

// run calls f, which crashes before its write number n, and reports whether it had as many.
func (c *crash) run(t *testing.T, n int, f func(ctx context.Context) error) (crashed bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.mu.Lock()
	c.before, c.cancel = n, cancel
	c.mu.Unlock()
	err := f(ctx)
	if crashed = ctx.Err() != nil; crashed != (err != nil) {
		t.Fatalf("crashed %v, and the error is %v", crashed, err)
	}
	c.mu.Lock()
	c.before = -1
	c.mu.Unlock()
	return crashed
}

// cast is who is there before each crash: two admins, one who is disabled, a member.
type cast struct{ boss, other, off, member, fresh account.Developer }

func newCast(t *testing.T, repo account.Repository, name string) cast {
	t.Helper()
	person := func(kind string, role account.Role) account.Developer {
		return newDeveloper(kind+name, role)
	}
	c := cast{
		person("boss", account.Admin), person("other", account.Admin), person("off", account.Admin),
		person("member", account.Member), person("fresh", account.Admin),
	}
	c.off.State = account.Disabled
	for _, d := range []account.Developer{c.boss, c.other, c.off, c.member} {
		if err := repo.Create(t.Context(), account.Actor{}, d); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// listed gives who the admins are by the document that says so.
func listed(t *testing.T, db *driver.Database) map[string]int64 {
	t.Helper()
	var doc struct {
		List []struct {
			ID    bson.ObjectID
			Epoch int64
		}
	}
	id := bson.D{{Key: "_id", Value: "admins"}}
	err := db.Collection("state").FindOne(t.Context(), id).Decode(&doc)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]int64)
	for _, e := range doc.List {
		list[e.ID.Hex()] = e.Epoch
	}
	return list
}

// agree holds that the list of admins and all developers say the same.
func agree(t *testing.T, repo account.Repository, shared *driver.Database, what string) {
	t.Helper()
	all, err := repo.List(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]int64)
	for _, d := range all {
		if d.IsAdmin() {
			want[d.ID] = d.Epoch
		}
	}
	if got := listed(t, shared); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: the list says %v, the developers say %v", what, got, want)
	}
	pending := bson.D{{Key: "role", Value: "pending"}}
	n, err := shared.Collection("developers").CountDocuments(t.Context(), pending)
	if n != 0 || err != nil {
		t.Errorf("%s: %d are half made, %v", what, n, err)
	}
}

type doing func(ctx context.Context, by account.Actor) error

// A crash before any write of any change of rights leaves nobody with more than they had or were
// given, and is mended by the next start, or by whoever tries the same again.
func TestReposMongoCrash(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	var crash crash
	crash.before = -1
	db := openMongoURL(t, address, mongo.Options{Monitor: crash.monitor()})
	shared := databaseOf(t, address)
	repo, member, admin := db.Accounts(), account.Member, account.Admin
	disabled, active, hash := account.Disabled, account.Active, "$new"
	password := account.Change{PasswordHash: &hash, EndSignIns: true}
	update := func(id string, c account.Change) doing {
		return func(ctx context.Context, by account.Actor) error {
			_, err := repo.Update(ctx, by, id, c, now)
			return err
		}
	}
	for name, call := range map[string]func(c cast) doing{
		"create": func(c cast) doing {
			return func(ctx context.Context, by account.Actor) error {
				return repo.Create(ctx, by, c.fresh)
			}
		},
		"delete": func(c cast) doing {
			return func(ctx context.Context, by account.Actor) error {
				return repo.Delete(ctx, by, c.other.ID)
			}
		},
		"promote": func(c cast) doing { return update(c.member.ID, account.Change{Role: &admin}) },
		"demote":  func(c cast) doing { return update(c.other.ID, account.Change{Role: &member}) },
		"disable": func(c cast) doing { return update(c.other.ID, account.Change{State: &disabled}) },
		"enable":  func(c cast) doing { return update(c.off.ID, account.Change{State: &active}) },
		"epoch":   func(c cast) doing { return update(c.other.ID, password) },
	} {
		for _, again := range []bool{false, true} {
			for n := 0; ; n++ {
				what := fmt.Sprintf("%s, crash before write %d, again %v", name, n, again)
				c := newCast(t, repo, fmt.Sprint(name, n, again))
				by := account.Actor{ID: c.boss.ID, Role: account.Admin}
				before := listed(t, shared)
				do := call(c)
				if !crash.run(t, n, func(ctx context.Context) error { return do(ctx, by) }) {
					if agree(t, repo, shared, what); n < 2 {
						t.Errorf("%s: it has only %d writes", what, n)
					}
					break
				}
				crashedFewer(t, repo, shared, before, c, what)
				if again {
					// What was done but for the last step is done by now.
					err := do(t.Context(), by)
					if err != nil && !errors.Is(err, account.ErrEmailTaken) {
						t.Errorf("%s: %v", what, err)
					}
				} else {
					openMongoURL(t, address, mongo.Options{})
				}
				agree(t, repo, shared, what)
			}
		}
	}
}

// crashedFewer holds that a crash makes nobody an admin whom the list does not name, and that the
// actor, whom no change is about, is still one.
func crashedFewer(
	t *testing.T, repo account.Repository, shared *driver.Database, before map[string]int64, c cast,
	what string,
) {
	t.Helper()
	list := listed(t, shared)
	for _, d := range []account.Developer{c.other, c.off, c.member, c.fresh} {
		got, err := repo.ByID(t.Context(), d.ID)
		if errors.Is(err, account.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, was := before[d.ID]
		_, is := list[d.ID]
		if !was && !is && got.IsAdmin() {
			t.Errorf("%s: %s is an admin who is not in the list", what, d.Name)
		}
	}
	if _, is := list[c.boss.ID]; !is {
		t.Errorf("%s: the actor is none any more", what)
	}
}

// Who crashed between the list and the document is refused at once, and the refusal mends it.
func TestReposMongoRefusalMends(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	var crash crash
	crash.before = -1
	db := openMongoURL(t, address, mongo.Options{Monitor: crash.monitor()})
	shared := databaseOf(t, address)
	repo, member, hash := db.Accounts(), account.Member, "$new"
	c := newCast(t, repo, "x")
	other := account.Actor{ID: c.other.ID, Role: account.Admin}
	expect := func(role account.Role, epoch int64) {
		t.Helper()
		agree(t, repo, shared, "after the refusal")
		d, err := repo.ByID(t.Context(), c.other.ID)
		if err != nil || d.Role != role || d.Epoch != epoch {
			t.Errorf("role %s, epoch %d, %v; want %s, %d", d.Role, d.Epoch, err, role, epoch)
		}
	}
	for _, step := range []struct {
		change account.Change
		role   account.Role
		epoch  int64
	}{
		{account.Change{PasswordHash: &hash, EndSignIns: true}, account.Admin, 1},
		{account.Change{Role: &member}, account.Member, 1},
	} {
		if !crash.run(t, 1, func(ctx context.Context) error {
			_, err := repo.Update(ctx, account.Actor{}, c.other.ID, step.change, now)
			return err
		}) {
			t.Fatal("there was no second write")
		}
		if err := repo.Create(t.Context(), other, c.fresh); !errors.Is(err, account.ErrAuthority) {
			t.Errorf("the answer is %v", err)
		}
		expect(step.role, step.epoch)
		other.Epoch = step.epoch
	}
}

// A crash in the setup leaves the link or the admin, never neither.
func TestReposMongoSetupCrash(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		for _, again := range []bool{false, true} {
			var crash crash
			crash.before = -1
			address := mongoURL(t, servers.Mongo(t))
			db := openMongoURL(t, address, mongo.Options{Monitor: crash.monitor()})
			shared := databaseOf(t, address)
			repo, root, token := db.Accounts(), newDeveloper("root", account.Admin), []byte("token")
			if err := repo.OpenSetup(t.Context(), token, now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if !crash.run(t, n, func(ctx context.Context) error {
				return repo.CompleteSetup(ctx, token, root, now)
			}) {
				t.Fatalf("there was no write %d", n)
			}
			if !again {
				openMongoURL(t, address, mongo.Options{})
			}
			has, err := repo.HasAdmin(t.Context())
			if err != nil || has != (n == 2) {
				t.Errorf("before write %d: there is an admin: %v, %v", n, has, err)
			}
			if !has {
				root.ID = newDeveloper("root", account.Admin).ID
				if err := repo.CompleteSetup(t.Context(), token, root, now); err != nil {
					t.Errorf("before write %d: the link: %v", n, err)
				}
			}
			agree(t, repo, shared, fmt.Sprint("setup, before write ", n))
		}
	}
}

// Admins whom nobody has listed yet are found at the first start, and those whom another program
// takes away later do not count.
func TestReposMongoAdminsFromBefore(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	shared := databaseOf(t, address)
	var docs []bson.D
	for i := range 3 {
		name := fmt.Sprint("dev", i)
		docs = append(docs, append(flaskDeveloper(name, name+"@example.org"),
			bson.E{Key: "role", Value: "admin"}, bson.E{Key: "epoch", Value: int64(i)}))
	}
	developers := shared.Collection("developers")
	ids := insert(t, developers, docs...)
	turn := bson.D{{Key: "_id", Value: "admins"}, {Key: "holder", Value: "crashed"}}
	insert(t, shared.Collection("state"), turn)
	repo := openMongoURL(t, address, mongo.Options{}).Accounts()
	agree(t, repo, shared, "the first start")
	if n := len(listed(t, shared)); n != 3 {
		t.Errorf("%d admins, want 3", n)
	}

	set := func(id, field string, value any) {
		t.Helper()
		change := bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: value}}}}
		if _, err := developers.UpdateByID(t.Context(), mustID(t, id), change); err != nil {
			t.Fatal(err)
		}
	}
	set(ids[0], "deleted", true)
	gone := bson.D{{Key: "_id", Value: mustID(t, ids[1])}}
	if _, err := developers.DeleteOne(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	err := repo.Delete(t.Context(), account.Actor{}, ids[2])
	if !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("the last one who stands: %v", err)
	}
	agree(t, repo, shared, "after another program")
	set(ids[2], "deleted", true)
	if has, err := repo.HasAdmin(t.Context()); has || err != nil {
		t.Errorf("there is an admin: %v, %v", has, err)
	}
	agree(t, repo, shared, "after the last one")
	set(ids[2], "deleted", false) // it cannot make one
	openMongoURL(t, address, mongo.Options{})
	if d, err := repo.ByID(t.Context(), ids[2]); err != nil || d.Role != account.Member {
		t.Errorf("whom another program made an admin is %s, %v", d.Role, err)
	}
}

// Whoever wants another address together with another role, and finds it taken at the last moment,
// gets neither.
func TestReposMongoAddressTakenLast(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	quick := openMongoURL(t, address, mongo.Options{}).Accounts()
	shared := databaseOf(t, address)
	for name, role := range map[string]account.Role{"up": account.Admin, "down": account.Member} {
		taken := newDeveloper("taken"+name, account.Member)
		var once sync.Once
		slow := openMongoURL(t, address, mongo.Options{Monitor: &event.CommandMonitor{
			Started: func(_ context.Context, e *event.CommandStartedEvent) {
				if e.CommandName == "findAndModify" {
					once.Do(func() {
						if err := quick.Create(context.Background(), account.Actor{}, taken); err != nil {
							t.Error(err)
						}
					})
				}
			},
		}}).Accounts()
		c := newCast(t, quick, name)
		who := map[string]account.Developer{"up": c.member, "down": c.other}[name]
		_, err := slow.Update(t.Context(), account.Actor{}, who.ID,
			account.Change{Role: &role, Email: &taken.Email, EmailKey: &taken.EmailKey}, now)
		if !errors.Is(err, account.ErrEmailTaken) {
			t.Errorf("%s: %v", name, err)
		}
		agree(t, quick, shared, name)
		if d, err := quick.ByID(t.Context(), who.ID); err != nil || d.Role != who.Role {
			t.Errorf("%s: the role is %s, %v", name, d.Role, err)
		}
	}
}
