package mongo

import (
	"context"
	"errors"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/account"
)

var _ account.Failures = (*throttle)(nil)

// Failures implements account.Failures.
func (t *throttle) Failures(ctx context.Context, key string) (int, error) {
	var stored counter
	err := t.counters.FindOne(ctx, byID(text(key))).Decode(&stored)
	if err != nil && !errors.Is(err, driver.ErrNoDocuments) {
		return 0, t.db.fail(ctx, "throttle", err)
	}
	return stored.Failures, nil
}
