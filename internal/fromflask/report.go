package fromflask

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Kind says what a document stands for.
type Kind string

// The kinds.
const (
	Developer Kind = "developer"
	Entry     Kind = "entry"
)

// Outcome says what became of a document that was not simply copied.
type Outcome string

// The outcomes.
const (
	Refused  Outcome = "refused"  // not copied
	Differs  Outcome = "differs"  // there already, and not the same; left alone
	Adjusted Outcome = "adjusted" // copied, but not all of it as it was
	Promoted Outcome = "promoted" // there already as a member, and made an administrator as asked for
)

// Reason says why.
type Reason string

// The reasons, with what an operator may do.
const (
	Unreadable    Reason = "unreadable"
	WrongID       Reason = "id"
	WrongEmail    Reason = "email"
	EmailTaken    Reason = "email_taken"
	WrongPassword Reason = "password"
	WrongType     Reason = "type"
	Changed       Reason = "changed"
	OddName       Reason = "name"
	OddSkills     Reason = "skills"
	AskedAdmin    Reason = "admin"
)

// sentence tells a reason to people.
func (r Reason) sentence() string {
	switch r {
	case Unreadable:
		return "the document is damaged"
	case WrongID:
		return "its _id is not an ObjectID"
	case WrongEmail:
		return "the e-mail address is missing or none that this program takes"
	case EmailTaken:
		return "the e-mail address, in upper or lower case, belongs to another account"
	case WrongPassword:
		return "the password hash is missing, of a kind that cannot be checked, or too costly to check"
	case WrongType:
		return "the type is none of request, activity, error"
	case Changed:
		return "there already, and not the same: left alone"
	case OddName:
		return "copied with another name: the one it had was empty, too long or not fit to be shown"
	case OddSkills:
		return "copied without some skills: they were too many, too long or not fit to be shown"
	case AskedAdmin:
		return "there already, and made an administrator"
	}
	return string(r)
}

// Item tells of one document. It never holds anything of its content.
type Item struct {
	Kind    Kind    `json:"kind"`
	ID      string  `json:"id,omitempty"` // none for WrongID and Unreadable
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
	Detail  string  `json:"detail,omitempty"` // names of fields, or the id of the other account
}

// shown is how many items of one reason are printed.
const shown = 20

// Report gathers what Copy tells: all of it goes to a file as JSON lines, if there is one, and the
// beginning is kept to be printed. Its size in memory does not grow with the number of items. It is
// not safe for concurrent use.
type Report struct {
	lines  *json.Encoder
	err    error
	groups []*group // in the order in which they came up
}

type group struct {
	kind    Kind
	outcome Outcome
	reason  Reason
	n       int64
	first   []Item
}

// NewReport makes a report. lines is where every item goes, nil if nowhere.
func NewReport(lines io.Writer) *Report {
	r := &Report{}
	if lines != nil {
		r.lines = json.NewEncoder(lines)
	}
	return r
}

// Add is for Config.Item.
func (r *Report) Add(i Item) {
	r.encode(i)
	for _, g := range r.groups {
		if g.kind == i.Kind && g.outcome == i.Outcome && g.reason == i.Reason {
			g.add(i)
			return
		}
	}
	g := &group{kind: i.Kind, outcome: i.Outcome, reason: i.Reason}
	g.add(i)
	r.groups = append(r.groups, g)
}

func (g *group) add(i Item) {
	g.n++
	if len(g.first) < shown {
		g.first = append(g.first, i)
	}
}

func (r *Report) encode(v any) {
	if r.lines != nil && r.err == nil {
		r.err = r.lines.Encode(v)
	}
}

// Finish writes the totals as the last of the JSON lines, and gives the first error of writing
// them.
func (r *Report) Finish(t Totals) error {
	r.encode(map[string]Totals{"totals": t})
	return r.err
}

// Print writes the report for people to read.
func (r *Report) Print(w io.Writer, t Totals, dryRun bool) error {
	var b strings.Builder
	verb, is := "copied", "is an administrator now"
	if dryRun {
		b.WriteString("This was a dry run: nothing was written.\n")
		verb, is = "would be copied", "would be an administrator"
	}
	tally := func(what string, t Tally) {
		fmt.Fprintf(&b, "%s: %d read, %d %s, %d there already", what, t.Read, t.Copied, verb, t.There+t.Differs)
		if t.Differs > 0 {
			fmt.Fprintf(&b, " (%d not the same)", t.Differs)
		}
		if t.Deleted > 0 {
			fmt.Fprintf(&b, ", %d deleted in the original", t.Deleted)
		}
		fmt.Fprintf(&b, ", %d refused\n", t.Refused)
	}
	tally("developers", t.Developers)
	tally("logs", t.Entries)
	if t.Developers.Read == 0 {
		b.WriteString("There are no developers in this database.\n")
	}
	if t.Redacted > 0 {
		fmt.Fprintf(&b, "Bodies of requests may hold passwords, so none is copied: %d entries say [redacted] instead.\n", t.Redacted)
	}
	if t.Old > 0 {
		fmt.Fprintf(&b, "%d entries are older than the book keeps entries: the server will delete them.\n", t.Old)
	}
	for _, email := range t.Admins {
		fmt.Fprintf(&b, "%s %s.\n", email, is)
	}
	for _, email := range t.NotFound {
		fmt.Fprintf(&b, "Nobody was made an administrator for %s: no account with this address was copied.\n", email)
	}
	for _, g := range r.groups {
		fmt.Fprintf(&b, "\n%s %s: %d, %s\n", g.kind, g.outcome, g.n, g.reason.sentence())
		for _, i := range g.first {
			b.WriteString("  " + i.line() + "\n")
		}
		if more := g.n - int64(len(g.first)); more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (i Item) line() string {
	id := i.ID
	if id == "" {
		id = "(no id)"
	}
	if i.Detail == "" {
		return id
	}
	return id + ": " + i.Detail
}
