package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// registrationID names the document of the collection state that says who may register.
const registrationID = "registration"

// Joining implements account.Repository.
func (a *accounts) Joining(ctx context.Context) (account.Joining, error) {
	var doc struct {
		Mode     account.Mode `bson:"mode"`
		Domains  []string     `bson:"domains"`
		Approval bool         `bson:"approval"`
	}
	err := a.db.state.FindOne(ctx, byID(registrationID)).Decode(&doc)
	if errors.Is(err, driver.ErrNoDocuments) {
		err = nil
	}
	return account.Joining{Mode: doc.Mode, Domains: doc.Domains, Approval: doc.Approval}, a.db.fail(ctx, "read registration", err)
}

// SetJoining implements account.Repository.
func (a *accounts) SetJoining(ctx context.Context, by account.Actor, j account.Joining) error {
	if err := a.Confirm(ctx, by); err != nil {
		return err
	}
	set := bson.D{el("mode", string(j.Mode)), el("domains", texts(j.Domains)), el("approval", j.Approval)}
	_, err := a.db.state.UpdateOne(ctx, byID(registrationID), bson.D{el("$set", set)}, options.UpdateOne().SetUpsert(true))
	return a.db.fail(ctx, "set registration", err)
}
