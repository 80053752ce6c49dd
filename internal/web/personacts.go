package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// act is something an admin does with somebody's account: a page in words before it, and then the
// deed. It stands at /people/{id}/ and its name.
type act struct {
	name  string
	ask   func(p *Web, r *http.Request, d account.Developer) (view.PersonAct, error)
	do    func(p *Web, r *http.Request, v *door.Visit, d account.Developer, password string) (done, error)
	admin bool // the last administrator cannot be done it to
}

// done is what came of it.
type done struct {
	text string
	link *door.NewLink // that is to be shown, once
	gone bool          // the account is no more
	undo account.Role  // theirs, now; the person's page offers to take it back; "" where it does not
}

// acts are all of them. Who adds one adds its two routes.
func acts() []act {
	return []act{
		{name: "role", ask: askRole, do: doRole, admin: true},
		{name: "groups", ask: askGroups, do: doGroups},
		{name: "disable", ask: askDisable, do: doDisable, admin: true},
		{name: "enable", ask: saying("Enable %s?", "Enable", "They may sign in again with the password that they have. Sessions that have ended stay ended."), do: doEnable},
		{name: "approve", ask: saying("Approve the account of %s?", "Approve", "They may sign in from now on."), do: doApprove},
		{name: "password-link", ask: saying("A new password for %s?", "Make the link",
			"You get a link to send to them: good once, for half an hour. They choose the password themselves; you never see it.",
			"Nothing changes until they use it. Then they are signed out everywhere, and their tokens end."), do: doPasswordLink},
		{name: "invite", ask: saying("A new invitation for %s?", "Make the link", "You get a link to send to them: good once, for three days. The one before stops working."), do: doInviteAgain},
		{name: "withdraw", ask: saying("Withdraw the invitation of %s?", "Withdraw", "The link stops working, and the account, which nobody has used yet, is deleted."), do: doWithdraw},
		{name: "end-sessions", ask: askEndSessions, do: doEndSessions},
		{name: "delete", ask: askDelete, do: doDelete, admin: true},
	}
}

// personHandlers are the handlers of the acts.
func (p *Web) personHandlers() map[string]httpx.Handler {
	handlers := map[string]httpx.Handler{}
	for _, a := range acts() {
		handlers["GET /people/{id}/"+a.name] = p.askAct(a)
		handlers["POST /people/{id}/"+a.name] = p.doAct(a)
	}
	return handlers
}

func (p *Web) askAct(a act) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		d, err := p.target(r, v)
		if err != nil {
			return err
		}
		return p.showAct(w, r, v, http.StatusOK, a, d)
	}
}

func (p *Web) showAct(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, a act, d account.Developer, problems ...view.Problem) error {
	page, err := a.ask(p, r, d)
	if err != nil {
		return err
	}
	if a.admin && d.IsAdmin() {
		only, err := p.door.OnlyAdmin(r.Context(), d.ID)
		if err != nil {
			return err
		}
		if only {
			page.Says, page.Button = []string{view.Isolated(d.Name) + " is the last administrator, so this is not possible. Make somebody else an administrator first."}, ""
		}
	}
	page.Page, page.ID, page.Address = p.page(w, r, v), d.ID, peopleAddress+"/"+d.ID+"/"+a.name
	page.Proof, page.Problems = p.door.MustProve(v), problems
	return p.send(w, r, status, view.PersonChange(page))
}

func (p *Web) doAct(a act) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		d, err := p.target(r, v)
		if err != nil {
			return err
		}
		if p.unasked(r, v) {
			return p.showAct(w, r, v, http.StatusOK, a, d)
		}
		came, err := a.do(p, r, v, d, r.PostForm.Get("current_password"))
		if problems, status, shown := onForm(w, r, err); shown {
			return p.showAct(w, r, v, status, a, d, problems...)
		}
		if fault.Is(err, fault.Conflict) && !httpx.WantsJSON(r) {
			return p.showAct(w, r, v, http.StatusConflict, a, d, view.Problem{Text: fault.From(err).Public})
		}
		switch {
		case err != nil:
			return err
		case came.link != nil:
			return p.linkMade(w, r, v, *came.link)
		case v.Session.Subject() == "": // of oneself
			out(w, r, v, came.text)
			return nil
		}
		httpx.Redirect(w, r, after(v, a, d, came))
		return nil
	}
}

// unasked reports whether the password is to be proved now, and the form that was sent has no field
// for it: Undo, or a page from when the sign-in was recent. That is nobody's mistake.
func (p *Web) unasked(r *http.Request, v *door.Visit) bool {
	return p.door.MustProve(v) && !r.PostForm.Has("current_password") && !httpx.WantsJSON(r)
}

// after is where an admin is led to when something was done.
func after(v *door.Visit, a act, d account.Developer, came done) string {
	to := peopleAddress + "/" + d.ID
	switch {
	case came.undo != "" && d.ID != v.Developer.ID: // there it is told, with the way back
		lastDeed.SetFor(v.Session, deed{a.name, d.ID, came.undo}, undoable)
		return to + "?did=" + a.name
	case came.undo != "": // their own page is not for them any more
		to = "/"
	case came.gone:
		to = peopleAddress
	}
	v.Session.Flash("success", came.text)
	return to
}

// linkMade shows a link. It is in this answer and in no other.
func (p *Web) linkMade(w http.ResponseWriter, r *http.Request, v *door.Visit, l door.NewLink) error {
	return p.send(w, r, http.StatusOK, view.LinkMade(view.LinkMadePage{
		Page: p.page(w, r, v), ID: l.Of.ID, Name: l.Of.Name, Invited: l.Of.State == account.Invited,
		URL: httpx.Origin(r) + l.Path(), Expires: l.Expires, Now: httpx.Started(r),
	}))
}

func (p *Web) inviteForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showInvite(w, r, v, http.StatusOK)
}

func (p *Web) showInvite(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, problems ...view.Problem) error {
	typed := view.InviteForm{
		Email: r.PostForm.Get("email"), Name: r.PostForm.Get("name"), Role: r.PostForm.Get("role"), Groups: r.PostForm.Get("groups"),
	}
	return p.send(w, r, status, view.PersonChange(view.PersonAct{
		Page: p.page(w, r, v), Heading: "Invite somebody", Address: "/invite", Button: "Make the link", Busy: "Making the link…",
		Says:   []string{"You get a link to send to them: good once, for three days. They choose the password themselves; you never see it."},
		Invite: &typed, Proof: p.door.MustProve(v), Problems: problems,
	}))
}

func (p *Web) invite(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	l, err := p.door.Invite(r.Context(), v, door.Invitation{
		Email: r.PostForm.Get("email"), Name: r.PostForm.Get("name"), Role: account.Role(r.PostForm.Get("role")),
		Groups: []string{r.PostForm.Get("groups")}, CurrentPassword: r.PostForm.Get("current_password"),
	})
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showInvite(w, r, v, status, problems...)
	}
	if err != nil {
		return err
	}
	return p.linkMade(w, r, v, l)
}
