package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorbook/doorbook/session"
)

// Patch implements session.Store, as one transaction. Its first statement counts the version up, on the condition that
// the patch applies at all: that locks the row, or the whole database, on every system and under every isolation level,
// so what is read after it cannot change before the commit. Patches of one record therefore queue up and none is refused.
//
// A record whose values cannot be read takes patches that leave the values alone or clear them; others fail with an
// error that wraps session.ErrUnreadable.
func (s *Store) Patch(ctx context.Context, p session.Patch) (int64, error) {
	version, err := s.patch(ctx, p)
	if err != nil && !errors.Is(err, session.ErrNotFound) && !errors.Is(err, session.ErrConflict) {
		err = fmt.Errorf("sqlstore: patch: %w", err)
	}
	return version, err
}

func (s *Store) patch(ctx context.Context, p session.Patch) (int64, error) {
	// Prepared before the transaction begins, which may hold the only connection.
	lock, err := s.lock.get(ctx)
	if err != nil {
		return 0, err
	}
	reread, err := s.reread.get(ctx)
	if err != nil {
		return 0, err
	}
	update, err := s.update.get(ctx)
	if err != nil {
		return 0, err
	}

	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit; after an error that error counts

	id := p.ID.String()
	switch n, err := affected(tx.StmtContext(ctx, lock).ExecContext(ctx, id, p.Digest[:], p.Now.UnixMilli())); {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, session.ErrNotFound
	}
	found := row{Record: session.Record{ID: p.ID}}
	if err := tx.StmtContext(ctx, reread).QueryRowContext(ctx, id).Scan(append(found.targets(), &found.data)...); err != nil {
		return 0, err
	}
	next, err := found.patched(p)
	if err != nil {
		return 0, err
	}
	if _, err := tx.StmtContext(ctx, update).ExecContext(ctx, append(next.arguments(), id)...); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	return next.Version, nil
}

// patched gives a row that was read under the lock as it is to be written back.
func (r *row) patched(p session.Patch) (row, error) {
	old := r.record()
	old.Version-- // as it was before the lock
	if p.IfVersion != 0 && p.IfVersion != old.Version {
		return row{}, session.ErrConflict
	}
	if !p.ChangesValues() {
		return row{Record: old.Apply(p), data: r.data}, nil
	}
	if !p.Clear {
		var err error
		if old.Values, err = session.DecodeValues(r.data); err != nil {
			return row{}, err
		}
	}
	return written(old.Apply(p))
}
