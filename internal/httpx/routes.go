package httpx

import (
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
)

// Who says who may pass a route.
type Who int

// From everybody to few.
const (
	Anyone    Who = iota
	SignedOut     // a signed-in visitor is sent back to where they came from
	SignedIn      // a signed-out visitor is sent to the sign-in page, or answered 401 in JSON
	Admins        // 403 for members
)

// Form says in which form a route speaks.
type Form int

// The forms.
const (
	Page Form = iota // HTML for people; an unsafe method needs the form token
	JSON             // JSON for programs; an unsafe method with a body needs the content type application/json
	Raw              // neither: health, static files
)

// Route is one line of the policy: what is asked for, who may, and what of it is written down.
type Route struct {
	Pattern string    // of http.ServeMux, with its method
	Who     Who       //
	Form    Form      //
	Keep    book.Keep // the fields of query and body whose values the book keeps; all others are redacted
	Silent  bool      // leaves no entry in the book
	Out     bool      // signs out, and takes the cookie back also from whoever is not signed in any more
	Away    bool      // stands under the hosts of applications, too; what does not leads home from there
	AnyHost bool      // answered under any name, for what asks by address alone
	MaxBody int64     // bytes of body; 0: DefaultMaxBody

	AnyMethod bool // answered whatever the method is, the pattern's and every other

	// Fresh is how long ago the sign-in may be at most; who signed in earlier proves the current
	// password again (door.Visit.Fresh). 0: any time; always: everybody does.
	Fresh time.Duration
}

// recent is how long after a sign-in nobody is asked for the password again.
const recent = door.Recent

// always is the Route.Fresh of what takes the current password each time.
const always = -1

// DefaultMaxBody is the most that a request may send: forms and JSON objects of people, 64 KiB.
const DefaultMaxBody = 64 << 10

