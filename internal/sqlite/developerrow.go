package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

const developerColumns = `id, name, email, email_key, skills, password_hash, role, disabled, epoch, created_at, updated_at`

// scanDeveloper reads developerColumns from a row. No row is account.ErrNotFound.
func scanDeveloper(row interface{ Scan(...any) error }) (account.Developer, error) {
	var (
		d                account.Developer
		skills           string
		role             string
		created, updated int64
	)
	err := row.Scan(&d.ID, &d.Name, &d.Email, &d.EmailKey, &skills, &d.PasswordHash, &role, &d.Disabled, &d.Epoch, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Developer{}, account.ErrNotFound
	}
	if err != nil {
		return account.Developer{}, err
	}
	if skills != "[]" {
		if err := json.Unmarshal([]byte(skills), &d.Skills); err != nil {
			return account.Developer{}, fmt.Errorf("skills of %s: %w", d.ID, err)
		}
	}
	d.Role = account.Role(role)
	d.CreatedAt, d.UpdatedAt = fromMillis(created), fromMillis(updated)
	return d, nil
}

func encodeSkills(skills []string) (string, error) {
	if len(skills) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(skills)
	return string(b), err
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
