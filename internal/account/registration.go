package account

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/doorbook/doorbook/internal/fault"
)

// Registration is what somebody sent to get an account, as they sent it: name, skills, email,
// password, confirm_password. It shows none of it to fmt or slog, and no password to encoding/json,
// which cannot read one into it either: the edge has types of its own for that.
type Registration struct {
	Name            string
	Skills          []string // a JSON list, or the one comma list of a form: see CleanSkills
	Email           string
	Password        string `json:"-"`
	ConfirmPassword string `json:"-"` // compared if it is not empty
	Confirm         bool   // it was sent, and is compared also if it is empty
}

// Validate gives the developer that r describes, with Name, Skills, Email (trimmed) and EmailKey
// set and everything else left to the caller; or a *fault.Error of kind Invalid that names every
// broken field at once, in the order of the form.
func (r Registration) Validate(rules *PasswordRules) (Developer, error) {
	var d Developer
	var problems fields
	var err error
	d.Name, err = CheckName(r.Name)
	problems.add(err)
	d.Skills, err = CleanSkills(r.Skills)
	problems.add(err)
	d.Email = trimASCII(r.Email)
	d.EmailKey, err = CanonicalEmail(r.Email)
	problems.add(err)
	problems.add(rules.Check(r.Password, PasswordContext{Name: r.Name, Email: r.Email}))
	if (r.Confirm || r.ConfirmPassword != "") && r.ConfirmPassword != r.Password {
		problems.add(invalid("confirm_password", "The two passwords are not the same. Type the password again."))
	}
	if err := problems.err(); err != nil {
		return Developer{}, err
	}
	return d, nil
}

// Format shows that there is a registration and nothing of it, whatever the verb.
func (r Registration) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "account.Registration{…}")
}

// LogValue does the same for slog.
func (r Registration) LogValue() slog.Value { return slog.StringValue("account.Registration{…}") }

// fields gathers what is wrong with several fields.
type fields []fault.Field

func (f *fields) add(err error) {
	var e *fault.Error
	if errors.As(err, &e) {
		*f = append(*f, e.Fields...)
	}
}

// err is nil when nothing is wrong.
func (f fields) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return &fault.Error{Kind: fault.Invalid, Public: f[0].Text, Fields: f}
	}
	return &fault.Error{Kind: fault.Invalid, Public: "Some fields need another look.", Fields: f}
}
