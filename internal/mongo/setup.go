package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// setupID names the one setup link that may be open.
const setupID = "link"

// OpenSetup implements account.Repository.
func (a *accounts) OpenSetup(ctx context.Context, tokenHash []byte, expires time.Time) error {
	_, err := a.setup.ReplaceOne(ctx, byID(setupID),
		bson.D{{Key: "token_hash", Value: tokenHash}, {Key: "expires_at", Value: expires}}, options.Replace().SetUpsert(true))
	return a.db.fail(ctx, "open setup", err)
}

// SetupOpen implements account.Repository.
func (a *accounts) SetupOpen(ctx context.Context, tokenHash []byte, now time.Time) (bool, error) {
	if len(tokenHash) == 0 {
		return false, ctx.Err()
	}
	_, err := a.setup.FindOne(ctx, openAt(tokenHash, now)).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	has := false
	if err == nil {
		has, err = a.hasAdmin(ctx, bson.NilObjectID)
	}
	return err == nil && !has, a.db.fail(ctx, "look at setup", err)
}

// CompleteSetup implements account.Repository. Who takes the link away in one atomic step has it alone; it is put back when
// the developer could not be made. After a crash in between there is no link and no admin: the next start makes a link.
func (a *accounts) CompleteSetup(ctx context.Context, tokenHash []byte, d account.Developer, now time.Time) error {
	return a.db.fail(ctx, "complete setup", a.completeSetup(ctx, tokenHash, d, now))
}

func (a *accounts) completeSetup(ctx context.Context, tokenHash []byte, d account.Developer, now time.Time) error {
	if len(tokenHash) == 0 {
		return or(ctx.Err(), account.ErrSetupOver)
	}
	link, err := a.setup.FindOneAndDelete(ctx, openAt(tokenHash, now)).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return account.ErrSetupOver
	}
	if err != nil {
		return err
	}
	has, err := a.hasAdmin(ctx, bson.NilObjectID)
	switch {
	case err != nil:
	case has:
		return account.ErrSetupOver // for good: the link stays away
	default:
		if err = a.create(ctx, d); err == nil {
			return nil
		}
	}
	// If the developer was made after all, the link is dead: there is an admin. If there is a new link, it stays.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	_, _ = a.setup.InsertOne(ctx, link) // the reason for giving up is the error that counts
	return err
}

// openAt matches the link if it has that token and is not expired. The hash is compared by the database, whose time tells
// about a hash and nothing about the token.
func openAt(tokenHash []byte, now time.Time) bson.D {
	return bson.D{
		{Key: "_id", Value: setupID},
		{Key: "token_hash", Value: tokenHash},
		{Key: "expires_at", Value: bson.D{{Key: "$gt", Value: now}}},
	}
}
