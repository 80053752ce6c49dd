// Package view is what people see: typed templ components and the plain values they are made of. It
// knows no database, no session and no HTTP; a handler fills in a page's struct and renders the
// component to a buffer, so that nothing reaches the network before the whole page is made.
//
// Every string is shown as text. Strings that strangers can choose (paths, names, addresses) also
// pass Visible, so that what is written in the book cannot hide or turn round what stands beside
// it. No component makes an inline script, an inline style or a third-party address: the pages work
// under a Content-Security-Policy without 'unsafe-inline'.
//
// Values are read only and components keep no state: all of it is safe for concurrent use. The zero
// value of every page is a valid page.
package view

import "github.com/a-h/templ"

// Page is what every page has. The zero value is a signed-out page named "Doorbook".
type Page struct {
	Title       string  // names the page in the browser's title; "" takes the component's own title
	Description string  // for the description meta element; "" leaves it out
	User        *User   // who is signed in; nil for a stranger
	Flashes     []Flash // messages, in the order they are shown
	FormToken   string  // goes into every form as csrf_token
	RequestID   string  // what a person may quote when asking for help; "" leaves it out
	Assets      Assets
	Base        string // the path that the site stands below: "" or "/door"; stands before every address
	Error       bool   // prefixes the title with "Error: "; pages with problems and error pages set it themselves

	RegistrationOpen bool  // shows strangers the way to the register page
	Unclaimed        bool  // there is no admin yet: the sign-in page says how to become one
	Looks            Looks // what more the navigation leads to

	lone   bool  // no way leads from here to another page
	typing bool  // the reader has come to type: a field has the focus, also where there is a message
	here   place // which link of the navigation leads to this page
}

// Looks is what somebody looks after, of which the navigation shows the way to the pages.
type Looks int

// The choices.
const (
	AfterThemselves   Looks = iota
	AfterPeople             // an administrator
	AfterApplications       // an administrator where there are applications: people, too
)

// User is the person who is signed in.
type User struct {
	Name  string
	Email string
	Role  string // "admin" is shown beside the name, others are not
}

// Flash is a message that is shown once.
type Flash struct {
	Category string // "success", "info", "warning" or "error"; anything else is shown as "info"
	Text     string
}

// Assets are the addresses of the static files, with their hashes in them.
type Assets struct {
	CSS  string
	JS   string
	Icon string
}

// place is a page that the navigation has a link to.
type place string

const (
	elsewhere     place = ""
	dashboardHere place = "dashboard"
	loginHere     place = "login"
	registerHere  place = "register"
	accountHere   place = "account"
	passwordHere  place = "password"
	sessionsHere  place = "sessions"
	tokensHere    place = "tokens"
	peopleHere    place = "people"
	appsHere      place = "applications"
)

// as gives the page its place in the navigation, and a title if it has none.
func (p Page) as(here place, title string) Page {
	p.here = here
	if p.Title == "" {
		p.Title = title
	}
	return p
}

// alone takes the ways to other pages away.
func (p Page) alone() Page {
	p.lone = true
	return p
}

// forTyping leaves the focus to the field that is to be filled in.
func (p Page) forTyping() Page {
	p.typing = true
	return p
}

// at is where an address of this site is found.
func (p Page) at(address string) templ.SafeURL { return templ.SafeURL(p.Base + address) }

// email is the reader's own address as it is shown, "" for a stranger.
func (p Page) email() string {
	if p.User == nil {
		return ""
	}
	return asWritten(p.User.Email)
}

// failed marks the page as one that tells of an error, if it is.
func (p Page) failed(yes bool) Page {
	p.Error = p.Error || yes
	return p
}

// withoutID leaves the request id out of the footer, for a page that shows it elsewhere.
func (p Page) withoutID() Page {
	p.RequestID = ""
	return p
}

// fullTitle names what happened, the page and the program, the most telling first (WCAG 2.4.2).
func (p Page) fullTitle() string {
	t := "Doorbook"
	if p.Title != "" {
		t = p.Title + " – Doorbook"
	}
	if p.Error {
		t = "Error: " + t
	}
	return t
}

// kind is the category as the style sheet knows it.
func (f Flash) kind() string {
	switch f.Category {
	case "success", "warning", "error":
		return f.Category
	default:
		return "info"
	}
}

// role is how a screen reader announces it: an alert interrupts, a status waits (WCAG 4.1.3).
func (f Flash) role() string {
	if k := f.kind(); k == "error" || k == "warning" {
		return "alert"
	}
	return "status"
}
