package conformance

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/mongo"
)

// Two nodes at once keep what one keeps: one admin, one owner of an address, one use of the setup
// link, every attempt.
func TestReposMongoTwoNodes(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	nodes := []*mongo.DB{openMongoURL(t, address, mongo.Options{}), openMongoURL(t, address, mongo.Options{})}
	const n = 10
	var people [n]account.Developer
	for i := range people {
		people[i] = newDeveloper(fmt.Sprint("dev", i), account.Admin)
	}
	ctx, token := t.Context(), []byte("token")
	if err := nodes[0].Accounts().OpenSetup(ctx, token, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	count := func(what string, want int, f func(db *mongo.DB, i int) error, refused error) {
		t.Helper()
		var (
			wg   sync.WaitGroup
			errs [n]error
			good int
		)
		for i := range n {
			wg.Go(func() { errs[i] = f(nodes[i%2], i) })
		}
		wg.Wait()
		for _, err := range errs {
			switch {
			case err == nil:
				good++
			case !errors.Is(err, refused):
				t.Errorf("%s: %v", what, err)
			}
		}
		if good != want {
			t.Errorf("%s: %d times, want %d", what, good, want)
		}
	}
	count("setup", 1, func(db *mongo.DB, i int) error { return db.Accounts().CompleteSetup(ctx, token, people[i], now) }, account.ErrSetupOver)
	for i := range people {
		if err := nodes[0].Accounts().Create(ctx, account.Actor{}, people[i]); err != nil && !errors.Is(err, account.ErrEmailTaken) {
			t.Fatal(err)
		}
	}
	one := "one@example.org"
	count("an address", 1, func(db *mongo.DB, i int) error {
		_, err := db.Accounts().Update(ctx, account.Actor{}, people[i].ID, account.Change{Email: &one, EmailKey: &one}, now)
		return err
	}, account.ErrEmailTaken)
	epoch := int64(0)
	count("an epoch", 1, func(db *mongo.DB, _ int) error {
		_, err := db.Accounts().Update(ctx, account.Actor{}, people[0].ID, account.Change{IfEpoch: &epoch, EndSignIns: true}, now)
		return err
	}, account.ErrChanged)
	refused := errors.New("refused")
	count("attempts", 4, func(db *mongo.DB, _ int) error {
		wait, err := db.Throttle().Take(ctx, []account.Attempt{{Key: "key", Policy: account.Policy{Free: 4, First: time.Hour, Most: time.Hour, Forget: time.Hour}}}, now)
		if err == nil && wait > 0 {
			err = refused
		}
		return err
	}, refused)
	count("admins gone", n-1, func(db *mongo.DB, i int) error { return db.Accounts().Delete(ctx, account.Actor{}, people[i].ID) }, account.ErrLastAdmin)
}
