package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/repotest"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

func developer(n int) account.Developer {
	d := account.Developer{
		ID: fmt.Sprintf("%024x", n+1), Name: "0", Email: fmt.Sprintf("Ada%d@example.org", n), EmailKey: fmt.Sprintf("ada%d@example.org", n),
		Skills: []string{"go", "sql"}, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		Role: account.Member, CreatedAt: sessionTime, UpdatedAt: sessionTime,
	}
	return d
}

// Accounts keep their contract when one process writes and another looks them up, which has seen
// them before.
func TestAccountsAcrossProcesses(t *testing.T) {
	t.Parallel()
	repotest.Accounts(t, func(t *testing.T) repotest.Opened {
		dir := t.TempDir()
		db := open(t, dir)
		return repotest.Opened{
			Accounts: accountsElsewhere{db.Accounts(), open(t, dir).Accounts()},
			Tokens:   db.Tokens(),
			SignIn:   signIn(plainSessions(t, db)), SignedIn: sessionTime,
		}
	})
}

// Tokens keep theirs when one process changes them and another lets in by them.
func TestTokensAcrossProcesses(t *testing.T) {
	t.Parallel()
	repotest.Tokens(t, func(t *testing.T) repotest.Opened {
		dir := t.TempDir()
		db := open(t, dir)
		return repotest.Opened{Accounts: db.Accounts(), Tokens: tokensElsewhere{db.Tokens(), open(t, dir).Tokens()}}
	})
}

type tokensElsewhere struct {
	account.Tokens
	finds account.Tokens
}

func (k tokensElsewhere) ByHash(ctx context.Context, hash [32]byte) (account.Token, error) {
	return k.finds.ByHash(ctx, hash)
}

type accountsElsewhere struct {
	account.Repository
	finds account.Repository
}

func (a accountsElsewhere) ByID(ctx context.Context, id string) (account.Developer, error) {
	return a.finds.ByID(ctx, id)
}

func (a accountsElsewhere) Update(ctx context.Context, by account.Actor, id string, c account.Change, now time.Time) (account.Developer, error) {
	_, _ = a.finds.ByID(ctx, id)
	return a.Repository.Update(ctx, by, id, c, now)
}

func (a accountsElsewhere) Delete(ctx context.Context, by account.Actor, id string) error {
	_, _ = a.finds.ByID(ctx, id)
	return a.Repository.Delete(ctx, by, id)
}

