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

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/mongo"
)

// A process that crashed while it took an admin away holds up the next one for a few seconds, not for good.
func TestReposMongoTurnAfterCrash(t *testing.T) {
	t.Parallel()
	db, shared := sharedMongo(t, mongo.Options{})
	ada, bob := newDeveloper("ada", account.Admin), newDeveloper("bob", account.Admin)
	for _, d := range []account.Developer{ada, bob} {
		if err := db.Accounts().Create(t.Context(), account.Actor{}, d); err != nil {
			t.Fatal(err)
		}
	}
	crashed := bson.D{{Key: "_id", Value: "admins"}, {Key: "holder", Value: "crashed"}, {Key: "developer", Value: mustID(t, bob.ID)}}
	insert(t, shared.Collection("state"), crashed)
	start := time.Now()
	if err := db.Accounts().Delete(t.Context(), account.Actor{}, ada.ID); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("the turn was taken over after %v: its holder may be alive", took)
	}
	doc, err := shared.Collection("developers").FindOne(t.Context(), bson.D{{Key: "_id", Value: mustID(t, bob.ID)}}).Raw()
	if err != nil || doc.Lookup("fence").AsInt64() != 1 {
		t.Errorf("what the crashed process wanted can still happen: %v, %v", doc, err)
	}
	if n, err := shared.Collection("state").CountDocuments(t.Context(), bson.D{{Key: "_id", Value: "admins"}}); n != 0 || err != nil {
		t.Errorf("the turn was not given back: %d, %v", n, err)
	}
	if err := db.Accounts().Delete(t.Context(), account.Actor{}, bob.ID); !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("the last one is taken away: %v", err)
	}
}

// A node that stood still in the middle of taking an admin away, for so long that another one took the turn over and took
// the other admin away, changes nothing when it goes on.
func TestReposMongoTurnAfterStandstill(t *testing.T) {
	t.Parallel()
	address := mongoURL(t, servers.Mongo(t))
	var once sync.Once
	reached, goOn := make(chan struct{}), make(chan struct{})
	slow := openMongoURL(t, address, mongo.Options{Monitor: &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "findAndModify" {
			once.Do(func() {
				close(reached)
				<-goOn
			})
		}
	}}})
	quick := openMongoURL(t, address, mongo.Options{})
	ada, bob := newDeveloper("ada", account.Admin), newDeveloper("bob", account.Admin)
	for _, d := range []account.Developer{ada, bob} {
		if err := quick.Accounts().Create(t.Context(), account.Actor{}, d); err != nil {
			t.Fatal(err)
		}
	}
	member := account.Member
	done := make(chan error, 1)
	go func() {
		_, err := slow.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{Role: &member}, now)
		done <- err
	}()
	<-reached // it has looked, and found bob
	if err := quick.Accounts().Delete(t.Context(), account.Actor{}, bob.ID); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-done; !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("the one that stood still: %v", err)
	}
	if has, err := quick.Accounts().HasAdmin(t.Context()); !has || err != nil {
		t.Errorf("an admin is left: %v, %v", has, err)
	}
}

// Two nodes at once keep what one keeps: one admin, one owner of an address, one use of the setup link, every attempt.
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
