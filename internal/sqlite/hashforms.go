package sqlite

import (
	"context"
	"fmt"
)

// mostForms bounds the answer of HashForms.
const mostForms = 100

// selectForms cuts hashes as account.HashForm does: two fields of base64 from the end of those that
// begin with a dollar, and all from the first dollar on of others.
const selectForms = `
	WITH base64 (chars) AS (VALUES
		('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'))
	SELECT CASE WHEN substr(password_hash, 1, 1) = '$'
		THEN rtrim(rtrim(rtrim(rtrim(password_hash, chars), '$'), chars), '$')
		ELSE substr(password_hash, 1, max(0, instr(password_hash, '$') - 1)) END AS form,
		count(*) AS n
	FROM developers, base64 GROUP BY form ORDER BY n DESC LIMIT ?`

// HashForms implements account.Hashes. It reads all developers.
func (a *accounts) HashForms(ctx context.Context) (map[string]int, error) {
	forms, err := a.hashForms(ctx)
	if err != nil {
		return nil, fmt.Errorf("sqlite: look at hashes: %w", err)
	}
	return forms, nil
}

func (a *accounts) hashForms(ctx context.Context) (map[string]int, error) {
	rows, err := a.h.Read.QueryContext(ctx, selectForms, mostForms)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	forms := make(map[string]int)
	for rows.Next() {
		var (
			form string
			n    int
		)
		if err := rows.Scan(&form, &n); err != nil {
			return nil, err
		}
		forms[form] = n
	}
	return forms, rows.Err()
}
