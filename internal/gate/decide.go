package gate

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Question is one request to an application, and who makes it.
type Question struct {
	Method    string
	Path      string     // as it was sent, with its percent signs, without the query
	Preflight bool       // it is the browsers' question before a request of another origin
	Addr      netip.Addr // the visitor's; the zero Addr when it is not known
	Now       time.Time

	Developer account.Developer // who asks; the zero value is a stranger
	Token     account.Token     // that speaks for them; the zero value where it is they themselves
	SignedIn  time.Time         // when they last proved who they are
}

// Verdict is what becomes of a request.
type Verdict int

// The verdicts. The zero value lets nobody pass.
const (
	Refuse     Verdict = iota // it is not for who asks
	SignIn                    // nobody is signed in, and somebody who is might pass
	Prove                     // the sign-in is too long ago
	Unreadable                // its path can be read in two ways, of which one would not pass, or in none
	Pass
)

// Decision is a verdict and where it comes from.
type Decision struct {
	Verdict Verdict
	Rule    *Rule  // that decided; nil: none matched, or the path is unreadable
	Why     string // for the operator and the book: "rule 2 (line 14): group ops", "no rule"
}

// Decide holds a question against the rules of the application: the first one that matches decides,
// and without one nobody passes. Where servers read the path in different ways, the rules have to be
// of one mind about all of them.
func (a *App) Decide(q *Question) Decision {
	i, err := a.match(q)
	switch {
	case err != nil:
		return Decision{Unreadable, nil, err.Error()}
	case i < 0:
		return Decision{Refuse, nil, "no rule"}
	}
	verdict, why := a.Rules[i].judge(q)
	return Decision{verdict, &a.Rules[i], a.ruleName(i) + ": " + why}
}

// match finds the rule that decides, -1 for none. The error says that the path cannot be read, or in
// two ways that are not for the same people.
func (a *App) match(q *Question) (int, error) {
	if !slices.ContainsFunc(a.Rules, func(r Rule) bool { return len(r.Paths) > 0 }) { // whatever the path is
		return a.first(q, "", Under), checkEscapes(q.Path)
	}
	list, err := readings(q.Path)
	if err != nil {
		return -1, err
	}
	i := a.first(q, list[0], Under)
	for _, path := range list {
		for _, j := range []int{a.first(q, path, Under), a.first(q, fold(path), underFolded)} {
			if !a.alike(i, j) {
				return -1, fmt.Errorf("its path can be read in two ways: %s, and %s", a.ruleName(i), a.ruleName(j))
			}
		}
	}
	return i, nil
}

// underFolded is Under of a path that is folded already.
func underFolded(path, prefix string) bool { return Under(path, fold(prefix)) }

// first finds the first rule that matches one reading of the path, -1 for none.
func (a *App) first(q *Question, path string, under func(path, prefix string) bool) int {
	return slices.IndexFunc(a.Rules, func(r Rule) bool {
		return (r.method(q.Method) || r.Preflight && q.Preflight) &&
			(len(r.Paths) == 0 || slices.ContainsFunc(r.Paths, func(prefix string) bool { return under(path, prefix) }))
	})
}

// alike reports whether two rules, or the lack of one, ask for the same.
func (a *App) alike(i, j int) bool {
	if i < 0 || j < 0 || i == j {
		return i == j
	}
	r, o := a.Rules[i], a.Rules[j]
	return r.Who == o.Who && slices.Equal(r.Groups, o.Groups) && slices.Equal(r.People, o.People) && r.Tokens == o.Tokens &&
		r.Recent == o.Recent && slices.Equal(r.From, o.From) && slices.Equal(r.Keep, o.Keep) && r.Preflight == o.Preflight && r.Basic == o.Basic
}

// ruleName names a rule for the operator.
func (a *App) ruleName(i int) string {
	switch {
	case i < 0:
		return "no rule"
	case a.Rules[i].Line == 0:
		return fmt.Sprintf("rule %d", i+1)
	}
	return fmt.Sprintf("rule %d (line %d)", i+1, a.Rules[i].Line)
}

// method reports whether a rule is about a method. Some applications do not look at its case, so
// neither does the rule.
func (r *Rule) method(m string) bool {
	m = strings.ToUpper(m)
	return len(r.Methods) == 0 || slices.Contains(r.Methods, m) || m == http.MethodHead && slices.Contains(r.Methods, http.MethodGet)
}

// judge says what a rule that matches makes of a question, and why. Nobody is asked for what would
// not let them pass: who is in no group of the rule is not asked for a recent sign-in.
func (r *Rule) judge(q *Question) (Verdict, string) {
	known := q.Developer.ID != ""
	token := known && q.Token.ID != ""
	switch {
	case known && q.Developer.State != account.Active:
		return Refuse, "the account is " + q.Developer.State.String()
	case r.Who == Nobody:
		return Refuse, "nobody may"
	case !r.near(q.Addr):
		return Refuse, "not from there"
	case q.Preflight && r.Preflight:
		return Pass, "preflight"
	case token && !q.Token.Scopes.Has(account.ScopeApplications):
		return Refuse, "the token is not for applications"
	case r.Who == Anyone:
		return Pass, "anyone"
	case !known:
		return SignIn, "nobody is signed in"
	}
	return r.judgeKnown(q, token)
}

// judgeKnown is judge of somebody who is known, by themselves or by a token.
func (r *Rule) judgeKnown(q *Question, token bool) (Verdict, string) {
	why, ok := r.holds(q.Developer)
	switch {
	case !ok:
		return Refuse, why
	case token && (r.Tokens == NoTokens || r.Recent > 0):
		return Refuse, "not with a token"
	case !token && r.Tokens == TokensOnly:
		return Refuse, "with a token alone"
	case r.Recent > 0 && !account.Within(r.Recent, q.SignedIn, q.Now):
		return Prove, "the sign-in is too long ago"
	}
	return Pass, why
}

// near reports whether a rule lets pass from an address.
func (r *Rule) near(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return len(r.From) == 0 || slices.ContainsFunc(r.From, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// holds reports whether a rule is for somebody, and why.
func (r *Rule) holds(dev account.Developer) (why string, ok bool) {
	if r.Who == SignedIn {
		return "signed in", true
	}
	if r.Who != Some {
		return "nobody may", false
	}
	if slices.Contains(r.People, dev.EmailKey) {
		return "by name", true
	}
	for _, group := range r.Groups {
		if slices.Contains(dev.Groups, group) {
			return "group " + group, true
		}
	}
	return "in none of its groups, nor named", false
}
