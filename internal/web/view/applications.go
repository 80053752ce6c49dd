package view

import (
	"strings"
	"time"
)

// ApplicationsPage is the page at /applications.
type ApplicationsPage struct {
	Page
	Apps     []AppFacts
	Try      TryForm
	Tried    *Tried    // nil: nothing was
	Problems []Problem // fields "address" and "email"
	Now      time.Time
}

// AppFacts is an application as admins see it.
type AppFacts struct {
	Name      string
	URL       string   // where people reach it
	Upstream  string   // where it listens; "": a proxy reaches it by itself
	Rules     []string // in words
	Anyone    bool     // strangers may come to some of it
	Everybody *Count   // who has an account may; nil: no rule says so
	Groups    []GroupOf
	People    []string // by e-mail address
	Open      bool     // and everybody may make an account

	Asked   bool // whether it answers
	Answers bool
	Since   time.Time // when it was found not to
}

// GroupOf is a group for which there is a rule.
type GroupOf struct {
	Name    string
	Members Count
}

// Count is a number of people, as far as they are counted.
type Count struct {
	N    int
	More bool
}

func (c Count) text() string {
	switch {
	case c.More:
		return "more than " + count(c.N) + " people"
	case c.N == 0:
		return "nobody"
	case c.N == 1:
		return "1 person"
	}
	return count(c.N) + " people"
}

// TryForm is what was typed to try the rules.
type TryForm struct {
	Address string
	Email   string
	Method  string
	Token   bool
}

// Tried is what would become of a request.
type Tried struct {
	App     string
	Passes  bool
	Verdict string // "passes"
	Rule    string // in words; "" where none matched
	Why     string
	Method  string
	Path    string
	Who     string // "": a stranger
	Token   bool
}

func (p ApplicationsPage) open() string {
	var names []string
	for _, a := range p.Apps {
		if a.Open {
			names = append(names, Isolated(a.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Everybody may make an account here, and every account may enter " + strings.Join(names, ", ") + "."
}

func (p ApplicationsPage) inputs() []input {
	methods := []option{{value: "", text: "GET"}}
	for _, m := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		methods = append(methods, option{value: m, text: m})
	}
	fields := []input{
		{name: "address", label: "Address", kind: "text", value: p.Try.Address, hint: "As in https://wiki.example.org/admin"},
		{name: "email", label: "E-mail of somebody", kind: "text", value: p.Try.Email, optional: true, hint: "Without it a stranger asks"},
		{name: "method", label: "Method", kind: "select", value: p.Try.Method, options: methods},
		{name: "token", label: "By a token of theirs, for applications", kind: "checkbox", ticked: p.Try.Token},
	}
	if len(p.Problems) == 0 {
		return fields // most come to read, so the focus stays where it is
	}
	return prepared(p.Problems, fields)
}

// who is who asks, in a sentence.
func (t Tried) who() string {
	switch {
	case t.Who == "":
		return "a stranger"
	case t.Token:
		return "a token of " + Isolated(t.Who)
	}
	return Isolated(t.Who)
}

func (t Tried) sentence() string {
	return t.Method + " " + Isolated(t.Path) + " of " + Isolated(t.App) + " by " + t.who() + " " + t.Verdict + "."
}

func (t Tried) flash() Flash {
	if t.Passes {
		return Flash{Category: "success", Text: t.sentence()}
	}
	return Flash{Category: "info", Text: t.sentence()}
}
