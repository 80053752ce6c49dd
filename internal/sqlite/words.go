package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
)

// keepWords makes what somebody is found by that of the developer as they are, where it is not.
func keepWords(ctx context.Context, tx *sql.Tx, was, is account.Developer) error {
	words := is.Words()
	if was.ID != "" && was.SortKey() == is.SortKey() && slices.Equal(was.Words(), words) {
		return nil
	}
	if was.ID != "" {
		if err := dropWords(ctx, tx, was.ID); err != nil {
			return err
		}
	}
	key := is.SortKey()
	for _, word := range words {
		if _, err := tx.ExecContext(ctx, `INSERT INTO people_words (word, name_key, account) VALUES (?, ?, ?)`, word, key, is.ID); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE developers SET name_key = ? WHERE id = ?`, key, is.ID)
	return err
}

func dropWords(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM people_words WHERE account = ?`, id)
	return err
}

// wordsBatch is how many developers get their words in one transaction.
const wordsBatch = 200

// giveWords gives words to developers who have none yet: those from before there were any. Several
// processes may do so at once.
func (h *Handle) giveWords(ctx context.Context) error {
	for {
		given := 0
		err := h.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT `+developerColumns+` FROM developers WHERE name_key IS NULL LIMIT ?`, wordsBatch)
			if err != nil {
				return err
			}
			list, err := scanDevelopers(rows)
			if err != nil {
				return err
			}
			given = len(list)
			for _, d := range list {
				if err := keepWords(ctx, tx, account.Developer{}, d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || given == 0 {
			return err
		}
	}
}

// scanDevelopers reads and closes rows of developerColumns.
func scanDevelopers(rows *sql.Rows) (list []account.Developer, err error) {
	defer rows.Close()
	for rows.Next() {
		d, err := scanDeveloper(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
