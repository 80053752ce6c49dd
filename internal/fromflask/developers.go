package fromflask

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
)

// developers copies the accounts. Of two with one canonical address the one that comes first has
// it, which is the older one: an ObjectID begins with the second in which it was made.
func (r *run) developers(ctx context.Context) error {
	t := &r.totals.Developers
	for doc, err := range r.Source.Documents(ctx, Developers) {
		if err != nil {
			return err
		}
		t.Read++
		p, why := readDeveloper(doc, r.CheckHash)
		switch {
		case why != nil:
			r.refuse(Developer, t, p.ID, why)
		case p.deleted:
			t.Deleted++
		default:
			if err := r.developer(ctx, p); err != nil {
				return err
			}
		}
		r.progress(Developers, *t)
	}
	return ctx.Err()
}

// developer copies one account, unless it or its address is there.
func (r *run) developer(ctx context.Context, p person) error {
	t := &r.totals.Developers
	admin := slices.Contains(r.Admins, p.EmailKey)
	if admin {
		p.Role = account.Admin
	}
	switch there, err := r.Accounts.ByID(ctx, p.ID); {
	case err == nil:
		return r.met(ctx, there, p, admin)
	case !errors.Is(err, account.ErrNotFound):
		return err
	}
	switch other, err := r.Accounts.ByEmail(ctx, p.EmailKey); {
	case err == nil:
		r.refuse(Developer, t, p.ID, &refusal{EmailTaken, other.ID})
		return nil
	case !errors.Is(err, account.ErrNotFound):
		return err
	}
	if err := r.Accounts.Create(ctx, account.Actor{}, p.Developer); errors.Is(err, account.ErrEmailTaken) { // at this very moment
		r.refuse(Developer, t, p.ID, &refusal{reason: EmailTaken})
		return nil
	} else if err != nil {
		return err
	}
	t.Copied++
	r.isAdmin(p.EmailKey)
	for _, reason := range p.odd {
		r.Item(Item{Kind: Developer, ID: p.ID, Outcome: Adjusted, Reason: reason})
	}
	return nil
}

// met is for an account that is there. It is left alone, but for a role that was asked for.
func (r *run) met(ctx context.Context, there account.Developer, p person, admin bool) error {
	t := &r.totals.Developers
	if fields := differences(there, p.Developer); len(fields) > 0 {
		t.Differs++
		r.Item(Item{Kind: Developer, ID: p.ID, Outcome: Differs, Reason: Changed, Detail: strings.Join(fields, ", ")})
	} else {
		t.There++
	}
	if !admin || there.EmailKey != p.EmailKey {
		return nil
	}
	if there.Role != account.Admin {
		role := account.Admin
		if _, err := r.Accounts.Update(ctx, account.Actor{}, p.ID, account.Change{Role: &role}, r.Clock()); err != nil {
			return err
		}
		r.Item(Item{Kind: Developer, ID: p.ID, Outcome: Promoted, Reason: AskedAdmin})
	}
	r.isAdmin(p.EmailKey)
	return nil
}

// differences names the fields that are not the same. A hash that was replaced at a sign-in is no
// difference.
func differences(there, here account.Developer) (fields []string) {
	if there.Name != here.Name {
		fields = append(fields, "name")
	}
	if there.Email != here.Email {
		fields = append(fields, "email")
	}
	if !slices.Equal(there.Skills, here.Skills) {
		fields = append(fields, "skills")
	}
	if there.PasswordHash != here.PasswordHash && !strings.HasPrefix(there.PasswordHash, "$argon2id$") {
		fields = append(fields, "password")
	}
	return fields
}
