package api

import (
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// Person is somebody with an account as admins, and the command line in JSON, see them.
type Person struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Email         string     `json:"email"`
	ShortName     string     `json:"short_name,omitempty"`
	Role          string     `json:"role"`
	State         string     `json:"state"` // active, disabled, invited or waiting
	Groups        []string   `json:"groups"`
	Skills        []string   `json:"skills"`
	CreatedAt     time.Time  `json:"created_at"`
	LinkExpiresAt *time.Time `json:"link_expires_at,omitempty"` // of the open one-time link
}

// PersonOf returns a developer as Person.
func PersonOf(d account.Developer) Person {
	p := Person{
		ID: d.ID, Name: d.Name, Email: d.Email, ShortName: d.ShortName,
		Role: string(d.Role), State: d.State.String(), CreatedAt: d.CreatedAt.UTC(),
		Groups: append([]string{}, d.Groups...), Skills: append([]string{}, d.Skills...),
	}
	if len(d.Link.Hash) > 0 {
		expires := d.Link.Expires.UTC()
		p.LinkExpiresAt = &expires
	}
	return p
}

// Link is a one-time link that was just made, which is shown once.
type Link struct {
	Person    Person    `json:"person"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// LinkOf returns a link as it is found on the site at the address origin.
func LinkOf(l door.NewLink, origin string) Link {
	return Link{Person: PersonOf(l.Of), URL: origin + l.Path(), ExpiresAt: l.Expires.UTC()}
}

// provenIn proves anew who asks.
type provenIn struct {
	CurrentPassword string `json:"current_password"`
}

// forPerson translates what is done for the person in the address, and needs no more said than
// that it may be.
func forPerson(do func(r *http.Request, v *door.Visit, target, password string) (status int, data any, err error)) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, err := pathID(r, "There is no such person.")
		if err != nil {
			return err
		}
		var in provenIn
		if r.ContentLength != 0 {
			if err := httpx.DecodeJSON(r, &in); err != nil {
				return err
			}
		}
		status, data, err := do(r, v, target, in.CurrentPassword)
		if err != nil {
			return err
		}
		return ok(w, status, data)
	}
}

// ListedPerson is somebody in a list of people.
type ListedPerson struct {
	Person
	Sessions   int        `json:"sessions"` // that live
	LastSeenAt *time.Time `json:"last_seen_at,omitempty"`
}

// ListedPersonOf returns somebody of the door's list as ListedPerson.
func ListedPersonOf(p door.PersonInfo) ListedPerson {
	out := ListedPerson{Person: PersonOf(p.Developer), Sessions: p.Sessions}
	if !p.LastSeen.IsZero() {
		seen := p.LastSeen.UTC()
		out.LastSeenAt = &seen
	}
	return out
}

// askedFor reads who is asked for from a query.
func askedFor(r *http.Request) (q account.PeopleQuery, err error) {
	n, err := limit(r)
	if err != nil {
		return q, err
	}
	query := r.URL.Query()
	q = account.PeopleQuery{
		Search: query.Get("q"), Role: account.Role(query.Get("role")), Group: query.Get("group"),
		After: query.Get("after"), Limit: min(n, account.MaxPeople),
	}
	if word := query.Get("state"); word != "" {
		state := account.ParseState(word)
		if state.String() != word {
			return q, fault.New(fault.Malformed, "The state is active, disabled, invited or waiting.")
		}
		q.State = &state
	}
	if q.Role != "" && q.Role != account.Member && q.Role != account.Admin {
		return q, fault.New(fault.Malformed, "The role is member or admin.")
	}
	return q, nil
}

func (a *API) people(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	q, err := askedFor(r)
	if err != nil {
		return err
	}
	list, next, err := a.door.People(r.Context(), v, q)
	if err != nil {
		return err
	}
	shown := make([]ListedPerson, len(list))
	for i, p := range list {
		shown[i] = ListedPersonOf(p)
	}
	httpx.WriteJSON(w, http.StatusOK, envelope{Status: true, Data: shown, Next: next})
	return nil
}

func (a *API) person(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such person.")
	if err != nil {
		return err
	}
	d, err := a.door.Person(r.Context(), v, target)
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, PersonOf(d))
}

type inviteIn struct {
	Email           string       `json:"email"`
	Name            string       `json:"name"`
	Role            account.Role `json:"role"`
	Groups          skills       `json:"groups"`
	CurrentPassword string       `json:"current_password"`
}

func (a *API) invite(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in inviteIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	l, err := a.door.Invite(r.Context(), v, door.Invitation{
		Email: in.Email, Name: in.Name, Role: in.Role, Groups: in.Groups, CurrentPassword: in.CurrentPassword,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusCreated, LinkOf(l, httpx.Origin(r)))
}

type changePersonIn struct {
	Role            *account.Role `json:"role"`
	Disabled        *bool         `json:"disabled"`
	Groups          *skills       `json:"groups"`
	CurrentPassword string        `json:"current_password"`
}

func (a *API) changePerson(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such person.")
	if err != nil {
		return err
	}
	var in changePersonIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	d, err := a.door.ChangePerson(r.Context(), v, target, door.PersonChange{
		Role: in.Role, Disabled: in.Disabled, Groups: (*[]string)(in.Groups), CurrentPassword: in.CurrentPassword,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, PersonOf(d))
}

type deletePersonIn struct {
	Email           string `json:"email"`
	CurrentPassword string `json:"current_password"`
}

func (a *API) deletePerson(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such person.")
	if err != nil {
		return err
	}
	var in deletePersonIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	if _, err := a.door.DeletePerson(r.Context(), v, target, door.Deletion{Email: in.Email, CurrentPassword: in.CurrentPassword}); err != nil {
		return err
	}
	return ok(w, http.StatusOK, deletedID{target})
}

func (a *API) passwordLink(r *http.Request, v *door.Visit, target, password string) (int, any, error) {
	l, err := a.door.NewPasswordLink(r.Context(), v, target, password)
	return http.StatusCreated, LinkOf(l, httpx.Origin(r)), err
}

func (a *API) inviteAgain(r *http.Request, v *door.Visit, target, password string) (int, any, error) {
	l, err := a.door.InviteAgain(r.Context(), v, target, password)
	return http.StatusCreated, LinkOf(l, httpx.Origin(r)), err
}

func (a *API) withdraw(r *http.Request, v *door.Visit, target, password string) (int, any, error) {
	_, err := a.door.WithdrawInvitation(r.Context(), v, target, password)
	return http.StatusOK, deletedID{target}, err
}

func (a *API) approve(r *http.Request, v *door.Visit, target, password string) (int, any, error) {
	d, err := a.door.Approve(r.Context(), v, target, password)
	return http.StatusOK, PersonOf(d), err
}
