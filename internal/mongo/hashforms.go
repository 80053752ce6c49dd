package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

const (
	mostHashes = 100_000 // developers that HashForms looks at
	mostForms  = 100     // and different forms it tells of
)

// HashForms implements account.Hashes. It reads all developers, as far as they are not too many.
func (a *accounts) HashForms(ctx context.Context) (map[string]int, error) {
	cursor, err := a.developers.Find(ctx, bson.D{},
		options.Find().SetProjection(bson.D{key("password", 1)}).SetLimit(mostHashes))
	if err != nil {
		return nil, a.db.fail(ctx, "look at hashes", err)
	}
	forms := make(map[string]int)
	err = all(ctx, cursor, func(doc bson.Raw) {
		form := account.HashForm(capped(readText(doc.Lookup("password")), maxHash))
		if _, known := forms[form]; known || len(forms) < mostForms {
			forms[form]++
		}
	})
	return forms, a.db.fail(ctx, "look at hashes", err)
}
