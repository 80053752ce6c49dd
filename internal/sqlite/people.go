package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// mostLooked is how many of those who might be asked for are looked at for one page, so that a
// search for what many have each of, and nobody all, costs no more than any other.
const mostLooked = 500

// People implements account.Directory.
func (a *accounts) People(ctx context.Context, q account.PeopleQuery) ([]account.Developer, string, error) {
	list, next, err := a.people(ctx, q)
	return list, next, wrapAccount("find people", err)
}

func (a *accounts) people(ctx context.Context, q account.PeopleQuery) (list []account.Developer, next string, err error) {
	terms, can := q.Terms()
	limit := min(q.Limit, account.MaxPeople)
	at, err := account.ParsePlace(q.After)
	if err != nil || !can || limit <= 0 {
		return nil, "", err
	}
	driver, err := a.rarest(ctx, terms)
	if err != nil {
		return nil, "", err
	}
	ids, next, err := a.walk(ctx, terms, driver, at, limit)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		switch d, err := a.one(ctx, a.byID, id); {
		case err == nil:
			list = append(list, d)
		case err != account.ErrNotFound: // gone since
			return nil, "", err
		}
	}
	return list, next, nil
}

// rarest gives the number of the term that the fewest people have, -1 where none says what somebody
// has.
func (a *accounts) rarest(ctx context.Context, terms []account.Term) (int, error) {
	best, fewest, asked := -1, 0, 0
	for _, t := range terms {
		if !t.Not {
			asked++
		}
	}
	for i, t := range terms {
		if t.Not {
			continue
		}
		if asked == 1 {
			return i, nil
		}
		var n int
		err := a.h.Read.QueryRowContext(ctx,
			`SELECT count(*) FROM (SELECT 1 FROM people_words WHERE word >= ? AND word < ? LIMIT ?)`, t.From, t.Below, mostLooked).Scan(&n)
		if err != nil {
			return -1, err
		}
		if best < 0 || n < fewest {
			best, fewest = i, n
		}
	}
	return best, nil
}

// walk goes along the words of the driving term, or else along the names, and gives up to limit ids
// of people who have all that is asked for.
func (a *accounts) walk(
	ctx context.Context, terms []account.Term, driver int, at account.Place, limit int,
) (ids []string, next string, err error) {
	text, args := walkQuery(terms, driver, at)
	rows, err := a.h.Read.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	looked, last := 0, at
	for rows.Next() {
		if len(ids) == limit || looked == mostLooked {
			return ids, last.String(), nil
		}
		var found bool
		if err := rows.Scan(&last.Word, &last.Name, &last.ID, &found); err != nil {
			return nil, "", err
		}
		if looked++; found {
			ids = append(ids, last.ID)
		}
	}
	return ids, "", rows.Err()
}

func walkQuery(terms []account.Term, driver int, at account.Place) (text string, args []any) {
	conditions := []string{"1"}
	for i, t := range terms {
		if i == driver {
			continue
		}
		not := ""
		if t.Not {
			not = "NOT "
		}
		conditions = append(conditions, not+`EXISTS (SELECT 1 FROM people_words o WHERE o.account = w.account AND o.word >= ? AND o.word < ?)`)
		args = append(args, t.From, t.Below)
	}
	if driver < 0 {
		text = `SELECT '', w.name_key, w.account, ` + strings.Join(conditions, " AND ") + `
			FROM (SELECT name_key, id AS account FROM developers) w
			WHERE (w.name_key, w.account) > (?, ?) ORDER BY w.name_key, w.account LIMIT ?`
		return text, append(args, at.Name, at.ID, mostLooked+1)
	}
	t := terms[driver]
	// Of somebody with several such words the first one counts.
	conditions = append(conditions, `NOT EXISTS (SELECT 1 FROM people_words o WHERE o.account = w.account AND o.word >= ? AND o.word < w.word)`)
	text = `SELECT w.word, w.name_key, w.account, ` + strings.Join(conditions, " AND ") + `
		FROM people_words w
		WHERE w.word >= ? AND w.word < ? AND (w.word, w.name_key, w.account) > (?, ?, ?)
		ORDER BY w.word, w.name_key, w.account LIMIT ?`
	return text, append(args, t.From, max(t.From, at.Word), t.Below, at.Word, at.Name, at.ID, mostLooked+1)
}

// Presence implements account.Directory. The sessions are in the table of sqlstore: see authority.
func (a *accounts) Presence(ctx context.Context, ids []string, now time.Time) (map[string]account.Presence, error) {
	found, err := a.presence(ctx, ids, now)
	if err != nil {
		return nil, fmt.Errorf("sqlite: look who is here: %w", err)
	}
	return found, nil
}

func (a *accounts) presence(ctx context.Context, ids []string, now time.Time) (map[string]account.Presence, error) {
	found := make(map[string]account.Presence, len(ids))
	if len(ids) == 0 {
		return found, ctx.Err()
	}
	args := make([]any, 0, len(ids)+1)
	for _, id := range ids {
		args = append(args, id)
	}
	rows, err := a.h.Read.QueryContext(ctx, `SELECT subject, sum(parent = ''), max(last_seen) FROM sessions
		WHERE subject <> '' AND subject IN (?`+strings.Repeat(", ?", len(ids)-1)+`) AND expires > ? GROUP BY subject`,
		append(args, now.UnixMilli())...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id   string
			p    account.Presence
			seen sql.NullInt64
		)
		if err := rows.Scan(&id, &p.Sessions, &seen); err != nil {
			return nil, err
		}
		p.LastSeen = fromMillis(seen.Int64)
		found[id] = p
	}
	return found, rows.Err()
}
