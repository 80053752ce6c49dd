package gate

import (
	"slices"

	"github.com/doorbook/doorbook/internal/account"
)

// For reports whether a rule of the application might let somebody pass, from wherever and however
// they come: it is worth a try.
func (a *App) For(d account.Developer) bool {
	return d.State == account.Active && slices.ContainsFunc(a.Rules, func(r Rule) bool {
		if r.Who == Anyone {
			return true
		}
		_, ok := r.holds(d)
		return ok && r.Tokens != TokensOnly
	})
}
