package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/web/view"
)

// saying is a page that says the same of everybody. The heading has a place for the name.
func saying(heading, button string, says ...string) func(*Web, *http.Request, account.Developer) (view.PersonAct, error) {
	return func(_ *Web, _ *http.Request, d account.Developer) (view.PersonAct, error) {
		return view.PersonAct{Heading: fmt.Sprintf(heading, view.Isolated(d.Name)), Says: says, Button: button}, nil
	}
}

// otherRole is the role that somebody has not.
func otherRole(d account.Developer) account.Role {
	if d.Role == account.Admin {
		return account.Member
	}
	return account.Admin
}

func askRole(_ *Web, _ *http.Request, d account.Developer) (view.PersonAct, error) {
	name := view.Isolated(d.Name)
	a := view.PersonAct{
		Heading: "Make " + name + " an administrator?", Button: "Make an administrator",
		Says: []string{name + " will see every entry of the book and look after all accounts, yours too."},
	}
	if d.Role == account.Admin {
		a.Heading, a.Button = "Make "+name+" a member?", "Make a member"
		a.Says = []string{name + " will see only their own entries, and look after no other account, at once."}
	}
	a.Hidden = map[string]string{"role": string(otherRole(d))}
	return a, nil
}

func doRole(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	role := account.Role(r.PostForm.Get("role"))
	d, err := p.door.ChangePerson(r.Context(), v, d.ID, door.PersonChange{Role: &role, CurrentPassword: password})
	return done{text: view.Isolated(d.Name) + " is of the role " + string(d.Role) + " now.", undo: d.Role}, err
}

func askGroups(_ *Web, r *http.Request, d account.Developer) (view.PersonAct, error) {
	groups := strings.Join(d.Groups, ", ")
	if r.PostForm.Has("groups") {
		groups = r.PostForm.Get("groups")
	}
	return view.PersonAct{Heading: "Groups of " + view.Isolated(d.Name), Button: "Save", Groups: &groups}, nil
}

func doGroups(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	groups := []string{r.PostForm.Get("groups")}
	_, err := p.door.ChangePerson(r.Context(), v, d.ID, door.PersonChange{Groups: &groups, CurrentPassword: password})
	return done{text: "The groups of " + view.Isolated(d.Name) + " are saved."}, err
}

// signedOut says on how many devices somebody is signed out by what is asked.
func signedOut(p *Web, r *http.Request, d account.Developer) (string, error) {
	n, err := p.door.SignedInOn(r.Context(), d.ID)
	if n == 0 || err != nil {
		return view.Isolated(d.Name) + " is signed in nowhere.", err
	}
	return view.Isolated(d.Name) + " is signed out on " + counted(n, "%d device", "%d devices") + " at once.", nil
}

func askDisable(p *Web, r *http.Request, d account.Developer) (view.PersonAct, error) {
	text, err := signedOut(p, r, d)
	return view.PersonAct{
		Heading: "Disable " + view.Isolated(d.Name) + "?", Button: "Disable", Busy: "Disabling…", Danger: true,
		Says: []string{
			text, "They cannot sign in until the account is enabled again. Their entries stay.",
			"When they try, they read what a wrong password is answered with, on purpose, so that nobody learns who has an account: “" +
				door.WrongCredentials + "”",
		},
	}, err
}

func doDisable(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	d, err := p.door.ChangePerson(r.Context(), v, d.ID, door.PersonChange{Disabled: new(true), CurrentPassword: password})
	return done{text: view.Isolated(d.Name) + " is disabled, and signed out everywhere.", undo: d.Role}, err
}

func doEnable(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	d, err := p.door.ChangePerson(r.Context(), v, d.ID, door.PersonChange{Disabled: new(false), CurrentPassword: password})
	return done{text: view.Isolated(d.Name) + " is enabled."}, err
}

func doApprove(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	d, err := p.door.Approve(r.Context(), v, d.ID, password)
	return done{text: view.Isolated(d.Name) + " may sign in now."}, err
}

func doPasswordLink(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	l, err := p.door.NewPasswordLink(r.Context(), v, d.ID, password)
	return done{link: &l}, err
}

func doInviteAgain(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	l, err := p.door.InviteAgain(r.Context(), v, d.ID, password)
	return done{link: &l}, err
}

func doWithdraw(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	_, err := p.door.WithdrawInvitation(r.Context(), v, d.ID, password)
	return done{text: "The invitation of " + view.Isolated(d.Name) + " is withdrawn.", gone: true}, err
}

func askEndSessions(p *Web, r *http.Request, d account.Developer) (view.PersonAct, error) {
	text, err := signedOut(p, r, d)
	return view.PersonAct{
		Heading: "Sign " + view.Isolated(d.Name) + " out everywhere?", Button: "Sign out everywhere", Busy: "Signing out…",
		Says: []string{text, "They can sign in again with their password."},
	}, err
}

func doEndSessions(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	n, err := p.door.EndSessions(r.Context(), v, d.ID, door.EndSessions{All: true, CurrentPassword: password})
	return done{text: view.Isolated(d.Name) + " is signed out everywhere: " + counted(n, "%d device.", "%d devices.")}, err
}

func askDelete(p *Web, r *http.Request, d account.Developer) (view.PersonAct, error) {
	text, err := signedOut(p, r, d)
	typed := r.PostForm.Get("email")
	return view.PersonAct{
		Heading: "Delete the account of " + view.Isolated(d.Name) + "?", Button: "Delete", Busy: "Deleting…", Danger: true,
		Says:  []string{text, "This cannot be undone. Their entries stay in the book, marked as deleted.", "To be sure, type the e-mail address: " + view.Isolated(d.Email)},
		Email: &typed,
	}, err
}

func doDelete(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error) {
	_, err := p.door.DeletePerson(r.Context(), v, d.ID, door.Deletion{Email: r.PostForm.Get("email"), CurrentPassword: password})
	return done{text: view.Isolated(d.Name) + " is deleted.", gone: true}, err
}