// Routes is the whole policy of the program, one line a route. A handler without a line, or a line
// without a handler, stops the program from starting. Sign-in and registration keep nothing of what
// was typed: an e-mail field may hold a password.
func Routes() []Route {
	paging := book.Keep{Query: append(fields(book.Number, "limit"),
		word("type", string(book.Request), string(book.Activity), string(book.Error)))}
	return []Route{
		{Pattern: "GET /{$}", Who: SignedIn},
		{Pattern: "GET /login", Who: SignedOut, Away: true},
		// From an application's host home, to be signed in, and back (internal/door/handover.go).
		{Pattern: "GET /hand-over", Who: Anyone},
		{Pattern: "GET /arrive", Who: Anyone, Away: true},
		// For an application that takes a recent sign-in; strangers are sent to sign in.
		{Pattern: "GET /confirm", Who: Anyone, Away: true, Fresh: always},
		{Pattern: "POST /confirm", Who: SignedIn, Fresh: always},
		{Pattern: "GET /register", Who: SignedOut},
		{Pattern: "GET /setup", Who: Anyone},
		{Pattern: "POST /setup", Who: Anyone},
		// A one-time link: its token stands in the address, of which the book keeps the pattern.
		{Pattern: "GET /link/{token}", Who: Anyone},
		{Pattern: "POST /link/{token}", Who: Anyone},
		{Pattern: "POST /auth/login", Who: SignedOut},
		{Pattern: "POST /auth/register", Who: SignedOut},
		{Pattern: "POST /auth/logout", Who: SignedIn, Out: true, Away: true},
		// Where a browser lands that repeats a form's address as a page.
		{Pattern: "GET /auth/login", Who: Anyone},
		{Pattern: "GET /auth/register", Who: Anyone},
		{Pattern: "GET /auth/logout", Who: Anyone, Away: true}, // asks

		{Pattern: "GET /account", Who: SignedIn},
		{Pattern: "POST /account", Who: SignedIn},
		{Pattern: "GET /account/password", Who: SignedIn},
		{Pattern: "POST /account/password", Who: SignedIn}, // asks for the password itself
		{Pattern: "GET /account/data", Who: SignedIn, Fresh: recent},
		{Pattern: "POST /account/data", Who: SignedIn, Fresh: recent},
		{Pattern: "GET /account/close", Who: SignedIn, Fresh: always},
		{Pattern: "POST /account/close", Who: SignedIn, Fresh: always},
		{Pattern: "GET /forgot-password", Who: Anyone},
		{Pattern: "GET /.well-known/change-password", Who: Anyone},

		{Pattern: "GET /account/sessions", Who: SignedIn},
		{Pattern: "POST /account/sessions/{id}/end", Who: SignedIn},
		{Pattern: "POST /account/sessions/{id}/disown", Who: SignedIn},
		{Pattern: "POST /account/sessions/{id}/name", Who: SignedIn},
		{Pattern: "GET /account/sessions/disowned", Who: SignedIn},
		{Pattern: "GET /account/sessions/end-others", Who: SignedIn, Fresh: recent},
		{Pattern: "POST /account/sessions/end-others", Who: SignedIn, Fresh: recent},
		{Pattern: "GET /account/sessions/end-all", Who: SignedIn, Fresh: recent},
		{Pattern: "POST /account/sessions/end-all", Who: SignedIn, Fresh: recent},

		{Pattern: "GET /account/tokens", Who: SignedIn},
		{Pattern: "GET /account/tokens/new", Who: SignedIn, Fresh: recent},
		{Pattern: "POST /account/tokens", Who: SignedIn, Fresh: recent},
		{Pattern: "POST /account/tokens/{id}/end", Who: SignedIn},

		{Pattern: "GET /openapi.json", Who: Anyone, Form: JSON},
		{Pattern: "GET /api/account", Who: SignedIn, Form: JSON},
		{Pattern: "PATCH /api/account", Who: SignedIn, Form: JSON, Keep: ownFields()},
		{Pattern: "POST /api/account/password", Who: SignedIn, Form: JSON, Keep: ownFields()},
		{Pattern: "POST /api/account/close", Who: SignedIn, Form: JSON, Fresh: always, Keep: ownFields()},
		{Pattern: "GET /api/account/data", Who: SignedIn, Form: JSON, Fresh: recent},
		{Pattern: "POST /api/account/data", Who: SignedIn, Form: JSON, Fresh: recent, Keep: ownFields()},

		{Pattern: "GET /api/sessions", Who: SignedIn, Form: JSON},
		{Pattern: "POST /api/sessions/{id}/end", Who: SignedIn, Form: JSON},
		{Pattern: "POST /api/sessions/{id}/name", Who: SignedIn, Form: JSON},
		{Pattern: "POST /api/sessions/end", Who: SignedIn, Form: JSON, Fresh: recent, Keep: endFields()},
		{Pattern: "GET /api/developers/{id}/sessions", Who: Admins, Form: JSON},
		{Pattern: "POST /api/developers/{id}/sessions/{session}/end", Who: Admins, Form: JSON},
		{Pattern: "POST /api/developers/{id}/sessions/end", Who: Admins, Form: JSON, Fresh: recent, Keep: endFields()},

		{Pattern: "GET /api/tokens", Who: SignedIn, Form: JSON},
		{Pattern: "POST /api/tokens", Who: SignedIn, Form: JSON, Fresh: recent, Keep: tokenFields()},
		{Pattern: "POST /api/tokens/{id}/end", Who: SignedIn, Form: JSON},
		{Pattern: "GET /api/developers/{id}/tokens", Who: Admins, Form: JSON},
		{Pattern: "POST /api/developers/{id}/tokens/{token}/end", Who: Admins, Form: JSON},

		{Pattern: "GET /people", Who: Admins, Keep: peopleFields()},
		{Pattern: "GET /invite", Who: Admins, Fresh: recent},
		{Pattern: "POST /invite", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /registration", Who: Admins, Fresh: recent},
		{Pattern: "POST /registration", Who: Admins, Fresh: recent, Keep: joiningFields()},
		{Pattern: "GET /applications", Who: Admins},
		{Pattern: "GET /people/{id}", Who: Admins, Keep: book.Keep{Query: []book.Field{word("did", "role", "disable")}}},
		{Pattern: "POST /people/{id}/sessions/{session}/end", Who: Admins},
		{Pattern: "GET /people/{id}/role", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/role", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/groups", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/groups", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/disable", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/disable", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/enable", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/enable", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/approve", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/approve", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/password-link", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/password-link", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/invite", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/invite", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/withdraw", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/withdraw", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/end-sessions", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/end-sessions", Who: Admins, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /people/{id}/delete", Who: Admins, Fresh: recent},
		{Pattern: "POST /people/{id}/delete", Who: Admins, Fresh: recent, Keep: personFields()},

		{Pattern: "GET /api/people", Who: Admins, Form: JSON, Keep: peopleFields()},
		{Pattern: "POST /api/people", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "GET /api/people/{id}", Who: Admins, Form: JSON},
		{Pattern: "PATCH /api/people/{id}", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "DELETE /api/people/{id}", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "POST /api/people/{id}/password-link", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "POST /api/people/{id}/approve", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "POST /api/people/{id}/invitation", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},
		{Pattern: "DELETE /api/people/{id}/invitation", Who: Admins, Form: JSON, Fresh: recent, Keep: personFields()},

		{Pattern: "GET /api/applications", Who: Admins, Form: JSON},
		{Pattern: "GET /api/registration", Who: Admins, Form: JSON},
		{Pattern: "PATCH /api/registration", Who: Admins, Form: JSON, Fresh: recent, Keep: joiningFields()},

		{Pattern: "GET /developers", Who: SignedIn, Form: JSON, Keep: book.Keep{Query: fields(book.Number, "limit")}},
		{Pattern: "POST /developers", Who: Admins, Form: JSON, Keep: developerFields()},
		{Pattern: "PATCH /developers/{id}", Who: SignedIn, Form: JSON, Keep: developerFields()},
		{Pattern: "DELETE /developers/{id}", Who: SignedIn, Form: JSON, Fresh: recent, Keep: ownFields()},
		{Pattern: "GET /logs", Who: SignedIn, Form: JSON, Keep: paging},
		// The original's addresses end in a slash; without it they mean the same.
		{Pattern: "PUT /logs/{id}", Who: Admins, Form: JSON},
		{Pattern: "PUT /logs/{id}/{$}", Who: Admins, Form: JSON},
		{Pattern: "DELETE /logs/{id}", Who: Admins, Form: JSON},
		{Pattern: "DELETE /logs/{id}/{$}", Who: Admins, Form: JSON},

		// Where proxies ask about requests to applications (ask.go), some of them with the visitor's method.
		{Pattern: "GET /forward", Form: Raw, Silent: true, AnyHost: true, AnyMethod: true},
		{Pattern: "GET /auth-request", Form: Raw, Silent: true, AnyHost: true},
		{Pattern: "GET /refused", Who: Anyone, Silent: true, Away: true},

		{Pattern: "GET /static/", Form: Raw, Silent: true, Away: true},
		{Pattern: "GET /healthz", Form: Raw, Silent: true, AnyHost: true},
		{Pattern: "GET /readyz", Form: Raw, Silent: true, AnyHost: true},
	}
}

func developerFields() book.Keep {
	return book.Keep{Body: append(fields(book.Hidden, "email", "name", "skills", "short_name", "password", "current_password"),
		word("role", string(account.Member), string(account.Admin)), word("disabled", "true", "false"))}
}

func tokenFields() book.Keep {
	return book.Keep{Body: append(append(fields(book.Hidden, "name", "current_password"), fields(book.Number, "days")...),
		word("scopes", (account.ScopeRead|account.ScopeWrite|account.ScopeApplications).Names()...))}
}

// peopleFields are those of a search for people. What is typed into it may be anything.
func peopleFields() book.Keep {
	return book.Keep{Query: append(fields(book.Number, "limit"), word("role", string(account.Member), string(account.Admin)),
		word("state", account.Active.String(), account.Disabled.String(), account.Invited.String(), account.Waiting.String()))}
}

// personFields are those of what admins do for people. They stand beside the admin's own password.
func personFields() book.Keep {
	return book.Keep{Body: append(fields(book.Hidden, "email", "name", "groups", "current_password"),
		word("role", string(account.Member), string(account.Admin)), word("disabled", "true", "false"))}
}

func joiningFields() book.Keep {
	return book.Keep{Body: append(fields(book.Hidden, "domains", "current_password"),
		word("mode", string(account.JoinOpen), string(account.JoinInvite), string(account.JoinClosed)),
		word("approval", "true", "false", "yes"))}
}

func ownFields() book.Keep {
	return book.Keep{Body: fields(book.Hidden, "email", "name", "skills", "short_name", "password", "current_password")}
}

func endFields() book.Keep {
	return book.Keep{Body: append(fields(book.Hidden, "current_password"), word("all", "true", "false"))}
}
