package conformance

import (
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/mongo"
	"github.com/doorbook/doorbook/internal/repotest"
	"github.com/doorbook/doorbook/session/store"
)

// openMongo opens a database of the test's own, where one message at a time is answered.
func openMongo(t testing.TB, opts mongo.Options) *mongo.DB {
	t.Helper()
	return openMongoURL(t, mongoURL(t, servers.Mongo(t)), opts)
}

func openMongoURL(t testing.TB, url string, opts mongo.Options) *mongo.DB {
	t.Helper()
	db, err := mongo.Open(t.Context(), url, opts)
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

func TestReposMongoAccounts(t *testing.T) {
	t.Parallel()
	repotest.Accounts(t, func(t *testing.T) repotest.Opened {
		t.Parallel()
		db := openMongo(t, mongo.Options{})
		return repotest.Opened{Accounts: db.Accounts(), Tokens: db.Tokens(), SignIn: signIn(db.Sessions()), SignedIn: now}
	})
}

// signIn begins sessions in a store.
func signIn(st store.Store) func(*testing.T, string, ...string) (string, func(*testing.T)) {
	return func(t *testing.T, subject string, by ...string) (string, func(*testing.T)) {
		t.Helper()
		r := record(subject, nil)
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

func TestReposMongoThrottle(t *testing.T) {
	t.Parallel()
	repotest.Throttle(t, func(t *testing.T) account.Throttle {
		t.Parallel()
		return openMongo(t, mongo.Options{}).Throttle()
	})
}

func TestReposMongoDevices(t *testing.T) {
	t.Parallel()
	repotest.Devices(t, func(t *testing.T) account.Devices {
		t.Parallel()
		return openMongo(t, mongo.Options{}).Devices()
	})
}

func TestReposMongoSignIns(t *testing.T) {
	t.Parallel()
	repotest.SignIns(t, func(t *testing.T) (account.Devices, account.SignIns) {
		t.Parallel()
		db := openMongo(t, mongo.Options{})
		return db.Devices(), db.SignIns()
	})
}

func TestReposMongoTokens(t *testing.T) {
	t.Parallel()
	repotest.Tokens(t, func(t *testing.T) repotest.Opened {
		t.Parallel()
		db := openMongo(t, mongo.Options{})
		return repotest.Opened{Accounts: db.Accounts(), Tokens: db.Tokens()}
	})
}

func TestReposMongoHashes(t *testing.T) {
	t.Parallel()
	repotest.Hashes(t, func(t *testing.T) (account.Repository, account.Hashes) {
		db := openMongo(t, mongo.Options{})
		return db.Accounts(), db.Hashes()
	})
}

func TestReposMongoBook(t *testing.T) {
	t.Parallel()
	repotest.Book(t, func(t *testing.T) book.Repository {
		t.Parallel()
		return openMongo(t, mongo.Options{}).Entries()
	})
}
