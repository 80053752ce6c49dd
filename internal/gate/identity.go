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

// Names are those of the headers, as net/http spells them.
type Names struct{ User, Email, Name, Groups string }

// DefaultNames are the names that most applications know.
func DefaultNames() Names {
	return Names{User: "Remote-User", Email: "Remote-Email", Name: "Remote-Name", Groups: "Remote-Groups"}
}

// Set tells an application who asks. Each header is set, also for strangers: where one is missing,
// some proxies hand on the visitor's own.
func (id *Identity) Set(h http.Header, d account.Developer) {
	user := d.ID
	switch {
	case id.User == ByEmail:
		user = d.Email
	case id.User == ByShortName && d.ShortName != "":
		user = d.ShortName
	}
	for name, value := range map[string]string{
		id.Names.User: user, id.Names.Email: d.Email, id.Names.Name: url.PathEscape(d.Name), id.Names.Groups: strings.Join(d.Groups, ","),
	} {
		if name != "" {
			h[name] = []string{value}
		}
	}
}
