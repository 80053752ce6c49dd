package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestPlans: every query of both files goes along an index, whatever the files once were: empty,
// closed while they had a row, grown since, or with statistics that somebody's ANALYZE made at the
// worst moment.
func TestPlans(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustRun(t, open(t, dir).Close())
	db := open(t, dir)
	mustAdd(t, db, 1)
	mustRun(t, db.Close())

	db = open(t, dir)
	var (
		mu   sync.Mutex
		seen = make(map[string]bool)
	)
	recorded := openTold(t, dir, func(text string) {
		mu.Lock()
		defer mu.Unlock()
		seen[text] = true
	})
	useEverything(t, recorded)
	mustRun(t, recorded.Close())
	wantPlans(t, db, seen, "with a row, closed and opened")

	mustAdd(t, db, 100)
	wantPlans(t, db, seen, "grown")
	for _, h := range []*sqlite.Handle{db.Main, db.Book} {
		_, err := h.Write.Exec(`ANALYZE; UPDATE sqlite_stat1 SET stat = '1 1'`)
		mustRun(t, err)
	}
	mustRun(t, db.Close())
	db = open(t, dir)
	wantPlans(t, db, seen, "opened after an ANALYZE of one row")
}

// TestOldStatistics: a process that runs on statistics loses them as soon as another one opens the
// files.
func TestOldStatistics(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	mustAdd(t, db, 1)
	_, err := db.Book.Write.Exec(`ANALYZE`)
	mustRun(t, err, db.Close())
	running, err := sql.Open("sqlite", filepath.Join(dir, "book.db"))
	mustRun(t, err)
	defer running.Close()
	const page = `SELECT id FROM entries NOT INDEXED WHERE deleted_at IS NULL AND seq < ?1 ORDER BY seq DESC LIMIT ?2`
	before := steps(t, running, page, 1, 1)
	open(t, dir)
	_, err = running.Exec(`SELECT count(*) FROM state`) // any statement that runs meets the new schema
	mustRun(t, err)
	after := steps(t, running, page, 1, 1)
	if !strings.Contains(before[0], "SCAN") || strings.Contains(after[0], "SCAN") {
		t.Errorf("run by %s, then by %s", before, after)
	}
}

// scans are the queries that may walk: all of them through the front of something, as far as their
// limit.
var scans = regexp.MustCompile(`FROM entries ORDER BY seq LIMIT|SELECT \(SELECT count|FROM setup|INTO setup|pragma_|FROM \(SELECT 1 FROM people_words|FROM sqlite_schema|ORDER BY id LIMIT`)

