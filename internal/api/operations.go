package api

import (
	"fmt"

	"github.com/doorbook/doorbook/internal/door"
)

// operation is what the document tells of a route besides what the policy says of it. What is in the
// types stands only there: their fields, and what reads and writes them.
type operation struct {
	does     string   // in a few words
	in       any      // what the body is decoded into; nil: no fields
	must     []string // the fields that must be there
	optional bool     // there may be no body
	query    []query
	out      any   // the data of a good answer
	status   int   // of a good answer; 0: 200
	file     bool  // a good answer is the data alone, to be kept as a file
	paged    bool  // a good answer may name the next page
	person   bool  // it is refused to tokens, though it takes no recent sign-in: see door's asPerson
	says     []int // statuses besides those that follow from the policy, the body and the path
}

// query is a parameter of the query.
type query struct {
	name, does string
	kind       any // a value of its type
	words      []string
}

// operations are what the document tells of each route that speaks JSON, by the route's pattern.
func operations() map[string]operation {
	limit := query{name: "limit", does: fmt.Sprintf("How many there are in a page, 1 to %d; 50 if nothing is said.", door.MaxPage), kind: 0}
	return map[string]operation{
		"GET /openapi.json": {does: "This document."},

		"GET /api/account": {does: "Who you are here.", out: developer{}},
		"PATCH /api/account": {
			does: "Change your account. An address and a short name take the current password.",
			in:   changeAccountIn{}, out: developer{}, says: []int{409, 429},
		},
		"POST /api/account/password": {
			does: "Set a new password. All your other sessions end.", in: changePasswordIn{}, must: []string{"password", "current_password"},
			out: endedCount{}, person: true, says: []int{409, 429},
		},
		"POST /api/account/close": {
			does: "Close your account, with the current password.", in: provenIn{}, must: []string{"current_password"},
			out: deletedID{}, says: []int{409},
		},
		"GET /api/account/data":  {does: "All that is kept of you, as a file.", out: ownFile{}, file: true},
		"POST /api/account/data": {does: "The same, with the current password.", in: provenIn{}, optional: true, out: ownFile{}, file: true},

		"GET /api/sessions":            {does: "Where you are and were signed in.", out: history{}},
		"POST /api/sessions/{id}/end":  {does: "End one of your sessions.", out: endedID{}, person: true},
		"POST /api/sessions/{id}/name": {does: "Name one of your devices.", in: nameSessionIn{}, out: Session{}, person: true},
		"POST /api/sessions/end":       {does: "End your sessions, with \"all\" this one too.", in: endSessionsIn{}, out: endedCount{}},

		"GET /api/developers/{id}/sessions":                {does: "Where somebody is and was signed in.", out: history{}},
		"POST /api/developers/{id}/sessions/{session}/end": {does: "End a session of somebody.", out: endedID{}, person: true},
		"POST /api/developers/{id}/sessions/end":           {does: "Sign somebody out everywhere.", in: endSessionsIn{}, out: endedCount{}},

		"GET /api/tokens": {does: "Your tokens, those that ended in the last 30 days too.", out: []Token{}},
		"POST /api/tokens": {
			does: "Make a token. Its text is in this answer and in no other.", in: makeTokenIn{}, must: []string{"name", "scopes"},
			out: NewToken{}, status: 201, says: []int{409},
		},
		"POST /api/tokens/{id}/end":                    {does: "End one of your tokens.", out: endedID{}, person: true},
		"GET /api/developers/{id}/tokens":              {does: "Somebody's tokens.", out: []Token{}},
		"POST /api/developers/{id}/tokens/{token}/end": {does: "End a token of somebody.", out: endedID{}, person: true},

		"GET /api/people": {
			does: "Find people. A page may hold fewer than the limit and be followed by another.", out: []ListedPerson{}, paged: true, says: []int{400},
			query: []query{
				limit,
				{name: "after", does: "The \"next\" of the page before.", kind: ""},
				{name: "q", does: "Beginnings of words of the name, the address or the short name.", kind: ""},
				{name: "role", does: "Only people of this role.", kind: "", words: []string{"member", "admin"}},
				{name: "state", does: "Only accounts in this state.", kind: "", words: []string{"active", "disabled", "invited", "waiting"}},
				{name: "group", does: "Only people in this group.", kind: ""},
			},
		},
		"POST /api/people": {
			does: "Invite somebody. The link is in this answer and in no other.", in: inviteIn{}, must: []string{"email"},
			out: Link{}, status: 201,
		},
		"GET /api/people/{id}": {does: "Somebody who has an account, or is to have one.", out: Person{}},
		"PATCH /api/people/{id}": {
			does: "Change somebody's role, state or groups.", in: changePersonIn{}, out: Person{}, says: []int{409},
		},
		"DELETE /api/people/{id}": {
			does: "Delete somebody's account, whose address is typed once more.", in: deletePersonIn{}, must: []string{"email"},
			out: deletedID{}, says: []int{409},
		},
		"POST /api/people/{id}/password-link": {
			does: "Make a link by which somebody sets a new password.", in: provenIn{}, optional: true,
			out: Link{}, status: 201, says: []int{409},
		},
		"POST /api/people/{id}/approve": {
			does: "Let in who has registered and waits.", in: provenIn{}, optional: true, out: Person{}, says: []int{409},
		},
		"POST /api/people/{id}/invitation": {
			does: "Make a new link for who was invited.", in: provenIn{}, optional: true, out: Link{}, status: 201, says: []int{409},
		},
		"DELETE /api/people/{id}/invitation": {
			does: "Withdraw an invitation.", in: provenIn{}, optional: true, out: deletedID{}, says: []int{409},
		},

		"GET /api/registration": {does: "Who may make an account by themselves.", out: registration{}},
		"PATCH /api/registration": {
			does: "Decide who may make an account by themselves. What is fixed by a setting cannot be changed.",
			in:   changeRegistrationIn{}, out: registration{}, says: []int{409},
		},

		"GET /developers": {
			does: "Everybody who has an account.", out: []developer{}, paged: true, says: []int{400},
			query: []query{limit, {name: "after", does: "The \"next\" of the page before.", kind: ""}},
		},
		"POST /developers": {
			does: "Make an account for somebody.", in: createDeveloperIn{}, must: []string{"name", "email", "password"},
			out: developer{}, status: 201,
		},
		"PATCH /developers/{id}": {
			does: "Change an account. An address, a short name and a password take the current password, and a role takes a person.",
			in:   changeDeveloperIn{}, out: developer{}, says: []int{409, 429},
		},
		"DELETE /developers/{id}": {does: "Delete an account.", in: provenIn{}, optional: true, out: deletedID{}, says: []int{409}},

		"GET /logs": {
			does: "The book, the newest entries first: your own or, for admins, everybody's.", out: []entry{}, paged: true, says: []int{400},
			query: []query{
				limit,
				{name: "before", does: "The \"next\" of the page before.", kind: ""},
				{name: "type", does: "Only entries of this type.", kind: "", words: []string{"request", "activity", "error"}},
			},
		},
		"PUT /logs/{id}":        {does: "Hide the entry of a request.", out: hiddenEntry{}, says: []int{409}},
		"PUT /logs/{id}/{$}":    {does: "The same, as the original application spells it.", out: hiddenEntry{}, says: []int{409}},
		"DELETE /logs/{id}":     {does: "Delete the entry of a request for good.", out: deletedID{}, says: []int{409}},
		"DELETE /logs/{id}/{$}": {does: "The same, as the original application spells it.", out: deletedID{}, says: []int{409}},
	}
}
