package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/web/view"
	"github.com/doorbook/doorbook/session"
)

const (
	peopleAddress = "/people"
	peopleShown   = 25 // on one page
	didShown      = 10 // entries on a person's page
)

func (p *Web) people(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	query := r.URL.Query()
	asked := view.PeopleAsked{Search: query.Get("q"), Role: query.Get("role"), State: query.Get("state"), Group: query.Get("group")}
	q := account.PeopleQuery{
		Search: asked.Search, Role: account.Role(asked.Role), Group: asked.Group, After: query.Get("after"), Limit: peopleShown,
	}
	if asked.State != "" {
		q.State = new(account.ParseState(asked.State))
	}
	list, next, err := p.door.People(r.Context(), v, q)
	if err != nil {
		return err
	}
	page := view.PeoplePage{Page: p.page(w, r, v), Asked: asked, Next: next, Later: q.After != "", Now: httpx.Started(r)}
	for _, one := range list {
		row := personRow(v, one.Developer)
		row.Sessions, row.LastSeen = one.Sessions, one.LastSeen
		page.People = append(page.People, row)
	}
	if q.State == nil || *q.State != account.Waiting { // there they are the list
		if page.Waiting, page.MoreWaiting, err = p.door.Waiting(r.Context(), v); err != nil {
			return err
		}
	}
	return p.send(w, r, http.StatusOK, view.People(page))
}

func personRow(v *door.Visit, d account.Developer) view.PersonRow {
	return view.PersonRow{
		ID: d.ID, Mark: book.Short(d.ID), Name: d.Name, Email: d.Email, Role: string(d.Role), State: d.State.String(), You: d.ID == v.Developer.ID,
	}
}

// target is the developer that the address names.
func (p *Web) target(r *http.Request, v *door.Visit) (account.Developer, error) {
	at := r.PathValue("id")
	if !id.Valid(at) {
		return account.Developer{}, fault.New(fault.NotFound, "There is no such person.")
	}
	return p.door.Person(r.Context(), v, at)
}

func (p *Web) person(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	d, err := p.target(r, v)
	if err != nil {
		return err
	}
	page := view.PersonPage{Now: httpx.Started(r), Person: view.PersonFacts{
		PersonRow: personRow(v, d), ShortName: d.ShortName, Groups: d.Groups, Created: d.CreatedAt,
		LinkExpires: d.Link.Expires,
	}}
	list, err := p.door.Sessions(r.Context(), v, d.ID)
	if err != nil {
		return err
	}
	page.Sessions = shownDevices(list)
	entries, _, err := p.door.Entries(r.Context(), v, book.Query{User: d.ID, Type: book.Activity, Limit: didShown})
	if err != nil {
		return err
	}
	gone, err := p.door.Gone(r.Context(), v, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		page.Did = append(page.Did, p.row(&entries[i], gone))
	}
	page.Undo = undo(v, r.URL.Query().Get("did"), d)
	page.Page = p.page(w, r, v)
	return p.send(w, r, http.StatusOK, view.Person(page))
}

// lastDeed is what an admin has just done that can be taken back. That an address says so is not
// enough: anybody can make one.
const lastDeed session.Key[deed] = "last_deed"

// undoable is for how long that is offered.
const undoable = 10 * time.Minute

type deed struct {
	Act, To string       // to whom, by their id
	Role    account.Role // that they had then
}

// undo is the way back from what an admin has just done, as far as it is so.
func undo(v *door.Visit, did string, d account.Developer) view.Undo {
	name := view.Isolated(d.Name)
	last, _ := lastDeed.Get(v.Session)
	switch {
	case last != deed{did, d.ID, d.Role}:
	case did == "disable" && d.State == account.Disabled:
		return view.Undo{Text: name + " is disabled, and signed out everywhere.", Act: "enable"}
	case did == "role" && d.Role == account.Admin:
		return view.Undo{Text: name + " is an administrator now.", Act: "role", Name: "role", With: string(account.Member)}
	case did == "role":
		return view.Undo{Text: name + " is a member now.", Act: "role", Name: "role", With: string(account.Admin)}
	}
	return view.Undo{}
}

func (p *Web) endPersonSession(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	d, err := p.target(r, v)
	if err != nil {
		return err
	}
	ended, err := p.door.EndSession(r.Context(), v, d.ID, r.PathValue("session"))
	switch {
	case fault.Is(err, fault.NotFound): // sent twice, or ended elsewhere: what was wanted is so
		v.Session.Flash("info", "That device was signed out already.")
	case err != nil:
		return err
	case v.Session.Subject() == "":
		out(w, r, v, "You are signed out.")
		return nil
	default:
		v.Session.Flash("success", view.Isolated(ended.Called())+" of "+view.Isolated(d.Name)+" is signed out.")
	}
	httpx.Redirect(w, r, peopleAddress+"/"+d.ID)
	return nil
}

func (p *Web) registrationForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showRegistration(w, r, v, http.StatusOK)
}

func (p *Web) showRegistration(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, problems ...view.Problem) error {
	j, err := p.door.Joining(r.Context())
	if err != nil {
		return err
	}
	fixed := p.door.FixedJoining()
	page := view.RegistrationPage{
		Mode: string(j.Mode), Domains: strings.Join(j.Domains, ", "), Approval: j.Approval,
		FixedMode: fixed.Mode != "", FixedDomains: fixed.Domains != nil, FixedApproval: fixed.Approval != nil,
		Proof: p.door.MustProve(v), Problems: problems,
	}
	if len(problems) > 0 { // what was typed stays
		page.Mode, page.Domains, page.Approval = r.PostForm.Get("mode"), r.PostForm.Get("domains"), r.PostForm.Has("approval")
	}
	page.Page = p.page(w, r, v)
	return p.send(w, r, status, view.RegistrationSettings(page))
}

func (p *Web) registrationChange(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	fixed := p.door.FixedJoining()
	in := door.JoiningChange{CurrentPassword: r.PostForm.Get("current_password")}
	if fixed.Mode == "" && r.PostForm.Has("mode") {
		in.Mode = new(account.Mode(r.PostForm.Get("mode")))
	}
	if fixed.Domains == nil && r.PostForm.Has("domains") {
		in.Domains = &[]string{r.PostForm.Get("domains")}
	}
	if fixed.Approval == nil { // a box that is not ticked sends nothing
		in.Approval = new(r.PostForm.Has("approval"))
	}
	_, err := p.door.SetJoining(r.Context(), v, in)
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showRegistration(w, r, v, status, problems...)
	}
	if err != nil {
		return err
	}
	v.Session.Flash("success", "Saved.")
	httpx.Redirect(w, r, "/registration")
	return nil
}
