package sqlite

import (
	"context"
	"sync"

	"github.com/doorbook/doorbook/internal/book"
)

// strangersShare is the part of the book, one in so many, that strangers' entries may take while it
// is full.
const strangersShare = 4

// What a kind of entries is, as a condition. That of strangers is the index's, word for word.
const (
	isStrangers = `user IS NULL AND (type = 'request' OR action IN (
		'cookie_refused', 'cross_origin_refused', 'email_refused', 'forbidden',
		'form_token_refused', 'hand_over_refused', 'link_refused', 'password_change_failed', 'register_refused',
		'session_used_after_end', 'setup_refused', 'sign_in_failed', 'sign_in_throttled',
		'summary', 'token_refused', 'token_used_after_end'))`
	isPeople = `user IS NOT NULL AND type = 'request'`
)

// census is how many entries the book holds, as counted a while ago. To count them takes tens of
// milliseconds for each million, so it is done again only when the book has grown by a part.
type census struct {
	mu         sync.Mutex
	known      bool
	strangers  int64 // isStrangers
	all        int64
	last       int64 // the newest seq when it was counted
	peopleFrom int64 // no request of a signed-in person stands before this seq
}

// trimLarge deletes entries while the book takes more than maxBytes, kind by kind, the first of
// each.
func (e *entries) trimLarge(
	ctx context.Context, maxBytes int64, limit int,
) (total book.Kinds, err error) {
	e.census.mu.Lock() // one at a time: it remembers where it was
	defer e.census.mu.Unlock()
	large := func(ctx context.Context, q queryer) (bool, error) {
		s, err := measure(ctx, q)
		return (s.pages-s.free)*s.pageSize > maxBytes, err
	}
	for total.Total() < limit {
		if more, err := large(ctx, e.h.Read); err != nil || !more {
			return total, err
		}
		n, enough, err := e.trimKind(ctx, limit-total.Total(), large)
		total = total.Plus(n)
		if err != nil || enough || n.Total() == 0 {
			return total, err
		}
	}
	return total, nil
}

// trimKind deletes entries of the kind whose turn it is.
func (e *entries) trimKind(
	ctx context.Context, limit int, large func(context.Context, queryer) (bool, error),
) (total book.Kinds, enough bool, err error) {
	excess, err := e.excess(ctx)
	if err != nil {
		return total, false, err
	}
	for _, kind := range []struct {
		look  string
		from  int64
		most  int64
		which string
		count *int
	}{
		{lookStrangers, 0, excess, isStrangers, &total.Strangers},
		{lookPeople, e.census.peopleFrom, int64(limit), isPeople, &total.People},
		{lookStrangers, 0, int64(limit), isStrangers, &total.Strangers},
		{lookFirst, 0, int64(limit), `1`, &total.Deeds},
	} {
		seqs, err := e.seqs(ctx, kind.look, min(kind.most, int64(limit)), kind.from)
		if err != nil {
			return total, false, err
		}
		if len(seqs) == 0 {
			continue
		}
		*kind.count, enough, err = e.deleteSeqs(ctx, seqs, kind.which, large)
		e.census.all -= int64(*kind.count)
		e.census.strangers -= int64(total.Strangers)
		if kind.which == isPeople && *kind.count > 0 {
			// Others may have deleted some of them: then it stands a little before.
			e.census.peopleFrom = seqs[*kind.count-1]
		}
		return total, enough, err
	}
	return total, false, nil
}

const (
	lookStrangers = `SELECT seq FROM entries INDEXED BY entries_strangers
		WHERE ` + isStrangers + ` AND seq >= ?2 ORDER BY seq LIMIT ?1`
	lookPeople = `SELECT seq FROM entries NOT INDEXED
		WHERE ` + isPeople + ` AND seq >= ?2 ORDER BY seq LIMIT ?1`
	lookFirst = `SELECT seq FROM entries WHERE seq >= ?2 ORDER BY seq LIMIT ?1`
)

// excess returns how many entries of strangers there are beyond their share.
func (e *entries) excess(ctx context.Context) (int64, error) {
	c := &e.census
	var last int64
	err := e.h.Read.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM entries`).Scan(&last)
	if err != nil {
		return 0, err
	}
	if !c.known || last-c.last > c.all/64 {
		err := e.h.Read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM entries),
			(SELECT count(*) FROM entries INDEXED BY entries_strangers WHERE `+isStrangers+`)`).
			Scan(&c.all, &c.strangers)
		if err != nil {
			return 0, err
		}
		c.known, c.last = true, last
	}
	return max(0, c.strangers-c.all/strangersShare), nil
}
