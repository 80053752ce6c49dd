package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// Gone implements account.Repository.
func (a *accounts) Gone(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) > account.MostAsked {
		return nil, fmt.Errorf("mongo: %d ids are too many for one question", len(ids))
	}
	gone, err := a.askGone(ctx, slices.Compact(slices.Sorted(slices.Values(ids))))
	return gone, a.db.fail(ctx, "look who is gone", err)
}

func (a *accounts) askGone(ctx context.Context, gone []string) ([]string, error) {
	asked := bson.A{}
	for _, id := range gone {
		if oid, ok := objectID(id); ok {
			asked = append(asked, oid)
		}
	}
	if len(asked) == 0 {
		return gone, ctx.Err()
	}
	cursor, err := a.developers.Find(ctx, bson.D{el("_id", bson.D{el("$in", asked)})},
		options.Find().SetProjection(bson.D{el("_id", 1)}))
	if err != nil {
		return nil, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) {
		if oid, ok := doc.Lookup("_id").ObjectIDOK(); ok {
			gone = slices.DeleteFunc(gone, func(id string) bool { return id == oid.Hex() })
		}
	})
	return gone, err
}
