package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fromflask"
	mongodb "github.com/doorbook/doorbook/internal/mongo"
	sqlitedb "github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// Hashes that Werkzeug has made of flaskPassword.
const (
	flaskPassword = "pw"
	pbkdf2Hash    = "pbkdf2:sha256:1000$AbCdEfGh$9c149dd6c434735bac5f06ae7b359807a2674916340ace102550ed23745c0868"
	scryptHash    = "scrypt:32768:8:1$AbCdEfGhIjKlMnOp$2f08fec88992d656bb434a1027490adb53da424824e681e4ec7f88f7368f6c6e7f7dd01a5800d98757940eb8c23310ce12f0d09875e0724e91446b779bd3bab1"
)

// flaskInstallation fills a database as the original application does, and as years of use and of
// other versions leave it.
func flaskInstallation(t *testing.T, logs int) (address string, db *mongo.Database) {
	t.Helper()
	address = mongoURL(t, servers.Mongo(t))
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	db = mongoClient(t, address).Database(u.Path[1:])
	now := time.Now().UTC().Truncate(time.Millisecond)
	insert := func(collection string, docs ...any) {
		t.Helper()
		if _, err := db.Collection(collection).InsertMany(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	insert(fromflask.Developers,
		bson.D{{Key: "name", Value: "Ada"}, {Key: "email", Value: "Ada@example.org"}, {Key: "password", Value: pbkdf2Hash}, {Key: "skills", Value: bson.A{"go", "sql"}}, {Key: "created_at", Value: now}},
		bson.D{{Key: "name", Value: "Bob"}, {Key: "email", Value: "bob@example.org"}, {Key: "password", Value: scryptHash}, {Key: "skills", Value: "python, flask"}},
		bson.D{{Key: "name", Value: "Ada again"}, {Key: "email", Value: "ada@EXAMPLE.org"}, {Key: "password", Value: scryptHash}},
		bson.D{{Key: "name", Value: "Eve"}, {Key: "email", Value: "eve@example.org"}, {Key: "password", Value: "pbkdf2:sha256:4000000000$salt$00"}},
	)
	batch := make([]any, 0, 1000)
	for n := range logs {
		e := bson.D{
			{Key: "type", Value: "request"},
			{Key: "client_addr", Value: "192.0.2.1"},
			{Key: "url", Value: fmt.Sprintf("http://localhost:5000/p/%d?token=hunter2", n)},
			{Key: "http_method", Value: "POST"},
			{Key: "body", Value: bson.D{{Key: "password", Value: "hunter2"}}},
			{Key: "created_at", Value: now.Add(time.Duration(n) * time.Millisecond)},
		}
		if n%100 == 7 {
			e = append(e, bson.E{Key: "deleted", Value: true})
		}
		if batch = append(batch, e); len(batch) == cap(batch) || n == logs-1 {
			insert(fromflask.Logs, batch...)
			batch = batch[:0]
		}
	}
	return address, db
}

// TestImportFlask: what was in MongoDB is in SQLite, its people can sign in, and the source is as
// it was.
func TestImportFlask(t *testing.T) {
	t.Parallel()
	const logs = 2500 // several answers of the server
	address, db := flaskInstallation(t, logs)
	before := dump(t, db)
	to, err := sqlitedb.Open(t.Context(), t.TempDir(), sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	copyAll := func(admins ...string) (fromflask.Totals, []string) {
		t.Helper()
		source, err := fromflask.Open(address)
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close(context.Background())
		var refused []string
		totals, err := fromflask.Copy(t.Context(), fromflask.Config{
			Source: source, Accounts: to.Accounts(), Book: to.Entries(), Admins: admins,
			CheckHash: func(hash string) error {
				if _, _, err := hasher.Verify(over, hash, ""); errors.Is(err, passhash.ErrMalformed) {
					return err
				}
				return nil
			},
			Item: func(i fromflask.Item) { refused = append(refused, string(i.Outcome)+" "+string(i.Reason)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return totals, refused
	}

	totals, items := copyAll("bob@example.org")
	want := fromflask.Totals{
		Developers: fromflask.Tally{Read: 4, Copied: 2, Refused: 2}, Entries: fromflask.Tally{Read: logs, Copied: logs - 25, Deleted: 25}, Redacted: logs - 25,
		Admins: []string{"bob@example.org"},
	}
	if diff := cmp.Diff(want, totals, emptyIsNil); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"refused email_taken", "refused password"}, items); diff != "" {
		t.Error(diff)
	}
	newest, _, err := to.Entries().Find(t.Context(), book.Query{Limit: 1000})
	if err != nil || len(newest) != 1000 || newest[0].URL != fmt.Sprintf("/p/%d?[redacted]", logs-1) || newest[0].Body != book.Redacted {
		t.Errorf("%d entries, %v: %+v", len(newest), err, newest[0])
	}

	signIn := newSignIn(t, to, hasher)
	for email, role := range map[string]account.Role{"ada@example.org": account.Member, "Bob@example.org": account.Admin} {
		if err := signIn(email, "PW"); err == nil {
			t.Errorf("%s signed in with another password", email)
		}
		if err := signIn(email, flaskPassword); err != nil {
			t.Errorf("%s: %v", email, err)
		}
		d, err := to.Accounts().ByEmail(t.Context(), strings.ToLower(email))
		if err != nil || !strings.HasPrefix(d.PasswordHash, "$argon2id$") || d.Role != role {
			t.Errorf("%s: role %s, hash %.9s…, %v", email, d.Role, d.PasswordHash, err)
		}
	}
	if err := signIn("eve@example.org", flaskPassword); err == nil {
		t.Error("somebody signed in who was refused")
	}

	totals, _ = copyAll()
	want.Redacted, want.Admins = 0, nil
	for _, tally := range []*fromflask.Tally{&want.Developers, &want.Entries} {
		tally.There, tally.Copied = tally.Copied, 0
	}
	if diff := cmp.Diff(want, totals, emptyIsNil); diff != "" {
		t.Error("the second time:", diff)
	}
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Error("the source was changed:", diff)
	}
}

// TestImportFlaskIntoMongo: the target may be MongoDB too, and whoever copies cannot tell.
func TestImportFlaskIntoMongo(t *testing.T) {
	t.Parallel()
	const logs = 200
	address, _ := flaskInstallation(t, logs)
	to, err := mongodb.Open(t.Context(), mongoURL(t, servers.Mongo(t)), mongodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	source, err := fromflask.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	for turn, want := range []fromflask.Totals{
		{Developers: fromflask.Tally{Read: 4, Copied: 3, Refused: 1}, Entries: fromflask.Tally{Read: logs, Copied: logs - 2, Deleted: 2}, Redacted: logs - 2},
		{Developers: fromflask.Tally{Read: 4, There: 3, Refused: 1}, Entries: fromflask.Tally{Read: logs, There: logs - 2, Deleted: 2}},
	} {
		if turn == 1 { // one that is hidden stays so, and a few have to be written between those that are there
			list, _, err := to.Entries().Find(t.Context(), book.Query{Limit: 20})
			if err != nil {
				t.Fatal(err)
			}
			if err := to.Entries().SoftDelete(t.Context(), list[0].ID, time.Now()); err != nil {
				t.Fatal(err)
			}
			for _, e := range list[5:15] {
				if err := to.Entries().Delete(t.Context(), e.ID); err != nil {
					t.Fatal(err)
				}
			}
			want.Entries.Copied, want.Entries.There, want.Redacted = 10, want.Entries.There-10, 10
		}
		totals, err := fromflask.Copy(t.Context(), fromflask.Config{Source: source, Accounts: to.Accounts(), Book: to.Entries()})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, totals, emptyIsNil); diff != "" {
			t.Error(diff)
		}
	}
}

var emptyIsNil = cmp.Transformer("len", func(list []string) int { return len(list) })

// newSignIn gives a sign-in as the program has it, over that database.
func newSignIn(t *testing.T, db *sqlitedb.DB, hasher *passhash.Hasher) func(email, password string) error {
	t.Helper()
	keys, err := session.NewKeyRing([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		t.Fatal(err)
	}
	d := door.New(door.Config{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(),
		Book: db.Entries(), Recorder: entered{db.Entries()},
		Sessions: sessions, Passwords: hasher, Rules: account.NewPasswordRules(), Keys: keys,
	})
	return func(email, password string) (err error) {
		sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			v := &door.Visit{Addr: "192.0.2.1", Session: session.From(r.Context())}
			_, err = d.SignIn(r.Context(), v, door.Credentials{Email: email, Password: password})
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
		return err
	}
}

// entered enters each activity at once.
type entered struct{ book.Repository }

func (e entered) Append(ctx context.Context, entries ...book.Entry) error {
	return e.Repository.Append(ctx, entries)
}

// dump gives all documents of a database, as text.
func dump(t *testing.T, db *mongo.Database) map[string][]string {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cursor.Next(t.Context()) {
			all[name] = append(all[name], cursor.Current.String())
		}
		if err := cursor.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// withoutSettings is an environment without what is meant for a program of somebody else, or for the
// tests.
func withoutSettings(env []string) []string {
	return slices.DeleteFunc(env, func(line string) bool { return strings.HasPrefix(line, "DOORBOOK_") })
}

// TestImportVerb runs the program as an operator does: dry, then really, then again.
func TestImportVerb(t *testing.T) {
	t.Parallel()
	address, _ := flaskInstallation(t, 300)
	program := filepath.Join(t.TempDir(), "doorbook")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/doorbook")
	build.Dir, build.Env = "..", append(os.Environ(), "GOWORK=") // in the program's workspace
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, report := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "report")
	target := "sqlite"
	run := func(wantCode int, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"import", "flask", "--data", data}, args...)...)
		cmd.Env = append(withoutSettings(os.Environ()), "DOORBOOK_DATABASE="+target)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != wantCode {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		if strings.Contains(string(out), "hunter2") {
			t.Errorf("%s", out)
		}
		return string(out)
	}
	expect := func(out string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%q is missing in:\n%s", want, out)
			}
		}
	}
	expect(run(0, "--from", address, "--dry-run"), "nothing was written", "developers: 4 read, 2 would be copied, 0 there already, 2 refused",
		"logs: 300 read, 297 would be copied, 0 there already, 3 deleted in the original, 0 refused")
	if _, err := os.Stat(data); err == nil {
		t.Error("a dry run made the data directory")
	}
	target = mongoURL(t, servers.Mongo(t)) // where people are already, some of whom Flask has written down
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	db := mongoClient(t, target).Database(u.Path[1:])
	if _, err := db.Collection(fromflask.Developers).InsertOne(t.Context(), bson.D{{Key: "email", Value: "Ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	before := dump(t, db)
	expect(run(0, "--from", address, "--dry-run", "--admin", "ada@example.org"), "already was not looked at", "2 would be copied, 0 there already",
		"ada@example.org would be an administrator")
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Error("a dry run wrote:", diff)
	}
	target = "sqlite"
	expect(run(1, "--from", address), "no installation in "+data)
	if _, err := os.Stat(data); err == nil {
		t.Error("an import made an installation")
	}
	install, err := sqlitedb.Open(t.Context(), data, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := install.Close(); err != nil {
		t.Fatal(err)
	}
	expect(run(1, "--from", address, "--dry-run", "--admin", "nobody@example.org"), "nobody was made an administrator as nobody@example.org")
	expect(run(0, "--from", address, "--report", report, "--admin", "ADA@example.org"), "in "+data+", from ", "developers: 4 read, 2 copied, 0 there already, 2 refused",
		"logs: 300 read, 297 copied", "297 entries say [redacted]", "ada@example.org is an administrator now")
	lines, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	expect(string(lines), `"outcome":"refused","reason":"password"`, `"outcome":"refused","reason":"email_taken"`, `"totals":{"developers":{"read":4`)
	if info, err := os.Stat(report); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the report may be read by others:", info.Mode(), err)
	}
	expect(run(1, "--from", address, "--report", report), "exists")
	expect(run(0, "--from", address), "4 read, 0 copied, 2 there already", "0 copied, 297 there already")

	empty := mongoURL(t, servers.Mongo(t))
	expect(run(1, "--from", empty), "no developers and no logs")
}
