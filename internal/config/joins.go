package config

import "errors"

// Joins is the settings of who may make an account by themselves. What is not said is left to admins;
// what it comes to says server.Joining.
type Joins struct {
	Registration         string
	RegistrationDomains  string
	RegistrationApproval string
}

// Check refuses what cannot be, but for domains that are none.
func (j Joins) Check() error {
	var errs []error
	if j.Registration != "" {
		errs = append(errs, oneOf("registration", j.Registration))
	}
	if j.RegistrationApproval != "" {
		errs = append(errs, oneOf("registration-approval", j.RegistrationApproval))
	}
	return errors.Join(errs...)
}