// What a caller does to a developer stays with that caller.
func TestRememberedDeveloperIsNobodysToChange(t *testing.T) {
	t.Parallel()
	repo := open(t, t.TempDir()).Accounts()
	want := developer(1)
	mustRun(t, repo.Create(t.Context(), account.Actor{}, want))
	for range 3 {
		got, err := repo.ByID(t.Context(), want.ID)
		mustRun(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		got.Skills[0] = "changed"
	}
}

// While both handles write and read as fast as they can, no look-up that begins after a write was
// acknowledged gives what was before it: each record and developer counts its writes, and a reader
// notes the count before it looks.
func TestLookupsAreExactUnderConcurrency(t *testing.T) {
	t.Parallel()
	const owners, writes = 4, 60
	ctx := t.Context()
	dir := t.TempDir()
	dbs := []*sqlite.DB{open(t, dir), open(t, dir)}
	stores := []store.Store{sessions(t, dbs[0]), sessions(t, dbs[1])}
	var patched, updated [owners]atomic.Int64 // acknowledged; -1 once deleted
	for n := range owners {
		mustRun(t, stores[0].Create(ctx, sessionRecord(n)), dbs[0].Accounts().Create(ctx, account.Actor{}, developer(n)))
	}
	look := func(n, from int) error {
		atLeast := patched[n].Load()
		r, err := stores[from].Load(ctx, sessionRecord(n).ID, sessionTime)
		if err := exact(atLeast, r.Version-1, err, store.ErrNotFound); err != nil {
			return fmt.Errorf("session %d: %w", n, err)
		}
		atLeast = updated[n].Load()
		d, err := dbs[from].Accounts().ByID(ctx, developer(n).ID)
		if err := exact(atLeast, d.Epoch, err, account.ErrNotFound); err != nil {
			return fmt.Errorf("developer %d: %w", n, err)
		}
		return nil
	}
	var writers, readers sync.WaitGroup
	var over atomic.Bool
	for w := range owners {
		writers.Go(func() {
			r, d := sessionRecord(w), developer(w)
			for n := range writes {
				to := (w + n) % 2
				_, err := stores[to].Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: sessionTime, Set: store.Values{"n": {byte(n)}}})
				patched[w].Add(1)
				_, err2 := dbs[to].Accounts().Update(ctx, account.Actor{}, d.ID, account.Change{EndSignIns: true}, sessionTime)
				updated[w].Add(1)
				if err := errors.Join(err, err2, look(w, 1-to), look(w, to)); err != nil {
					t.Error(err)
					return
				}
			}
			if err := errors.Join(stores[w%2].Delete(ctx, r.ID), dbs[w%2].Accounts().Delete(ctx, account.Actor{}, d.ID)); err != nil {
				t.Error(err)
			}
			patched[w].Store(-1)
			updated[w].Store(-1)
			if err := errors.Join(look(w, 0), look(w, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	for reader := range 4 {
		readers.Go(func() {
			for n := reader; !over.Load(); n++ {
				if err := look(n%owners, reader%2); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	over.Store(true)
	readers.Wait()
}

// exact says what is wrong with an answer when atLeast writes were acknowledged before it was asked
// for, or (-1) the end.
func exact(atLeast, got int64, err, notFound error) error {
	switch {
	case err != nil && !errors.Is(err, notFound):
		return err
	case err == nil && atLeast < 0:
		return errors.New("found after it was deleted")
	case err == nil && got < atLeast:
		return fmt.Errorf("%d writes are seen of the %d that were acknowledged", got, atLeast)
	}
	return nil
}

// childChange changes a session and a developer for each line that it reads, and answers once both
// are committed.
func childChange(dir string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	st := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	r, d := sessionRecord(1), developer(1)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); fmt.Println(lines.Text()) {
		name := lines.Text()
		if name == "delete" {
			err = errors.Join(st.Delete(ctx, r.ID), db.Accounts().Delete(ctx, account.Actor{}, d.ID))
		} else {
			_, err = st.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: sessionTime, Set: store.Values{"n": []byte(name)}})
			_, err2 := db.Accounts().Update(ctx, account.Actor{}, d.ID, account.Change{Name: &name}, sessionTime)
			err = errors.Join(err, err2)
		}
		if err != nil {
			return err
		}
	}
	return db.Close()
}

// What another process has committed is seen by the next look-up.
func TestLookupsSeeAnotherProcess(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	db := open(t, dir)
	st := sessions(t, db)
	r, d := sessionRecord(1), developer(1)
	mustRun(t, st.Create(ctx, r), db.Accounts().Create(ctx, account.Actor{}, d))
	cmd := child(t, "change", dir)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	mustRun(t, err1, err2, cmd.Start())
	answers := bufio.NewScanner(out)
	tell := func(what string) {
		t.Helper()
		_, err := io.WriteString(in, what+"\n")
		mustRun(t, err)
		if !answers.Scan() || answers.Text() != what {
			t.Fatalf("the child answered %q", answers.Text())
		}
	}
	for n := range 50 {
		want := strconv.Itoa(n)
		tell(want)
		for range 2 { // from the file, from memory
			gotRecord, err1 := st.Load(ctx, r.ID, sessionTime)
			gotDeveloper, err2 := db.Accounts().ByID(ctx, d.ID)
			mustRun(t, err1, err2)
			if string(gotRecord.Values["n"]) != want || gotDeveloper.Name != want {
				t.Fatalf("the session has %q and the developer %q, want %q", gotRecord.Values["n"], gotDeveloper.Name, want)
			}
		}
	}
	tell("delete")
	if _, err := st.Load(ctx, r.ID, sessionTime); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted session: %v", err)
	}
	if _, err := db.Accounts().ByID(ctx, d.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("a deleted developer: %v", err)
	}
	mustRun(t, in.Close(), cmd.Wait())
}
