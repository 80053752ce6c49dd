package gate

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
)

// Identity is how applications are told who asks.
type Identity struct {
	User  UserAs // what the first header holds
	Names Names
}

// UserAs says by what an application knows people.
type UserAs int

// The choices. Who has no short name is known by their id.
const (
	ByID UserAs = iota
	ByEmail
	ByShortName
)

// Names are those of the headers, as net/http spells them. One that is "" is not sent.
type Names struct{ User, Email, Name, Groups string }

// DefaultNames are the names that most applications know.
func DefaultNames() Names {
	return Names{User: "Remote-User", Email: "Remote-Email", Name: "Remote-Name", Groups: "Remote-Groups"}
}

// Set tells an application who asks. Each header is set, also for strangers, for whom each is empty:
// a name that stands for nobody ("anonymous") would be that of an account to applications which
// make one for every name they see, and a header that is missing leaves the visitor's own in place
// in a proxy that adds ours to the request. Values are in ASCII: what is not, and commas within a
// group, are percent-encoded as UTF-8.
func (id *Identity) Set(h http.Header, d account.Developer) {
	user := d.ID
	switch {
	case id.User == ByEmail:
		user = ascii(d.Email)
	case id.User == ByShortName && d.ShortName != "":
		user = d.ShortName
	}
	v := &[4]string{user, ascii(d.Email), url.PathEscape(d.Name), commaList(d.Groups)}
	for i, name := range [4]string{id.Names.User, id.Names.Email, id.Names.Name, id.Names.Groups} {
		if name != "" {
			h[name] = v[i : i+1 : i+1]
		}
	}
}

func commaList(groups []string) string {
	if len(groups) == 1 {
		return ascii(groups[0])
	}
	var b strings.Builder
	for i, group := range groups {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(ascii(group))
	}
	return b.String()
}

// ascii percent-encodes what is no printable ASCII, and what would be taken for that or for the end
// of one of several values.
func ascii(s string) string {
	return Percent(s, func(c byte) bool { return ' ' <= c && c <= '~' && c != '%' && c != ',' })
}
