package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/doorbook/doorbook/session/store"
)

// errUnlocked: a row changed although it was locked. A table of an engine without transactions
// (MyISAM) does that.
var errUnlocked = errors.New("the row was changed under its lock: the table must be of a transactional engine")

// Patch implements store.Store, as one transaction. Its first statement reads the row, on the
// condition that the patch applies at all, and takes the lock that writers need; so what was read
// cannot change before the commit, on every system and under every isolation level. Patches of one
// record therefore queue up and none is refused.
//
// A record whose values cannot be read takes patches that leave the values alone or clear them;
// others fail with an error that wraps store.ErrUnreadable.
func (s *Store) Patch(ctx context.Context, p store.Patch) (version int64, err error) {
	version, err = retry(ctx, s, func(int) (int64, error) { return s.patch(ctx, p) })
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrConflict) {
		err = fmt.Errorf("sqlstore: patch: %w", err)
	}
	return version, err
}

func (s *Store) patch(ctx context.Context, p store.Patch) (int64, error) {
	for _, st := range []*statement{&s.take, &s.update} {
		if err := st.ready(ctx); err != nil {
			return 0, err
		}
	}
	var next row
	err := s.transact(ctx, func(tx *sql.Tx) error {
		id := p.ID.String()
		found := row{Record: store.Record{ID: p.ID}}
		err := s.take.one(ctx, tx, append(found.targets(), &found.data), id, p.Digest[:], p.Now.UnixMilli())
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		if next, err = found.patched(p); err != nil {
			return err
		}
		args, err := next.arguments(&s.dialect)
		if err != nil {
			return err
		}
		n, err := s.update.exec(ctx, tx, append(args, id, found.Version)...)
		if err == nil && n != 1 {
			err = errUnlocked
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return next.Version, nil
}

// patched returns a row that was read under the lock as it is to be written back.
func (r *row) patched(p store.Patch) (row, error) {
	old := r.record()
	if p.IfVersion != 0 && p.IfVersion != old.Version {
		return row{}, store.ErrConflict
	}
	if !p.ChangesValues() {
		return row{Record: old.Apply(p), data: r.data}, nil
	}
	if !p.Clear {
		var err error
		if old.Values, err = store.DecodeValues(r.data); err != nil {
			return row{}, err
		}
	}
	return written(old.Apply(p))
}
