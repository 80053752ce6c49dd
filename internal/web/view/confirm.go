package view

import "net/url"

// Errand is what brings somebody to a page that stands between them and an application.
type Errand struct {
	App    string // what the application is called; "": it is none
	Unsent bool   // what they sent it did not get there
}

func (e Errand) heading() string {
	if e.App == "" {
		return "Sign in"
	}
	return "Sign in to go on to " + Isolated(e.App)
}

// unsent says that what was sent is not there, and what to do about it.
func (e Errand) unsent() string {
	to := "the application"
	if e.App != "" {
		to = Isolated(e.App)
	}
	return "What you sent to " + to + " did not get there: your sign-in was over, or too long ago. Nothing was changed. " +
		"You come back to the page that you sent it from; please send it once more there."
}

// ConfirmPage is the page at /confirm: it asks for the password whose reader's sign-in is too long
// ago for what they want of an application.
type ConfirmPage struct {
	Page
	Errand
	Next     string    // where to go afterwards
	Problems []Problem // field "current_password"
}

func (p ConfirmPage) heading() string {
	if p.App == "" {
		return "Please confirm that it is you"
	}
	return Isolated(p.App) + " asks you to confirm that it is you"
}

func (p ConfirmPage) address() string {
	query := url.Values{}
	if p.Next != "" {
		query.Set("next", p.Next)
	}
	if p.Unsent {
		query.Set("unsent", "1")
	}
	if len(query) == 0 {
		return "/confirm"
	}
	return "/confirm?" + query.Encode()
}

func (p ConfirmPage) confirmation() confirmation {
	return confirmation{
		heading: p.heading(), address: p.address(), button: "Confirm and go on", busy: "Confirming…", kind: primary, proof: true,
		why:  "The one that you sign in with.",
		back: "/", backText: "Go to the overview instead", problems: p.Problems,
	}
}
