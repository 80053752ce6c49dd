package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/doorbook/doorbook/internal/httpx"
)

// way is what is done for an account, and by which pages, addresses that speak JSON, and verbs. Where
// one of the three is missing stands why, in brackets.
type way struct{ does, page, json, verb string }

func ways() []way {
	return []way{
		{"find people", "GET /people", "GET /api/people", "user list"},
		{"look at somebody", "GET /people/{id}", "GET /api/people/{id}", "(user list finds one by the address)"},
		{"invite", "POST /invite", "POST /api/people", "user invite"},
		{"invite again", "POST /people/{id}/invite", "POST /api/people/{id}/invitation", "user invite"},
		{"withdraw an invitation", "POST /people/{id}/withdraw", "DELETE /api/people/{id}/invitation", "user delete"},
		{"approve", "POST /people/{id}/approve", "POST /api/people/{id}/approve", "user enable"},
		{"give a role", "POST /people/{id}/role", "PATCH /api/people/{id}", "user role"},
		{"put into groups", "POST /people/{id}/groups", "PATCH /api/people/{id}", "user groups"},
		{"disable", "POST /people/{id}/disable", "PATCH /api/people/{id}", "user disable"},
		{"enable", "POST /people/{id}/enable", "PATCH /api/people/{id}", "user enable"},
		{"make a link for a new password", "POST /people/{id}/password-link", "POST /api/people/{id}/password-link", "user password-link"},
		{"set a password", "(nobody chooses another person's password)", "(the same)", "user password"},
		{"make an account with a password", "(people are invited)", "POST /developers", "user add"},
		{"delete", "POST /people/{id}/delete", "DELETE /api/people/{id}", "user delete"},
		{"see sessions of somebody", "GET /people/{id}", "GET /api/developers/{id}/sessions", "session list"},
		{"end a session of somebody", "POST /people/{id}/sessions/{session}/end", "POST /api/developers/{id}/sessions/{session}/end", "session end"},
		{"end all sessions of somebody", "POST /people/{id}/end-sessions", "POST /api/developers/{id}/sessions/end", "session end-all"},
		{"see who may register", "GET /registration", "GET /api/registration", "(the server says it when it starts)"},
		{"say who may register", "POST /registration", "PATCH /api/registration", "(the settings of serve do)"},
		{"use a one-time link", "POST /link/{token}", "(a person chooses a password)", "(a person chooses a password)"},
	}
}

// TestEveryWay: whatever is done for accounts can be done by page, JSON and command line, or it stands
// here why not; and there is no way that stands not here.
func TestEveryWay(t *testing.T) {
	t.Parallel()
	var routes, commands []string
	for _, r := range httpx.Routes() {
		routes = append(routes, r.Pattern)
	}
	parser, err := kong.New(new(verbs))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		commands = append(commands, verbOf(n))
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
	named := map[string]bool{}
	for _, w := range ways() {
		for _, one := range []struct {
			name  string
			among []string
		}{{w.page, routes}, {w.json, routes}, {w.verb, commands}} {
			if named[one.name] = true; !strings.HasPrefix(one.name, "(") && !slices.Contains(one.among, one.name) {
				t.Errorf("%s: there is no %q", w.does, one.name)
			}
		}
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		people := strings.HasPrefix(path, "/people") || strings.HasPrefix(path, "/api/people") || strings.HasSuffix(path, "/registration") || path == "/invite"
		if before := method == "GET" && strings.Count(path, "/") > 2 || route == "GET /invite"; people && !before && !named[route] {
			t.Errorf("%s is in no line", route)
		}
	}
	for _, verb := range commands {
		if strings.HasPrefix(verb, "user ") && !named[verb] {
			t.Errorf("%s is in no line", verb)
		}
	}
}
