package view

import (
	"slices"
	"strings"
	"time"
)

// TokensPage is the page at /account/tokens.
type TokensPage struct {
	Page
	Tokens []Token   // those that let in first
	Now    time.Time // what "2 hours ago" counts from
}

// Token is what lets a program in.
type Token struct {
	ID     string // letters and digits; it opens nothing
	Name   string
	Scopes []string // "read", "write", "pass to applications"
	Live   bool     // it lets in
	State  string   // in a word, of one that does not: "ended", "expired"
	Made   time.Time
	Ends   time.Time // when it expires, or has ended
	Used   time.Time // right to a minute; zero: never
	From   string    // the address
}

// NewTokenPage is the page at /account/tokens/new. Its form is posted to /account/tokens.
type NewTokenPage struct {
	Page
	Name     string   // as they were typed and chosen
	Scopes   []string //
	Days     int      //
	Lives    []int    // in days, to choose from
	Password bool     // the current password is asked for
	Problems []Problem
}

// MadeTokenPage shows a token that has just been made, this once.
type MadeTokenPage struct {
	Page
	Token Token
	Text  string
}

// anchor is the id, with which ids in the page end; "" for one that is none.
func (t Token) anchor() string {
	row := EntryRow{ID: t.ID}
	return row.anchor()
}

func (t Token) name() string { return clippedName(t.Name, 80) }

// may says what it lets its bearer do.
func (t Token) may() string {
	if len(t.Scopes) == 0 {
		return "may nothing"
	}
	return "may " + strings.Join(t.Scopes, ", ")
}

// end is where the form is sent that ends it.
func (t Token) end() string { return "/account/tokens/" + t.anchor() + "/end" }

func (p TokensPage) split() (live, over []Token) {
	for _, t := range p.Tokens {
		if t.Live {
			live = append(live, t)
		} else {
			over = append(over, t)
		}
	}
	return live, over
}

func (p NewTokenPage) inputs() []input {
	lives := make([]option, len(p.Lives))
	for i, days := range p.Lives {
		lives[i] = option{value: plain(days), text: counted(days, "day", "days")}
	}
	fields := []input{
		{name: "name", label: "Name", kind: "text", value: p.Name, hint: "What it is for, such as: nightly build."},
		{name: "scopes", id: "read", label: "It may", kind: "checkbox", options: []option{
			p.scope("read", "Read", "Ask for what you may see."),
			p.scope("write", "Write", "Change what you may change, but no password, address, role, session or token."),
			p.scope("applications", "Pass to applications", "To those behind this door that you may enter."),
		}},
		{name: "days", label: "Good for", kind: "select", options: lives, value: plain(p.Days)},
	}
	if p.Password {
		fields = append(fields, confirmation{proof: true}.inputs()...)
	}
	return prepared(p.Problems, fields)
}

// scope is the box of one scope.
func (p NewTokenPage) scope(name, text, hint string) option {
	return option{name: name, value: "yes", text: text, hint: hint, chosen: slices.Contains(p.Scopes, name)}
}
