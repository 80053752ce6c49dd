package mongo

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
)

// OpenSetup implements account.Repository.
func (a *accounts) OpenSetup(ctx context.Context, tokenHash []byte, expires time.Time) error {
	err := retry(func() error {
		s, err := a.readAdmins(ctx)
		if err != nil {
			return err
		}
		s.Setup = &setupLink{TokenHash: tokenHash, ExpiresAt: expires}
		return a.save(ctx, &s)
	})
	return a.db.fail(ctx, "open setup", err)
}

// SetupOpen implements account.Repository.
func (a *accounts) SetupOpen(ctx context.Context, tokenHash []byte, now time.Time) (bool, error) {
	if len(tokenHash) == 0 {
		return false, ctx.Err()
	}
	s, err := a.readAdmins(ctx)
	return err == nil && s.setupOpen(tokenHash, now), a.db.fail(ctx, "look at setup", err)
}

func (s *admins) setupOpen(tokenHash []byte, now time.Time) bool {
	return len(s.List) == 0 && s.Setup != nil && account.SetupOpen(s.Setup.ExpiresAt, now) &&
		subtle.ConstantTimeCompare(tokenHash, s.Setup.TokenHash) == 1
}

// CompleteSetup implements account.Repository. The link goes with the change of the list that names
// the first admin: after a crash before it the link is good, after one behind it the admin is made.
func (a *accounts) CompleteSetup(
	ctx context.Context, tokenHash []byte, d account.Developer, now time.Time,
) error {
	return a.db.fail(ctx, "complete setup", a.completeSetup(ctx, tokenHash, d, now))
}

func (a *accounts) completeSetup(
	ctx context.Context, tokenHash []byte, d account.Developer, now time.Time,
) error {
	if len(tokenHash) == 0 {
		return or(ctx.Err(), account.ErrSetupOver)
	}
	id, ok := objectID(d.ID)
	if !ok || !d.IsAdmin() {
		return errors.New("that is no admin")
	}
	return a.createAdmin(ctx, id, d, func(s *admins) error {
		if !s.setupOpen(tokenHash, now) {
			return account.ErrSetupOver
		}
		return nil
	})
}

// HasAdmin implements account.Repository.
func (a *accounts) HasAdmin(ctx context.Context) (bool, error) {
	has, err := a.hasAdmin(ctx)
	return has, a.db.fail(ctx, "look for an admin", err)
}

// hasAdmin looks at the list, and at one document of those it names. If there is none it mends
// them.
func (a *accounts) hasAdmin(ctx context.Context) (bool, error) {
	s, err := a.readAdmins(ctx)
	if err != nil || len(s.List) == 0 {
		return false, err
	}
	has, err := a.stands(ctx, &s, bson.NilObjectID)
	if has || err != nil {
		return has, err
	}
	if err := a.mendList(ctx, &s, bson.NilObjectID); err != nil {
		return false, err
	}
	if s, err = a.readAdmins(ctx); err != nil {
		return false, err
	}
	return a.stands(ctx, &s, bson.NilObjectID)
}
