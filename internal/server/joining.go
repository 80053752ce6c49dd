package server

import (
	"errors"
	"fmt"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/config"
)

// Joining gives what the settings fix of who may register.
func Joining(j config.Joins, g config.Gate) (account.Fixed, error) {
	f := account.Fixed{Mode: account.Mode(j.Registration)}
	if g.Behind() { // whoever registers could enter
		f.First = account.JoinInvite
	}
	if j.RegistrationDomains != "" {
		domains := []string{}
		if j.RegistrationDomains != "*" {
			var err error
			if domains, err = account.CleanDomains([]string{j.RegistrationDomains}); err != nil {
				return f, fmt.Errorf("--registration-domains: %w", err)
			}
			if len(domains) == 0 { // which would be all
				return f, errors.New("--registration-domains: there is no domain in it; * stands for all")
			}
		}
		f.Domains = &domains
	}
	if j.RegistrationApproval != "" {
		f.Approval = new(j.RegistrationApproval == "yes")
	}
	return f, nil
}