func wantPlans(t *testing.T, db *sqlite.DB, seen map[string]bool, when string) {
	t.Helper()
	planned := 0
	for text := range seen {
		for part := range strings.SplitSeq(text, ";") {
			if !regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)`).MatchString(part) {
				continue
			}
			planned++
			for _, step := range plan(t, db, part) {
				if strings.Contains(step, "SCAN ") && !strings.Contains(step, "SCAN CONSTANT ROW") && !scans.MatchString(part) {
					t.Errorf("%s: %s\n\tis run by: %s", when, strings.TrimSpace(part), step)
				}
				if strings.Contains(step, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(part, "ORDER BY created_at") {
					t.Errorf("%s: %s\n\tsorts", when, strings.TrimSpace(part))
				}
			}
		}
	}
	if planned == 0 {
		t.Error("nothing was planned")
	}
}

// plan returns the steps of a query of either file.
func plan(t *testing.T, db *sqlite.DB, text string) []string {
	t.Helper()
	args := make([]any, 100)
	for i := range args {
		args[i] = 1
	}
	n := strings.Count(text, "?")
	if m := regexp.MustCompile(`\?\d+`).FindAllString(text, -1); m != nil {
		n = 0
		for _, p := range m {
			n = max(n, int(p[1]-'0'))
		}
	}
	file := db.Main.Read
	if regexp.MustCompile(`(FROM|INTO|UPDATE|JOIN) (entries|state|minutes)\b`).MatchString(text) && !strings.Contains(text, `"sessions"`) {
		file = db.Book.Read
	}
	return steps(t, file, text, args[:n]...)
}

func steps(t *testing.T, file *sql.DB, text string, args ...any) (steps []string) {
	t.Helper()
	rows, err := file.Query("EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b, c int
		var step string
		mustRun(t, rows.Scan(&a, &b, &c, &step))
		steps = append(steps, step)
	}
	mustRun(t, rows.Err())
	return steps
}

// useEverything calls every method of every repository.
func useEverything(t *testing.T, db *sqlite.DB) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	d, admin := someone(), someone()
	admin.Role = account.Admin
	accounts := db.Accounts()
	mustRun(t, accounts.OpenSetup(ctx, []byte("x"), now.Add(time.Hour)), accounts.Create(ctx, account.Actor{}, d))
	_, setupErr := accounts.SetupOpen(ctx, []byte("x"), now)
	mustRun(t, setupErr, accounts.CompleteSetup(ctx, []byte("x"), admin, now))
	_, byID := accounts.ByID(ctx, d.ID)
	_, byEmail := accounts.ByEmail(ctx, d.EmailKey)
	_, list := accounts.List(ctx, "", 10)
	_, gone := accounts.Gone(ctx, []string{d.ID})
	_, hasAdmin := accounts.HasAdmin(ctx)
	for _, q := range []account.PeopleQuery{{}, {Search: "some"}, {Search: "some b", Role: account.Member, Group: "x", State: new(account.Active)}} {
		q.Limit = 10
		_, _, people := accounts.People(ctx, q)
		mustRun(t, people)
	}
	member := account.Member
	_, update := accounts.Update(ctx, account.Actor{}, admin.ID, account.Change{Role: &member}, now)
	mustRun(t, byID, byEmail, list, gone, hasAdmin, ignore(update, account.ErrLastAdmin), accounts.Delete(ctx, account.Actor{}, d.ID))

	tokens, token := db.Tokens(), account.Token{ID: d.ID, Account: d.ID, CreatedAt: now, Ends: now.Add(time.Hour)}
	by := account.Actor{ID: admin.ID, Role: account.Admin, Token: token.ID}
	mustRun(t, tokens.Create(ctx, account.Actor{}, token, 9), ignore(accounts.Confirm(ctx, by), account.ErrAuthority))
	_, byHash := tokens.ByHash(ctx, token.Hash)
	_, tokensOf := tokens.List(ctx, d.ID)
	_, endAll := tokens.EndAll(ctx, d.ID, now)
	_, tokensSwept := tokens.Sweep(ctx, now, 10)
	mustRun(t, byHash, tokensOf, tokens.Touch(ctx, token, now, ""), endAll, tokensSwept,
		ignore(tokens.End(ctx, account.Actor{}, d.ID, token.ID, now), account.ErrNotFound))

	throttle := db.Throttle()
	_, take := throttle.Take(ctx, []account.Attempt{{Key: "k", Policy: account.Policy{Free: 5, Most: time.Minute, Forget: time.Hour}}}, now)
	_, sweep := throttle.Sweep(ctx, now, 10)
	mustRun(t, take, throttle.Settle(ctx, []string{"k"}, []string{"k"}), sweep)

	row := account.Device{ID: "x", Account: d.ID, Session: "s", FirstSeen: now, LastSeen: now}
	begun := account.SignIn{Session: "s", Account: d.ID, Began: now, LastSeen: now, Until: now}
	_, renamed := db.Devices().Rename(ctx, d.ID, "s", "x")
	_, over := db.SignIns().Over(ctx, d.ID, now.Add(-time.Hour), now, 10)
	_, swept := db.SignIns().Sweep(ctx, now, 10)
	mustRun(t, db.Devices().Keep(ctx, row, 5, begun), ignore(renamed, account.ErrNotFound), over, swept,
		db.SignIns().Seen(ctx, map[string]time.Time{"s": now}), db.SignIns().End(ctx, []account.SignIn{begun}))

	entries, e, kept := db.Entries(), entry("x"), entry("y")
	mustRun(t, entries.Append(ctx, []book.Entry{e, kept}), entries.Append(ctx, nil, book.Ending{ID: e.ID, Duration: time.Second}))
	for _, user := range []string{"", d.ID} {
		for _, kind := range []book.Type{"", book.Request, book.Activity} {
			_, _, err := entries.Find(ctx, book.Query{User: user, Type: kind, Limit: 1000})
			mustRun(t, err)
		}
	}
	_, entryByID := entries.ByID(ctx, e.ID)
	_, minutes := entries.Minutes(ctx, now)
	mustRun(t, entryByID, minutes, entries.SoftDelete(ctx, e.ID, now), entries.Delete(ctx, e.ID))
	_, old := entries.Trim(ctx, now.Add(time.Hour), 0, 1)
	person := entry("z")
	person.User = d.ID
	mustRun(t, entries.Append(ctx, []book.Entry{entry("w"), person}))
	_, large := entries.Trim(ctx, time.Time{}, 1, 10)
	mustRun(t, old, large, db.Check(ctx))

	sessions := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	r := store.Record{ID: session.ID{1}, Digest: store.Digest{2}, Version: 1, Subject: d.ID, Created: now, Expires: now.Add(time.Hour)}
	mustRun(t, sessions.CreateSchema(ctx), sessions.Create(ctx, r))
	_, load := db.Sessions(sessions).Load(ctx, r.ID, now)
	_, patch := sessions.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"a": {'1'}}})
	_, bySubject := sessions.BySubject(ctx, d.ID, now)
	_, expired := sessions.DeleteExpired(ctx, now, 10)
	mustRun(t, load, patch, bySubject, expired, sessions.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: now}, now),
		sessions.Each(ctx, now, func(store.Record) error { return nil }), sessions.Delete(ctx, r.ID))
}
