package view

import "time"

// AccountPage is the page at /account. Its form is posted there.
type AccountPage struct {
	Page
	Form     AccountForm
	Role     string
	Groups   []string
	Since    time.Time // when the account was made
	Now      time.Time // what "2 hours ago" counts from
	Problems []Problem // fields "name", "email", "short_name", "skills" and "current_password"
}

// AccountForm is what stands in the form, without the password.
type AccountForm struct {
	Name      string
	Email     string
	ShortName string
	Skills    string // separated by commas
}

func (p AccountPage) inputs() []input {
	return prepared(p.Problems, []input{
		{name: "name", label: "Name", kind: "text", autocomplete: "name", value: p.Form.Name},
		{name: "email", label: "E-mail", kind: "email", autocomplete: "username", value: p.Form.Email, hint: "You sign in with it."},
		{
			name: "short_name", label: "Short name", kind: "text", autocomplete: "nickname", value: p.Form.ShortName, optional: true,
			hint: "Your user name in applications that do not take an e-mail address. 2 to 32 characters: a–z, 0–9, full stop, hyphen, underscore.",
		},
		{
			name: "skills", label: "Skills", kind: "text", value: p.Form.Skills, optional: true,
			hint: "Separated by commas: go, sql, calm in a storm",
		},
		{
			name: "current_password", label: "Your current password, to change your address or short name",
			kind: "password", autocomplete: "current-password", optional: true,
		},
	})
}

// PasswordPage is the page at /account/password. Its form is posted there.
type PasswordPage struct {
	Page
	Devices  []Device // this one first
	Now      time.Time
	Rules    PasswordRules
	Problems []Problem // fields "current_password" and "password"
}

func (p PasswordPage) inputs() []input {
	next := newPassword(p.Rules)
	next.label = "New password"
	return prepared(p.Problems, []input{
		{name: "current_password", label: "Current password", kind: "password", autocomplete: "current-password"}, next,
	})
}

// others are the devices that a new password signs out.
func (p PasswordPage) others() (list []Device) {
	for _, d := range p.Devices {
		if !d.Current {
			list = append(list, d)
		}
	}
	return list
}

// CloseAccountPage is the page before an account is closed. Its form is posted to its own address.
type CloseAccountPage struct {
	Page
	Password bool      // the current password is asked for
	Problems []Problem // field "current_password"
}

func (p CloseAccountPage) admin() bool { return p.User != nil && p.User.Role == "admin" }

func (p CloseAccountPage) confirmation() confirmation {
	return confirmation{
		heading: "Close your account?", address: "/account/close", button: "Close my account", busy: "Closing the account…", kind: danger,
		proof: p.Password, why: "Closing cannot be undone, so please show that it is you.",
		back: "/account", backText: "Back to your account", problems: p.Problems,
	}
}

// remains says what stays of the reader, and under which name.
func (p CloseAccountPage) remains() string {
	name := ""
	if p.User != nil {
		name = Isolated(p.User.Name) + " "
	}
	return "Your entries of the book stay as they are, until they are as old as the book keeps any. They are shown as of " + name + "(deleted)."
}

// DataPage is the page before the file of what is kept of the reader, where the password is asked
// for. Its form is posted to its own address.
type DataPage struct {
	Page
	Problems []Problem // field "current_password"
}

func (p DataPage) confirmation() confirmation {
	return confirmation{
		heading: "Download your data?", address: "/account/data", button: "Download", kind: primary, proof: true,
		back: "/account", backText: "Back to your account", problems: p.Problems,
	}
}

// ForgottenPage is the page at /forgot-password: the same for everybody, whoever asks.
type ForgottenPage struct {
	Page
	Good time.Duration // how long a link for a new password is good
}
