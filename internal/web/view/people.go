package view

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// PeoplePage is the page at /people.
type PeoplePage struct {
	Page
	People []PersonRow
	Asked  PeopleAsked
	Next   string // the query's "after" of the next page; "" for none
	Later  bool   // this is not the first page
	Now    time.Time

	Waiting     int  // how many wait for approval, as far as they are counted
	MoreWaiting bool // than that
}

// waiting says who waits for the reader; "" for nobody.
func (p PeoplePage) waiting() string {
	switch n := plain(p.Waiting); {
	case p.Waiting == 0:
		return ""
	case p.MoreWaiting:
		return "More than " + n + " people wait for your approval"
	case p.Waiting == 1:
		return "1 person waits for your approval"
	default:
		return n + " people wait for your approval"
	}
}

// PeopleAsked is who is asked for; "" for any.
type PeopleAsked struct{ Search, Role, State, Group string }

// PersonRow is somebody in the list of people.
type PersonRow struct {
	ID       string
	Mark     string
	Name     string
	Email    string
	Role     string
	State    string
	Sessions int
	LastSeen time.Time
	You      bool
}

func (p PeoplePage) inputs() []input {
	return []input{
		{name: "q", label: "Name or address", kind: "search", value: p.Asked.Search},
		{name: "role", label: "Role", kind: "select", value: p.Asked.Role, options: []option{
			{value: "", text: "Any"}, {value: "admin", text: "Administrators"}, {value: "member", text: "Members"},
		}},
		{name: "state", label: "State", kind: "select", value: p.Asked.State, options: []option{
			{value: "", text: "Any"},
			{value: "active", text: "Active"},
			{value: "invited", text: "Invited"},
			{value: "waiting", text: "Waiting for approval"},
			{value: "disabled", text: "Disabled"},
		}},
	}
}

// list is the address of a list of those asked for.
func (a PeopleAsked) list(after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": a.Search, "role": a.Role, "state": a.State, "group": a.Group, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return "/people"
	}
	return "/people?" + q.Encode()
}

func (a PeopleAsked) chips() (list []chip) {
	without := func(clear func(*PeopleAsked)) string {
		clear(&a)
		return a.list("")
	}
	all := a
	for _, c := range []struct {
		name, value string
		clear       func(*PeopleAsked)
	}{
		{"Search", all.Search, func(a *PeopleAsked) { a.Search = "" }},
		{"Role", all.Role, func(a *PeopleAsked) { a.Role = "" }},
		{"State", all.State, func(a *PeopleAsked) { a.State = "" }},
		{"Group", all.Group, func(a *PeopleAsked) { a.Group = "" }},
	} {
		if a = all; c.value != "" {
			list = append(list, chip{c.name, c.value, without(c.clear)})
		}
	}
	return list
}

func (p PeoplePage) sheet() sheet {
	return sheet{heading: "people-heading", columns: []heading{
		{text: "Name", sorted: "ascending"},
		{text: "Role", class: second},
		{text: "State"},
		{text: "Signed in on", class: third},
		{text: "Last seen", class: third},
	}}
}

// signedInOn is on how many devices somebody is signed in.
func signedInOn(n int) string {
	if n == 0 {
		return "–"
	}
	return counted(n, "device", "devices")
}

// stateBadge is a state in its colour.
func stateBadge(state string) templ.Component {
	kind := map[string]badgeKind{"active": goodBadge, "invited": plainBadge, "waiting": warnBadge, "disabled": badBadge}[state]
	return badge(kind, state)
}

// PersonPage is the page of one person.
type PersonPage struct {
	Page
	Person   PersonFacts
	Sessions []Device
	Did      []EntryRow // what they did last
	Undo     Undo
	Now      time.Time
}

// PersonFacts is somebody with an account.
type PersonFacts struct {
	PersonRow
	ShortName   string
	Groups      []string
	Created     time.Time
	LinkExpires time.Time // of the open one-time link; zero for none
}

// Undo takes the latest change back; the zero value is none.
type Undo struct {
	Text string // what was done
	Act  string // the last part of the address that undoes it
	Name string // a field that is sent along, and its value
	With string
}

func (p PersonPage) act(name string) string { return "/people/" + p.Person.ID + "/" + name }

// acts are the ways on from a person's page: what may be done with an account in its state.
func (p PersonPage) acts() (list []way) {
	add := func(text, name string) { list = append(list, way{text, p.act(name), ordinary}) }
	switch p.Person.State {
	case "invited":
		add("New invitation link", "invite")
		add("Withdraw the invitation", "withdraw")
		return list
	case "waiting":
		list = append(list, way{"Approve", p.act("approve"), primary})
	}
	if p.Person.Role == "admin" {
		add("Make a member", "role")
	} else {
		add("Make an administrator", "role")
	}
	add("Change groups", "groups")
	switch {
	case p.Person.State == "disabled":
		add("Enable", "enable")
	case p.Person.State == "active" && !p.Person.You:
		add("New password link", "password-link")
		fallthrough
	default:
		add("Disable", "disable")
	}
	if len(p.Sessions) > 0 {
		add("Sign out everywhere", "end-sessions")
	}
	return append(list, way{"Delete", p.act("delete"), danger})
}

// way is a link from a person's page to something that can be done.
type way struct {
	text, address string
	kind          buttonKind
}

