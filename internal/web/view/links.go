package view

// LinkPage is the page behind a one-time link. Its form is posted to where it stands.
type LinkPage struct {
	Page
	Token      string
	Invitation bool   // else it is for a new password
	Email      string // of the account
	Name       string // as it was typed, or as whoever invited has said
	Taken      bool   // who is signed in is not whose account it is
	Problems   []Problem
	Rules      PasswordRules
}

func (p LinkPage) heading() string {
	if p.Invitation {
		return "You are invited"
	}
	return "Choose a new password"
}

func (p LinkPage) address() string { return "/link/" + p.Token }

func (p LinkPage) inputs() []input {
	password := newPassword(p.Rules)
	if !p.Invitation {
		password.label = "New password"
		return prepared(p.Problems, []input{password})
	}
	return prepared(p.Problems, []input{{name: "name", label: "Name", kind: "text", autocomplete: "name", value: p.Name}, password})
}
