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

// Audience is whom the rules of an application are for, as people: what each of them opens is for the
// rules to say.
type Audience struct {
	Anyone   bool     // strangers, too
	SignedIn bool     // everybody with an account
	Groups   []string // sorted, each once
	People   []string // by e-mail address
}

// Audience returns for whom there is a rule.
func (a *App) Audience() (to Audience) {
	for i := range a.Rules {
		switch r := &a.Rules[i]; r.Who {
		case Anyone:
			to.Anyone = true
		case SignedIn:
			to.SignedIn = true
		case Some:
			to.Groups, to.People = append(to.Groups, r.Groups...), append(to.People, r.People...)
		}
	}
	slices.Sort(to.Groups)
	slices.Sort(to.People)
	to.Groups, to.People = slices.Compact(to.Groups), slices.Compact(to.People)
	return to
}

// Names reports whether a rule names somebody by that e-mail address, in its canonical form.
func (g *Gate) Names(email string) bool {
	return slices.ContainsFunc(g.Apps, func(a App) bool {
		return slices.ContainsFunc(a.Rules, func(r Rule) bool { return r.Who == Some && slices.Contains(r.People, email) })
	})
}
