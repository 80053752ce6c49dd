package mongo

import (
	"context"
	"errors"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// Confirm implements account.Repository.
func (a *accounts) Confirm(ctx context.Context, by account.Actor) error {
	return a.db.fail(ctx, "look at the actor", a.confirm(ctx, by))
}

// confirm returns account.ErrAuthority if the actor is no longer what they were. What it takes to
// know that is asked for at once, so that it is all of one moment, a round trip ago.
func (a *accounts) confirm(ctx context.Context, by account.Actor) error {
	if by == (account.Actor{}) {
		return nil
	}
	id, ok := objectID(by.ID)
	if !ok {
		return account.ErrAuthority
	}
	err := a.confirmOnce(ctx, by, id)
	if errors.Is(err, errAgain) {
		if err = a.mend(ctx, id); err == nil {
			err = a.confirmOnce(ctx, by, id)
		}
	}
	if errors.Is(err, errAgain) {
		err = account.ErrAuthority
	}
	return err
}

// confirmOnce is confirm, but its answer is errAgain if only the list of admins does not know the
// actor: that may be no more than a list and a document that have come apart.
func (a *accounts) confirmOnce(ctx context.Context, by account.Actor, id bson.ObjectID) error {
	var listed error
	err := atOnce(
		func() error {
			now, err := a.byID(ctx, id)
			if errors.Is(err, account.ErrNotFound) || err == nil && !by.May(now) {
				err = account.ErrAuthority
			}
			return err
		},
		func() error { return a.confirmSession(ctx, by) },
		func() error { return a.confirmToken(ctx, by) },
		func() error {
			if by.Role != account.Admin {
				return nil
			}
			s, err := a.readAdmins(ctx)
			if err == nil && !s.allows(by) {
				listed = errAgain
			}
			return err
		},
	)
	return or(err, listed)
}

func (a *accounts) confirmSession(ctx context.Context, by account.Actor) error {
	if by.Session == "" {
		return nil
	}
	id, ok := objectID(by.Session)
	if !ok {
		return account.ErrAuthority
	}
	n, err := a.db.base.Collection("sessions").CountDocuments(ctx,
		bson.D{el("_id", id), el("subject", by.ID)}, options.Count().SetLimit(1))
	if err == nil && n == 0 {
		err = account.ErrAuthority
	}
	return err
}

// atOnce calls functions at the same time and returns the first error in their order.
func atOnce(list ...func() error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(list))
	for i, f := range list {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return or(errs...)
}
