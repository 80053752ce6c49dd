package view

import "time"

// DashboardPage is the page at /.
type DashboardPage struct {
	Page
	Entries []EntryRow // newest first; some twenty: the page does not cut them
	Apps    []Tile     // the reader's applications
	Plot    Plot       // the zero value leaves the plot out
	Drawn   Drawn      // takes the place of Plot: the drawing of it, made earlier
	NoPlot  bool       // the plot could not be had; the rest stands without it
	OnlyOwn bool       // the entries are those of the reader alone
	First   bool       // nothing of note has happened yet: say what will appear. Without entries it is taken as set
	Origin  string     // this server's scheme and host, for the command a newcomer may copy; "" leaves the command out
}

// EntryRow is one entry of the book. Zero fields are left empty.
type EntryRow struct {
	ID        string // small letters and digits; makes the row's anchor
	Type      string // "request", "activity" or "error"
	Time      time.Time
	Method    string
	Path      string
	Status    int
	User      string // a name
	UserMark  string // what sets its owner apart and cannot be chosen
	UserGone  bool   // they have no account any more
	Addr      string
	Duration  time.Duration
	Words     []Word // a sentence, for activities and errors
	RequestID string // shown where something failed: it is what people quote when they ask
}

// Word is a stretch of a sentence.
type Word struct {
	Text   string
	Chosen bool   // as somebody wrote it, such as a name: it cannot change how the rest reads
	Mark   string // what sets the owner of a name apart and cannot be chosen; "" for none
	Gone   bool   // its owner has no account any more
}

func (p DashboardPage) heading() string {
	if p.User == nil || p.User.Name == "" {
		return "Welcome"
	}
	return "Welcome " + asWritten(p.User.Name)
}

func (p DashboardPage) empty() bool { return p.First || len(p.Entries) == 0 }

// command is a request to copy. It is left out where its answer would not appear on this very page
// (strangers' requests are nobody's own), and when Origin holds anything that a shell could take
// for more than an address.
func (p DashboardPage) command() string {
	if p.OnlyOwn || p.Origin == "" {
		return ""
	}
	for i := 0; i < len(p.Origin); i++ {
		switch c := p.Origin[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == ':' || c == '/' || c == '.' || c == '-':
		case c == '[' || c == ']': // an IPv6 address; the command is quoted
		default:
			return ""
		}
	}
	return "curl -i '" + p.Origin + "/hello'"
}
