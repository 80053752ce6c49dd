package view

import (
	"cmp"
	"strings"

	"github.com/a-h/templ"
)

// The parts that pages are made of are the components in parts_*.templ; docs/pages.md says which is
// for what.

// buttonKind is how much a button weighs.
type buttonKind string

const (
	ordinary buttonKind = ""
	primary  buttonKind = "primary" // what the page is for; at most one on a page
	danger   buttonKind = "danger"  // what cannot be taken back
	small    buttonKind = "plain"   // beside what it acts on
)

// link is the class of a link that looks like the button.
func (k buttonKind) link() string { return strings.TrimSpace("button " + string(k)) }

// badgeKind is what a badge says to who sees colours.
type badgeKind string

const (
	plainBadge badgeKind = ""
	goodBadge  badgeKind = "good"
	warnBadge  badgeKind = "warn"
	badBadge   badgeKind = "bad"
)

// tab leads to one of several pages that belong together.
type tab struct {
	here    place
	text    string
	address string
	menu    string // what it is called in one's own menu; "" leaves it out there
}

// accountPages are the pages about oneself, in the order of their tabs. Whoever adds a page adds
// its line.
func accountPages() []tab {
	return []tab{
		{accountHere, "Profile", "/account", "Account"},
		{passwordHere, "Password", "/account/password", ""},
		{sessionsHere, "Sessions", "/account/sessions", "Sessions"},
		{tokensHere, "Tokens", "/account/tokens", "Tokens"},
	}
}

// Tile is a place that is not a page of ours. Its address is one of the settings.
type Tile struct {
	Name  string
	URL   string
	Shown string // where it is, for people
}

// chip is a filter that a list stands under.
type chip struct {
	name, value string
	without     string // the address of the list without it
}

// stretch is the part of a list that is shown.
type stretch struct {
	of                 string // what the list is of, in small letters: "people"
	first, last, total int
	before, after      string // addresses; "" for none
}

func (s stretch) text() string {
	return count(s.first) + " to " + count(s.last) + " of " + count(s.total)
}

// sheet is what a table has besides its rows.
type sheet struct {
	heading string // the id of the heading that names it
	label   string // its name where no heading does
	class   string
	columns []heading
}

// heading is the head of a column. The cells of the column have its class, too.
type heading struct {
	text   string
	class  columnClass
	sorted string // "ascending", "descending"; "" for neither
}

// columnClass says what is in a column and how long it stays where there is little room.
type columnClass string

const (
	numbers columnClass = "n"
	second  columnClass = "p2" // gives way on phones
	third   columnClass = "p3" // gives way on small screens
)

// confirmation is the page before a change.
type confirmation struct {
	heading  string // a question; names in it are Isolated
	address  string // where the form is posted; what is sent along stands in it
	button   string // does what the heading asks, in a word or three; "" when there is nothing to do
	busy     string
	kind     buttonKind
	proof    bool   // the current password is asked for
	why      string // it is asked for; "" where the sign-in is too long ago
	back     string
	backText string
	problems []Problem // field "current_password"
}

func (c confirmation) inputs() []input {
	if !c.proof {
		return nil
	}
	return prepared(c.problems, []input{{
		name: "current_password", label: "Your password", kind: "password", autocomplete: "current-password",
		hint: cmp.Or(c.why, "You signed in a while ago, so please show that it is you."),
	}})
}

// person is somebody's name as they wrote it, and beside it what tells them from others of that
// name.
func person(name, mark string) templ.Component {
	return component(128, func(m markup) markup { return m.raw(`<span>`).name(name, mark, false).raw(`</span>`) })
}

// The characters that isolate a name in plain text (Unicode UAX 9). asWritten leaves none of them
// in a name.
const (
	isolate = "\u2068"
	release = "\u2069"
)

// Isolated marks a name that somebody chose for a sentence about them, which is plain text: a Flash,
// a Problem, the text of an error. Wherever one of these is shown the name cannot change how the
// rest of it reads, and what is hidden in it is written out.
func Isolated(name string) string { return isolate + clippedName(name, 80) + release }

// unmarked is a sentence whose names are Isolated as a title, which has no markup.
func unmarked(sentence string) string {
	return asWritten(strings.NewReplacer(isolate, "", release, "").Replace(sentence))
}

// told writes a sentence whose names are Isolated.
func told(sentence string) templ.Component {
	return component(len(sentence)+64, func(m markup) markup {
		for rest := sentence; ; {
			before, after, begins := strings.Cut(rest, isolate)
			name, after, ends := strings.Cut(after, release)
			if !begins || !ends {
				return m.text(asWritten(rest))
			}
			m = m.text(asWritten(before)).raw(`<bdi>`).text(asWritten(name)).raw(`</bdi>`)
			rest = after
		}
	})
}
