package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
)

// Gone implements account.Repository. The dashboard asks it of the same people at request after
// request, so who is there and who is not is remembered as what ByID finds is.
func (a *accounts) Gone(ctx context.Context, ids []string) ([]string, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(ids) == 0:
		return nil, ctx.Err()
	case len(ids) > account.MostAsked:
		return nil, fmt.Errorf("sqlite: %d ids are too many for one question", len(ids))
	}
	now, err := a.asked.version.get(ctx)
	if err != nil {
		gone, err := a.askGone(ctx, ids) // it says what is wrong, or works all the same
		return gone, wrapAccount("look who is gone", err)
	}
	var gone, unknown []string
	for _, id := range ids {
		switch here, known := a.asked.remembered(now, id); {
		case !known:
			unknown = append(unknown, id)
		case !here:
			gone = append(gone, id)
		}
	}
	if len(unknown) == 0 {
		return gone, nil
	}
	missing, err := a.askGone(ctx, unknown)
	if err != nil {
		return nil, wrapAccount("look who is gone", err)
	}
	for _, id := range unknown {
		a.asked.keep(now, id, !slices.Contains(missing, id))
	}
	return append(gone, missing...), nil
}

func (a *accounts) askGone(ctx context.Context, ids []string) ([]string, error) {
	args := make([]any, account.MostAsked) // the rest is NULL, which no id equals
	for i, id := range ids {
		args[i] = id
	}
	rows, err := a.gone.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gone := slices.Clone(ids)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		gone = slices.DeleteFunc(gone, func(other string) bool { return other == id })
	}
	return gone, rows.Err()
}
