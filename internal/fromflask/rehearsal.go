package fromflask

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// Rehearse returns a Config whose Copy reads everything, writes nothing, and gives the Totals that
// a Copy by c would. If c has no repositories, they are those of an empty database.
func Rehearse(c Config) Config {
	c.Accounts = &rehearsedAccounts{Repository: c.Accounts, taken: map[[16]byte]string{}}
	c.Book = rehearsedBook{c.Book}
	return c
}

// rehearsedAccounts remembers of what was to be written only whose address is whose, in some 80
// bytes each.
type rehearsedAccounts struct {
	account.Repository // nil: empty
	taken              map[[16]byte]string
}

func (a *rehearsedAccounts) ByID(ctx context.Context, id string) (account.Developer, error) {
	if a.Repository == nil {
		return account.Developer{}, account.ErrNotFound
	}
	return a.Repository.ByID(ctx, id)
}

func (a *rehearsedAccounts) ByEmail(ctx context.Context, emailKey string) (account.Developer, error) {
	if id, ok := a.taken[addressKey(emailKey)]; ok {
		return account.Developer{ID: id, EmailKey: emailKey}, nil
	}
	if a.Repository == nil {
		return account.Developer{}, account.ErrNotFound
	}
	return a.Repository.ByEmail(ctx, emailKey)
}

func (a *rehearsedAccounts) Create(_ context.Context, _ account.Actor, d account.Developer) error {
	a.taken[addressKey(d.EmailKey)] = d.ID
	return nil
}

func (a *rehearsedAccounts) Update(
	context.Context, account.Actor, string, account.Change, time.Time,
) (account.Developer, error) {
	return account.Developer{}, nil
}

func addressKey(emailKey string) [16]byte {
	sum := sha256.Sum256([]byte(emailKey))
	return [16]byte(sum[:16])
}

type rehearsedBook struct {
	book.Repository // nil: empty
}

func (b rehearsedBook) ByID(ctx context.Context, id string) (book.Entry, error) {
	if b.Repository == nil {
		return book.Entry{}, book.ErrNotFound
	}
	return b.Repository.ByID(ctx, id)
}

func (b rehearsedBook) Append(ctx context.Context, entries []book.Entry, _ ...book.Ending) error {
	for _, e := range entries {
		if _, err := b.ByID(ctx, e.ID); err == nil {
			return book.ErrExists
		}
	}
	return nil
}
