package api

import (
	"fmt"

	"github.com/doorbook/doorbook/internal/door"
)

// operation is what the document tells of a route besides what the policy says of it. What is in the
// types stands only there: their fields, and what reads and writes them.
type operation struct {
	id       string   // its name in clients that are made of the document: it stays as it is
	does     string   // in a few words
	more     string   // in sentences
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
		"GET /openapi.json": {id: "describe", does: "This document."},

		"GET /api/account": {id: "getAccount", does: "Who you are here.", out: developer{}},
		"PATCH /api/account": {
			id: "changeAccount", does: "Change your account. An address and a short name take the current password.",
			in: changeAccountIn{}, out: developer{}, says: []int{409, 429},
		},
		"POST /api/account/password": {
			id: "changePassword", does: "Set a new password. All your other sessions end.",
			in: changePasswordIn{}, must: []string{"password", "current_password"},
			out: EndedCount{}, person: true, says: []int{409, 429},
		},
		"POST /api/account/close": {
			id: "closeAccount", does: "Close your account, with the current password.", in: provenIn{}, must: []string{"current_password"},
			out: deletedID{}, says: []int{409},
		},
		"GET /api/account/data":  {id: "getOwnData", does: "All that is kept of you, as a file.", out: ownFile{}, file: true},
		"POST /api/account/data": {id: "getOwnDataWithPassword", does: "The same, with the current password.", in: provenIn{}, optional: true, out: ownFile{}, file: true},

		"GET /api/sessions":            {id: "listSessions", does: "Where you are and were signed in.", out: history{}},
		"POST /api/sessions/{id}/end":  {id: "endSession", does: "End one of your sessions.", out: endedID{}, person: true},
		"POST /api/sessions/{id}/name": {id: "nameSession", does: "Name one of your devices.", in: nameSessionIn{}, out: Session{}, person: true},
		"POST /api/sessions/end":       {id: "endSessions", does: "End your sessions, with \"all\" this one too.", in: endSessionsIn{}, out: EndedCount{}},

		"GET /api/developers/{id}/sessions":                {id: "listSessionsOf", does: "Where somebody is and was signed in.", out: history{}},
		"POST /api/developers/{id}/sessions/{session}/end": {id: "endSessionOf", does: "End a session of somebody.", out: endedID{}, person: true},
		"POST /api/developers/{id}/sessions/end":           {id: "endSessionsOf", does: "Sign somebody out everywhere.", in: endSessionsIn{}, out: EndedCount{}},

		"GET /api/tokens": {id: "listTokens", does: "Your tokens, those that ended in the last 30 days too.", out: []Token{}},
		"POST /api/tokens": {
			id: "makeToken", does: "Make a token. Its text is in this answer and in no other.", in: makeTokenIn{}, must: []string{"name", "scopes"},
			out: NewToken{}, status: 201, says: []int{409},
		},
		"POST /api/tokens/{id}/end":                    {id: "endToken", does: "End one of your tokens.", out: endedID{}, person: true},
		"GET /api/developers/{id}/tokens":              {id: "listTokensOf", does: "Somebody's tokens.", out: []Token{}},
		"POST /api/developers/{id}/tokens/{token}/end": {id: "endTokenOf", does: "End a token of somebody.", out: endedID{}, person: true},

		"GET /api/people": {
			id: "listPeople", does: "Find people. A page may hold fewer than the limit and be followed by another.",
			out: []ListedPerson{}, paged: true, says: []int{400},
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
			id: "invitePerson", does: "Invite somebody. The link is in this answer and in no other.", in: inviteIn{}, must: []string{"email"},
			out: Link{}, status: 201,
		},
		"GET /api/people/{id}": {id: "getPerson", does: "Somebody who has an account, or is to have one.", out: Person{}},
		"PATCH /api/people/{id}": {
			id: "changePerson", does: "Change somebody's role, state or groups.", in: changePersonIn{}, out: Person{}, says: []int{409},
		},
		"DELETE /api/people/{id}": {
			id: "deletePerson", does: "Delete somebody's account, whose address is typed once more.", in: deletePersonIn{}, must: []string{"email"},
			out: deletedID{}, says: []int{409},
		},
		"POST /api/people/{id}/password-link": {
			id: "makePasswordLink", does: "Make a link by which somebody sets a new password.", in: provenIn{}, optional: true,
			out: Link{}, status: 201, says: []int{409},
		},
		"POST /api/people/{id}/approve": {
			id: "approvePerson", does: "Let in who has registered and waits.", in: provenIn{}, optional: true, out: Person{}, says: []int{409},
		},
		"POST /api/people/{id}/invitation": {
			id: "invitePersonAgain", does: "Make a new link for who was invited.", in: provenIn{}, optional: true, out: Link{}, status: 201, says: []int{409},
		},
		"DELETE /api/people/{id}/invitation": {
			id: "withdrawInvitation", does: "Withdraw an invitation.", in: provenIn{}, optional: true, out: deletedID{}, says: []int{409},
		},

		"GET /api/applications": {id: "listApplications", does: "The applications behind the door: their rules, and whether they answer.", out: []application{}},
		"GET /api/registration": {id: "getRegistration", does: "Who may make an account by themselves.", out: registration{}},
		"PATCH /api/registration": {
			id: "changeRegistration", does: "Decide who may make an account by themselves. What is fixed by a setting cannot be changed.",
			in: changeRegistrationIn{}, out: registration{}, says: []int{409},
		},

		"GET /developers": {
			id: "listDevelopers", does: "Everybody who has an account.", more: original("GET /api/people, which searches"),
			out: []developer{}, paged: true, says: []int{400},
			query: []query{limit, {name: "after", does: "The \"next\" of the page before.", kind: ""}},
		},
		"POST /developers": {
			id: "addDeveloper", does: "Make an account for somebody.", more: original("POST /api/people, by which its owner chooses the password"),
			in: createDeveloperIn{}, must: []string{"name", "email", "password"},
			out: developer{}, status: 201, person: true,
		},
		"PATCH /developers/{id}": {
			id: "changeDeveloper", does: "Change an account. An address, a short name and a password take the current password, and a role takes a person.",
			more: original("PATCH /api/people/{id}, or PATCH /api/account for your own account"),
			in:   changeDeveloperIn{}, out: developer{}, says: []int{409, 429},
		},
		"DELETE /developers/{id}": {
			id: "deleteDeveloper", does: "Delete an account.", more: original("DELETE /api/people/{id}, or POST /api/account/close for your own account"),
			in: provenIn{}, optional: true, out: deletedID{}, says: []int{409},
		},

		"GET /logs": {
			id: "listEntries", does: "The book, the newest entries first: your own or, for admins, everybody's.",
			out: []entry{}, paged: true, says: []int{400},
			query: []query{
				limit,
				{name: "before", does: "The \"next\" of the page before.", kind: ""},
				{name: "type", does: "Only entries of this type.", kind: "", words: []string{"request", "activity", "error"}},
			},
		},
		"PUT /logs/{id}":        {id: "hideEntry", does: "Hide the entry of a request.", out: hiddenEntry{}, says: []int{409}},
		"PUT /logs/{id}/{$}":    {id: "hideEntryWithSlash", does: "The same, as the original application spells it.", out: hiddenEntry{}, says: []int{409}},
		"DELETE /logs/{id}":     {id: "deleteEntry", does: "Delete the entry of a request for good.", out: deletedID{}, says: []int{409}},
		"DELETE /logs/{id}/{$}": {id: "deleteEntryWithSlash", does: "The same, as the original application spells it.", out: deletedID{}, says: []int{409}},
	}
}

// original says of a route that it is kept for programs that were written for the original application,
// and what new ones take.
func original(instead string) string {
	return "A route of the original application, kept for programs that come from it. New ones take " + instead + "."
}
