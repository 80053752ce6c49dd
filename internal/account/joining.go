package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mode says who may make an account by themselves.
type Mode string

// The modes.
const (
	JoinOpen   Mode = "open"   // everybody, or who has an address at one of a few domains
	JoinInvite Mode = "invite" // who was invited
	JoinClosed Mode = "closed" // nobody: admins make accounts; who was invited before still may
)

// MaxDomains is how many domains may be named.
const MaxDomains = 50

// Joining is how somebody gets an account who has none. Its zero value is that everybody may make
// one.
type Joining struct {
	Mode     Mode     // "" is JoinOpen
	Domains  []string // of e-mail addresses that may register; none: all. See CleanDomains
	Approval bool     // who registers may sign in once an admin has approved
}

// Admits reports whether an address, in its canonical form, is at one of the domains. A domain
// does not stand for those below it.
func (j Joining) Admits(emailKey string) bool {
	_, domain, _ := strings.Cut(emailKey, "@")
	return len(j.Domains) == 0 || slices.Contains(j.Domains, domain)
}

// CheckMode is a *fault.Error of kind Invalid with the field "mode" for what is none.
func CheckMode(m Mode) error {
	if m == JoinOpen || m == JoinInvite || m == JoinClosed {
		return nil
	}
	return invalid("mode", `Registration is "open", "invite" or "closed".`)
}

// CleanDomains gives the domains of a list, each of whose elements may itself be a comma list, in
// the one form in which they are compared: lower case, each once, in the order they came, without
// an @ before them. The error is a *fault.Error of kind Invalid with one field, "domains".
func CleanDomains(list []string) ([]string, error) {
	domains := []string{}
	for _, element := range list {
		for domain := range strings.SplitSeq(element, ",") {
			if domain = trimASCII(domain); domain == "" {
				continue
			}
			domain = lowerASCII(strings.TrimPrefix(domain, "@"))
			if slices.Contains(domains, domain) {
				continue
			}
			if _, err := CanonicalEmail("somebody@" + domain); err != nil {
				return nil, invalid("domains", "One of these is not a domain. Write them like this: example.org, example.com.")
			}
			if domains = append(domains, domain); len(domains) > MaxDomains {
				return nil, invalid("domains", fmt.Sprintf("Enter at most %d domains.", MaxDomains))
			}
		}
	}
	return domains, nil
}

// Fixed is what of a Joining is decided where the program is started. Nobody changes that.
type Fixed struct {
	Mode     Mode      // "": not decided
	Domains  *[]string // nil: not decided
	Approval *bool     // nil: not decided
	First    Mode      // holds until admins decide on Mode; "": JoinOpen
}

// Whole reports whether nothing is left to be decided elsewhere.
func (f Fixed) Whole() bool { return f.Mode != "" && f.Domains != nil && f.Approval != nil }

// Over gives j as it is with what is fixed.
func (f Fixed) Over(j Joining) Joining {
	if f.Mode != "" {
		j.Mode = f.Mode
	}
	if j.Mode == "" {
		j.Mode = cmp.Or(f.First, JoinOpen)
	}
	set(&j.Domains, f.Domains)
	set(&j.Approval, f.Approval)
	return j
}
