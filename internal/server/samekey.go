package server

import (
	"context"
	"log/slog"

	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/session"
)

// otherKey reports whether the node that started last has a secret key that this one does not know:
// then sessions of one are nobody's on the other, forms are refused, and guesses at passwords are
// counted twice. A mark is a MAC of nothing in particular, so it tells nothing of the key.
func otherKey(ctx context.Context, db *database.DB, keys *session.KeyRing) (bool, error) {
	if db.LeaveMark == nil {
		return false, nil
	}
	const words = "the nodes of one database have one key"
	signer := keys.Signer("node mark")
	mark := signer.Sum([]byte(words))
	before, err := db.LeaveMark(ctx, mark[:])
	if err != nil || before == nil {
		return false, err
	}
	_, known := signer.Verify([]byte(words), before)
	return !known, nil
}

// tellOtherKey says what comes of another key.
func tellOtherKey(log *slog.Logger, other bool) {
	if other {
		log.Warn("the node that started last on this database has another secret key: give all nodes the same DOORBOOK_SECRET_KEY, " +
			"or nobody stays signed in between them (after a change of the key this is told once)")
	}
}
