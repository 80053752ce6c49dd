package door

import (
	"errors"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
)

// delicate reports whether it changes who may do what, or sign in.
func (in DeveloperChange) delicate() bool { return in.Role != nil || in.Disabled != nil }

// secret reports whether the change takes the current password.
func (in DeveloperChange) secret() bool { return in.names() || in.Password != nil }

// names reports whether it changes what nobody else may have, and by which the account is known.
func (in DeveloperChange) names() bool { return in.Email != nil || in.ShortName != nil }

// since leaves out what the account has already: a form sends all of its fields.
func (in DeveloperChange) since(dev account.Developer) DeveloperChange {
	if in.Email != nil && strings.TrimSpace(*in.Email) == dev.Email {
		in.Email = nil
	}
	if in.ShortName != nil {
		if name, err := account.CheckShortName(*in.ShortName); err == nil && name == dev.ShortName {
			in.ShortName = nil
		}
	}
	return in
}

// state returns the state that is asked for, nil where there is nothing to change: of an account
// that was not taken or approved yet, "not disabled" is true already.
func (in DeveloperChange) state(dev account.Developer) *account.State {
	switch {
	case in.Disabled == nil:
		return nil
	case *in.Disabled:
		return new(account.Disabled)
	case dev.State == account.Disabled:
		return new(account.Active)
	}
	return nil
}

// validate turns what was asked for into a change of the account, or names every broken field.
func (in DeveloperChange) validate(rules *account.PasswordRules, dev account.Developer) (change account.Change, err error) {
	var broken []fault.Field
	check := func(err error) bool {
		var f *fault.Error
		if errors.As(err, &f) {
			broken = append(broken, f.Fields...)
		}
		return err == nil
	}
	name, email := dev.Name, dev.Email
	if in.Name != nil {
		var err error
		if name, err = account.CheckName(*in.Name); check(err) {
			change.Name = &name
		}
	}
	if in.Skills != nil {
		if skills, err := account.CleanSkills(*in.Skills); check(err) {
			change.Skills = &skills
		}
	}
	if in.Email != nil {
		email = strings.TrimSpace(*in.Email)
		if key, err := account.CanonicalEmail(email); check(err) {
			change.Email, change.EmailKey = &email, &key
		}
	}
	if in.ShortName != nil {
		if name, err := account.CheckShortName(*in.ShortName); check(err) {
			change.ShortName = &name
		}
	}
	if in.Password != nil {
		check(rules.Check(*in.Password, account.PasswordContext{Name: name, Email: email}))
	}
	check(in.rights(dev, &change))
	if len(broken) > 0 {
		return change, &fault.Error{Kind: fault.Invalid, Public: broken[0].Text, Fields: broken}
	}
	return change, nil
}

// rights adds what only an admin changes.
func (in DeveloperChange) rights(dev account.Developer, change *account.Change) error {
	if in.Role != nil && *in.Role != account.Member && *in.Role != account.Admin {
		return &fault.Error{Kind: fault.Invalid, Fields: []fault.Field{badRole()}}
	}
	change.Role, change.State = in.Role, in.state(dev)
	if in.Groups == nil {
		return nil
	}
	groups, err := account.CleanGroups(*in.Groups)
	change.Groups = &groups
	return err
}
