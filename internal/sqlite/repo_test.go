package sqlite_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/repotest"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session/store"
)

// open opens a data directory and closes it after the test.
func open(t *testing.T, dir string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	repotest.Accounts(t, func(t *testing.T) repotest.Opened {
		db := open(t, t.TempDir())
		return repotest.Opened{Accounts: db.Accounts(), Tokens: db.Tokens(), SignIn: signIn(plainSessions(t, db)), SignedIn: sessionTime}
	})
}

// signIn begins sessions in a store, whose table is the one that the repository asks.
func signIn(st store.Store) func(*testing.T, string, ...string) (string, func(*testing.T)) {
	return func(t *testing.T, subject string, by ...string) (string, func(*testing.T)) {
		t.Helper()
		r := store.Record{
			Version: 1, Subject: subject, Created: sessionTime, SignedIn: sessionTime,
			LastSeen: sessionTime, Expires: sessionTime.Add(time.Hour),
			Deadline: sessionTime.Add(time.Hour), Idle: time.Hour,
		}
		_, _ = rand.Read(r.ID[:]) // never fails
		for _, id := range by {
			var err error
			if r.Parent, err = store.ParseID(id); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r.ID.String(), func(t *testing.T) {
			t.Helper()
			if err := st.Delete(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	repotest.Throttle(t, func(t *testing.T) account.Throttle { return open(t, t.TempDir()).Throttle() })
}

func TestDevices(t *testing.T) {
	t.Parallel()
	repotest.Devices(t, func(t *testing.T) account.Devices { return open(t, t.TempDir()).Devices() })
}

func TestSignIns(t *testing.T) {
	t.Parallel()
	repotest.SignIns(t, func(t *testing.T) (account.Devices, account.SignIns) {
		db := open(t, t.TempDir())
		return db.Devices(), db.SignIns()
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	repotest.Tokens(t, func(t *testing.T) repotest.Opened {
		db := open(t, t.TempDir())
		return repotest.Opened{Accounts: db.Accounts(), Tokens: db.Tokens()}
	})
}

func TestHashes(t *testing.T) {
	t.Parallel()
	repotest.Hashes(t, func(t *testing.T) (account.Repository, account.Hashes) {
		db := open(t, t.TempDir())
		return db.Accounts(), db.Hashes()
	})
}

func TestBook(t *testing.T) {
	t.Parallel()
	repotest.Book(t, func(t *testing.T) book.Repository { return open(t, t.TempDir()).Entries() })
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	repotest.Budgets(t, func(t *testing.T) book.Repository { return open(t, t.TempDir()).Entries() })
}