// PersonAct is the page before something is done with somebody's account.
type PersonAct struct {
	Page
	ID       string // of the account; "" for none
	Heading  string // a question; names in it are Isolated
	Says     []string
	Address  string
	Button   string // "" when there is nothing to do
	Busy     string
	Danger   bool
	Email    *string // it asks for the address, and this was typed
	Groups   *string // it asks for groups, and these are there or were typed
	Invite   *InviteForm
	Hidden   map[string]string
	Proof    bool // the current password is asked for
	Problems []Problem
}

// InviteForm is whom an admin invites, as it was typed.
type InviteForm struct{ Email, Name, Role, Groups string }

// title names the deed and the person: with several of these pages open, each is told by it.
func (p PersonAct) title() string {
	deed := strings.TrimSuffix(unmarked(p.Heading), "?")
	if deed == "" {
		return "People"
	}
	return deed + " – People"
}

func (p PersonAct) kind() buttonKind {
	if p.Danger {
		return danger
	}
	return primary
}

func (p PersonAct) inputs() []input {
	var fields []input
	groups := func(value string) input {
		return input{
			name: "groups", label: "Groups", kind: "text", autocomplete: "on", value: value, optional: true,
			hint: "Separated by commas: builders, night shift. Applications behind this door see them.",
		}
	}
	if p.Invite != nil {
		fields = append(
			fields,
			input{name: "email", label: "E-mail", kind: "email", autocomplete: "email", value: p.Invite.Email},
			input{name: "name", label: "Name", kind: "text", autocomplete: "name", value: p.Invite.Name, optional: true, hint: "They can change it."},
			input{name: "role", label: "Role", kind: "select", value: p.Invite.Role, options: []option{
				{value: "member", text: "Member"}, {value: "admin", text: "Administrator"},
			}},
			groups(p.Invite.Groups),
		)
	}
	if p.Groups != nil {
		fields = append(fields, groups(*p.Groups))
	}
	if p.Email != nil {
		fields = append(fields, input{name: "email", label: "E-mail address", kind: "email", autocomplete: "email", value: *p.Email})
	}
	return append(prepared(p.Problems, fields), confirmation{proof: p.Proof, problems: p.Problems}.inputs()...)
}

// LinkMadePage shows a one-time link, once.
type LinkMadePage struct {
	Page
	ID      string // of the account
	Name    string
	Invited bool
	URL     string
	Expires time.Time
	Now     time.Time
}

func (p LinkMadePage) heading() string {
	if p.Invited {
		return Isolated(p.Name) + " is invited"
	}
	return "A new password for " + Isolated(p.Name)
}

func (p LinkMadePage) label() string {
	if p.Invited {
		return "Send this link to them. It is good once, for three days:"
	}
	return "Send this link to them. It is good once, for half an hour:"
}

// RegistrationPage is the page at /registration.
type RegistrationPage struct {
	Page
	Mode     string
	Domains  string // separated by commas
	Approval bool

	FixedMode, FixedDomains, FixedApproval bool // by a setting

	Proof    bool
	Problems []Problem
}

func (p RegistrationPage) whole() bool { return p.FixedMode && p.FixedDomains && p.FixedApproval }

// decided is what a setting has decided.
type decided struct{ what, is, setting string }

func (p RegistrationPage) fixed() (list []decided) {
	if p.FixedMode {
		is := map[string]string{"open": "everybody", "invite": "people with an invitation", "closed": "nobody"}[p.Mode]
		list = append(list, decided{"Who may make an account", is, "DOORBOOK_REGISTRATION"})
	}
	if p.FixedDomains {
		is := p.Domains
		if is == "" {
			is = "any"
		}
		list = append(list, decided{"Addresses at", is, "DOORBOOK_REGISTRATION_DOMAINS"})
	}
	if p.FixedApproval {
		is := "can be used at once"
		if p.Approval {
			is = "wait for an administrator"
		}
		list = append(list, decided{"New accounts", is, "DOORBOOK_REGISTRATION_APPROVAL"})
	}
	return list
}

func (p RegistrationPage) inputs() []input {
	var fields []input
	if !p.FixedMode {
		fields = append(fields, input{name: "mode", label: "Who may make an account", kind: "radio", value: p.Mode, options: []option{
			{value: "open", text: "Everybody"},
			{value: "invite", text: "People with an invitation", hint: "Administrators invite them on the page People."},
			{value: "closed", text: "Nobody", hint: "Invitations that were made before still work."},
		}})
	}
	if !p.FixedDomains {
		fields = append(fields, input{
			name: "domains", label: "Only addresses at these domains", kind: "text", autocomplete: "on", value: p.Domains, optional: true,
			hint: "Separated by commas: example.org, example.com. Leave it empty for any address.",
		})
	}
	if !p.FixedApproval {
		fields = append(fields, input{
			name: "approval", label: "An administrator approves each new account", kind: "checkbox", ticked: p.Approval,
			hint: "Until then nobody can sign in with it.",
		})
	}
	return append(prepared(p.Problems, fields), confirmation{proof: p.Proof, problems: p.Problems}.inputs()...)
}

// until is a moment to come.
func until(t time.Time) string {
	d := write(t)
	return string(d.in(secondForm)) + " UTC"
}
