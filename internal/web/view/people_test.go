package view_test

import (
	"time"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/web/view"
)

// peoplePages are the pages of people.
func peoplePages(problems, bad []view.Problem) map[string]templ.Component {
	return map[string]templ.Component{
		"people zero":           view.People(view.PeoplePage{}),
		"people full":           view.People(peoplePage("Ada", "active")),
		"people hostile":        view.People(peoplePage(hostile, hostile)),
		"person zero":           view.Person(view.PersonPage{}),
		"person hostile":        view.Person(personPage(hostile)),
		"person change zero":    view.PersonChange(view.PersonAct{}),
		"person change full":    view.PersonChange(personAct("Ada", problems)),
		"person change hostile": view.PersonChange(personAct(hostile, bad)),
		"link made zero":        view.LinkMade(view.LinkMadePage{}),
		"link made hostile":     view.LinkMade(view.LinkMadePage{Page: allHostile(), ID: hostile, Name: hostile, URL: hostile, Invited: true}),
		"registration zero":     view.RegistrationSettings(view.RegistrationPage{}),
		"registration hostile":  view.RegistrationSettings(view.RegistrationPage{Page: allHostile(), Mode: hostile, Domains: hostile, FixedMode: true, Proof: true, Problems: bad}),
		"link zero":             view.OneTimeLink(view.LinkPage{}),
		"link hostile":          view.OneTimeLink(view.LinkPage{Page: allHostile(), Token: hostile, Email: hostile, Name: hostile, Problems: bad, Invitation: true}),
		"link over":             view.LinkOver(view.Page{}),
		"sign-in not kept":      view.NotKept(view.NotKeptPage{}),
		"signed out":            view.SignOut(view.Page{}),
	}
}

// peoplePage is a list with one of a name, under all filters.
func peoplePage(name, state string) view.PeoplePage {
	return view.PeoplePage{
		Page: allHostile(), Next: name, Later: true, Now: time.Unix(1e9, 0),
		Asked:  view.PeopleAsked{Search: name, Role: name, State: state, Group: name},
		People: []view.PersonRow{{ID: "65f000000000000000000001", Mark: name, Name: name, Email: name, Role: name, State: state, Sessions: 2, LastSeen: time.Unix(1e9-60, 0), You: true}, {ID: "65f000000000000000000002", Name: name, Role: "admin"}},
	}
}

func personPage(name string) view.PersonPage {
	return view.PersonPage{
		Page: allHostile(), Now: time.Unix(1e9, 0), Undo: view.Undo{Text: view.Isolated(name), Act: "role", Name: "role", With: name},
		Person: view.PersonFacts{
			PersonRow: view.PersonRow{ID: "65f000000000000000000001", Name: name, Email: name, Role: name, State: name, Mark: name},
			ShortName: name, Groups: []string{name, name}, Created: time.Unix(1e9-60, 0), LinkExpires: time.Unix(1e9+60, 0),
		},
		Sessions: []view.Device{{ID: "65f000000000000000000002", Name: name, Addr: name, UserAgent: name}},
		Did:      []view.EntryRow{{ID: "65f000000000000000000003", Type: "activity", User: name, Words: []view.Word{{Text: name, Chosen: true}}}},
	}
}

func personAct(name string, problems []view.Problem) view.PersonAct {
	return view.PersonAct{
		Page: allHostile(), ID: name, Heading: view.Isolated(name), Says: []string{view.Isolated(name)}, Address: "/people/x", Button: name, Busy: name,
		Danger: true, Email: &name, Groups: &name, Hidden: map[string]string{"role": name}, Proof: true, Problems: problems,
	}
}
