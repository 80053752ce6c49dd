package repotest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Tokens proves an account.Tokens, with the accounts of the same database.
func Tokens(t *testing.T, open func(t *testing.T) Opened) {
	run := func(name string, test func(t *testing.T, ctx context.Context, db Opened)) {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
	run("kept as it is", tokenKept)
	run("the most", tokenMost)
	run("many at once", tokenRace)
	run("end", tokenEnd)
	run("end all", tokenEndAll)
	run("touch", tokenTouch)
	run("sweep", tokenSweep)
	run("authority", tokenAuthority)
	run("hostile ids", tokenHostile)
	run("cancelled", tokenCancelled)
}

// token gives the n-th token of an account, made n minutes after now, good for an hour.
func token(owner string, n int) account.Token {
	made := now().Add(time.Duration(n) * time.Minute)
	t := account.Token{
		ID: newID(), Account: owner, Epoch: 3, Name: fmt.Sprintf("%s %02d", owner, n),
		Scopes: account.ScopeRead | account.ScopeApplications, CreatedAt: made, Ends: made.Add(time.Hour),
	}
	copy(t.Hash[:], t.ID+t.Name)
	return t
}

func keepTokens(t *testing.T, r account.Tokens, list ...account.Token) {
	t.Helper()
	for _, one := range list {
		noError(t, r.Create(t.Context(), account.Actor{}, one, 100))
	}
}

// asOf gives a token's times as the test wrote them.
func asOf(list ...account.Token) []account.Token {
	for i := range list {
		list[i].CreatedAt, list[i].Ends = list[i].CreatedAt.UTC(), list[i].Ends.UTC()
		if !list[i].UsedAt.IsZero() {
			list[i].UsedAt = list[i].UsedAt.UTC()
		}
	}
	return list
}

// holds compares the tokens of an account.
func holds(t *testing.T, r account.Tokens, owner string, want ...account.Token) {
	t.Helper()
	list, err := r.List(t.Context(), owner)
	noError(t, err)
	same(t, "tokens of "+owner, asOf(list...), want)
}

func tokenKept(t *testing.T, ctx context.Context, db Opened) {
	one, two, others := token("ada", 1), token("ada", 2), token("bob", 1)
	two.Name, two.Scopes, two.UsedAt, two.UsedFrom = "\xff'; --", 0, now(), "\x00"
	_, err := db.Tokens.ByHash(ctx, one.Hash)
	mustBe(t, err, account.ErrNotFound)
	keepTokens(t, db.Tokens, one, two, others)
	holds(t, db.Tokens, "ada", two, one)
	for _, want := range []account.Token{one, two, others} {
		for range 2 { // it may be remembered
			got, err := db.Tokens.ByHash(ctx, want.Hash)
			noError(t, err)
			same(t, "token", asOf(got)[0], want)
		}
	}
	again := token("bob", 2)
	again.Hash = one.Hash
	if err := db.Tokens.Create(ctx, account.Actor{}, again, 100); err == nil {
		t.Error("two tokens of one text")
	}
	holds(t, db.Tokens, "bob", others)
}

// Nobody has more than the most that are live; those that are over leave room.
func tokenMost(t *testing.T, ctx context.Context, db Opened) {
	keepTokens(t, db.Tokens, token("ada", 0), token("ada", 1), token("bob", 0))
	mustBe(t, db.Tokens.Create(ctx, account.Actor{}, token("ada", 2), 2), account.ErrTooManyTokens)
	list, err := db.Tokens.List(ctx, "ada")
	noError(t, err)
	if len(list) != 2 {
		t.Fatalf("%d tokens, and 2 are the most", len(list))
	}
	noError(t, db.Tokens.Create(ctx, account.Actor{}, token("ada", 60), 2)) // the first has expired
	mustBe(t, db.Tokens.Create(ctx, account.Actor{}, token("ada", 60), 2), account.ErrTooManyTokens)
	noError(t, db.Tokens.End(ctx, account.Actor{}, "ada", list[0].ID, now().Add(2*time.Minute)))
	noError(t, db.Tokens.Create(ctx, account.Actor{}, token("ada", 60), 2))
}

func tokenRace(t *testing.T, ctx context.Context, db Opened) {
	tally(t, race(20, func(int) error {
		return db.Tokens.Create(ctx, account.Actor{}, token("ada", 0), 5)
	}), account.ErrTooManyTokens)
	list, err := db.Tokens.List(ctx, "ada")
	noError(t, err)
	if len(list) > 5 {
		t.Errorf("%d tokens are left of 20 that were made at once, and 5 are the most", len(list))
	}
}

func tokenEnd(t *testing.T, ctx context.Context, db Opened) {
	one, two, others := token("ada", 1), token("ada", 2), token("bob", 1)
	keepTokens(t, db.Tokens, one, two, others)
	_, err := db.Tokens.ByHash(ctx, one.Hash) // which may be remembered
	noError(t, err)
	at := now().Add(10 * time.Minute)
	end := func(owner, id string, at time.Time) error {
		return db.Tokens.End(ctx, account.Actor{}, owner, id, at)
	}
	mustBe(t, end("ada", others.ID, at), account.ErrNotFound)
	mustBe(t, end("bob", one.ID, at), account.ErrNotFound)
	mustBe(t, end("ada", newID(), at), account.ErrNotFound)
	mustBe(t, end("ada", one.ID, one.Ends), account.ErrNotFound) // it has expired
	noError(t, end("ada", one.ID, at))
	one.Ended, one.Ends = true, at
	got, err := db.Tokens.ByHash(ctx, one.Hash)
	noError(t, err)
	same(t, "by its hash", asOf(got)[0], one)
	mustBe(t, end("ada", one.ID, at.Add(-time.Minute)), account.ErrNotFound)
	holds(t, db.Tokens, "ada", two, one)
	holds(t, db.Tokens, "bob", others)
}

func tokenEndAll(t *testing.T, ctx context.Context, db Opened) {
	over, one, two, others := token("ada", 0), token("ada", 1), token("ada", 2), token("bob", 1)
	keepTokens(t, db.Tokens, over, one, two, others)
	ended := func(owner string, want int) {
		t.Helper()
		n, err := db.Tokens.EndAll(ctx, owner, over.Ends)
		noError(t, err)
		if n != want {
			t.Fatalf("%d ended of %s, want %d", n, owner, want)
		}
	}
	ended("cleo", 0)
	ended("ada", 2)
	ended("ada", 0)
	one.Ended, one.Ends, two.Ended, two.Ends = true, over.Ends, true, over.Ends
	holds(t, db.Tokens, "ada", two, one, over)
	holds(t, db.Tokens, "bob", others)
}

// Of many who note the use of a token as they have read it, one does.
func tokenTouch(t *testing.T, ctx context.Context, db Opened) {
	one, two := token("ada", 1), token("ada", 2)
	keepTokens(t, db.Tokens, one, two)
	at := now().Add(5 * time.Minute)
	noError(t, db.Tokens.Touch(ctx, one, at, "192.0.2.1"))
	noError(t, db.Tokens.Touch(ctx, one, at.Add(time.Second), "192.0.2.2")) // it was read before that
	one.UsedAt, one.UsedFrom = at, "192.0.2.1"
	holds(t, db.Tokens, "ada", two, one)
	noError(t, db.Tokens.Touch(ctx, one, at.Add(time.Minute), "192.0.2.3"))
	one.UsedAt, one.UsedFrom = at.Add(time.Minute), "192.0.2.3"
	holds(t, db.Tokens, "ada", two, one)
	noError(t, db.Tokens.End(ctx, account.Actor{}, "ada", one.ID, at.Add(2*time.Minute)))
	noError(t, db.Tokens.Touch(ctx, one, at.Add(3*time.Minute), "192.0.2.4")) // too late
	one.Ended, one.Ends = true, at.Add(2*time.Minute)
	holds(t, db.Tokens, "ada", two, one)
	noError(t, db.Tokens.Touch(ctx, token("ada", 3), at, "192.0.2.1")) // makes none
	holds(t, db.Tokens, "ada", two, one)
}

func tokenSweep(t *testing.T, ctx context.Context, db Opened) {
	var list []account.Token
	for n := range 5 {
		list = append(list, token("ada", n))
	}
	keepTokens(t, db.Tokens, list...)
	swept := func(before time.Time, limit, want int) {
		t.Helper()
		n, err := db.Tokens.Sweep(ctx, before, limit)
		noError(t, err)
		if n != want {
			t.Fatalf("%d swept, want %d", n, want)
		}
	}
	swept(list[0].Ends, 10, 0) // before means before
	swept(list[3].Ends, 0, 0)
	swept(list[3].Ends, 2, 2)
	swept(list[3].Ends, 2, 1)
	holds(t, db.Tokens, "ada", list[4], list[3])
}

// Tokens are made and ended by whoever still may.
func tokenAuthority(t *testing.T, ctx context.Context, db Opened) {
	ada, root := developer("ada"), admin("root")
	create(t, db.Accounts, ada, root)
	first := token(ada.ID, 0)
	keepTokens(t, db.Tokens, first)
	by := account.Actor{ID: ada.ID, Role: account.Member}
	noError(t, db.Tokens.Create(ctx, by, token(ada.ID, 1), 5))
	_, err := db.Accounts.Update(ctx, account.Actor{}, ada.ID, account.Change{EndSignIns: true}, now())
	noError(t, err)
	mustBe(t, db.Tokens.Create(ctx, by, token(ada.ID, 2), 5), account.ErrAuthority)
	mustBe(t, db.Tokens.End(ctx, by, ada.ID, first.ID, now()), account.ErrAuthority)
	list, err := db.Tokens.List(ctx, ada.ID)
	noError(t, err)
	if len(list) != 2 || list[1].Ended {
		t.Errorf("tokens are %+v", list)
	}
	noError(t, db.Tokens.End(ctx, account.Actor{ID: root.ID, Role: account.Admin}, ada.ID, first.ID, now()))
}

// endedToken loses the token that the actor goes on acting with.
func endedToken(t *testing.T, s *sitting) {
	t.Helper()
	one := token(s.by.ID, 0)
	keepTokens(t, s.db.Tokens, one)
	s.by.Token = one.ID
	noError(t, s.db.Accounts.Confirm(t.Context(), s.by))
	noError(t, s.db.Tokens.End(t.Context(), account.Actor{}, s.by.ID, one.ID, now()))
}

// othersToken acts with a token of somebody else.
func othersToken(t *testing.T, s *sitting) {
	t.Helper()
	one := token(newID(), 0)
	keepTokens(t, s.db.Tokens, one)
	s.by.Token = one.ID
}

func tokenHostile(t *testing.T, ctx context.Context, db Opened) {
	one := token("ada", 1)
	keepTokens(t, db.Tokens, one)
	for _, id := range hostileIDs() {
		holds(t, db.Tokens, id)
		mustBe(t, db.Tokens.End(ctx, account.Actor{}, "ada", id, now()), account.ErrNotFound)
		mustBe(t, db.Tokens.End(ctx, account.Actor{}, id, one.ID, now()), account.ErrNotFound)
		n, err := db.Tokens.EndAll(ctx, id, now())
		noError(t, err)
		noError(t, db.Tokens.Touch(ctx, account.Token{ID: id}, now(), "x"))
		if n != 0 {
			t.Errorf("%.20q ends %d tokens", id, n)
		}
	}
	holds(t, db.Tokens, "ada", one)
}

func tokenCancelled(t *testing.T, ctx context.Context, db Opened) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	one := token("ada", 1)
	_, err := db.Tokens.ByHash(dead, one.Hash)
	_, listed := db.Tokens.List(dead, "ada")
	_, all := db.Tokens.EndAll(dead, "ada", now())
	_, swept := db.Tokens.Sweep(dead, now(), 10)
	for i, err := range []error{
		err, listed, all, swept, db.Tokens.Create(dead, account.Actor{}, one, 5),
		db.Tokens.End(dead, account.Actor{}, "ada", one.ID, now()), db.Tokens.Touch(dead, one, now(), "x"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v", i, err)
		}
	}
	holds(t, db.Tokens, "ada")
}
