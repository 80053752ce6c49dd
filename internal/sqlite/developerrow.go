package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

const developerColumns = `id, name, email, email_key, skills, password_hash, role, state,
	short_name, member_of, link_hash, link_expires, link_by, epoch, created_at, updated_at`

// scanDeveloper reads developerColumns from a row. No row is account.ErrNotFound.
func scanDeveloper(row interface{ Scan(...any) error }) (account.Developer, error) {
	var (
		d                         account.Developer
		skills, groups            string
		role, state               string
		short                     sql.NullString
		expires, created, updated int64
	)
	err := row.Scan(&d.ID, &d.Name, &d.Email, &d.EmailKey, &skills, &d.PasswordHash, &role, &state,
		&short, &groups, &d.Link.Hash, &expires, &d.Link.By, &d.Epoch, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Developer{}, account.ErrNotFound
	}
	if err == nil {
		err = errors.Join(decodeList(skills, &d.Skills), decodeList(groups, &d.Groups))
	}
	if err != nil {
		return account.Developer{}, fmt.Errorf("developer %s: %w", d.ID, err)
	}
	d.Role, d.State, d.ShortName = account.Role(role), account.ParseState(state), short.String
	if d.Link.Hash != nil {
		d.Link.Expires = fromMillis(expires)
	}
	d.CreatedAt, d.UpdatedAt = fromMillis(created), fromMillis(updated)
	return d, nil
}

// developerValues gives what developerColumns hold of a developer.
func developerValues(d account.Developer) ([]any, error) {
	skills, err := encodeList(d.Skills)
	groups, err2 := encodeList(d.Groups)
	var expires int64
	if d.Link.Hash != nil {
		expires = d.Link.Expires.UnixMilli()
	}
	return []any{
		d.ID, d.Name, d.Email, d.EmailKey, skills, d.PasswordHash, string(d.Role), d.State.String(),
		sql.NullString{String: d.ShortName, Valid: d.ShortName != ""},
		groups, d.Link.Hash, expires, d.Link.By,
		d.Epoch, d.CreatedAt.UnixMilli(), d.UpdatedAt.UnixMilli(),
	}, errors.Join(err, err2)
}

// decodeList reads a JSON array of strings. An empty one, which most are, leaves list as it is.
func decodeList(s string, list *[]string) error {
	if s == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(s), list)
}

func encodeList(list []string) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
