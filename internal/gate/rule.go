package gate

import (
	"net/netip"
	"time"
)

// Rule says who may come to some paths of an application. What is left out holds for everything.
type Rule struct {
	Paths   []string // prefixes by whole segments (Under)
	Methods []string // in capitals; GET stands for HEAD, too
	Who     Who
	Groups  []string       // of Some: any of these groups
	People  []string       // of Some: any of these people, by e-mail address
	Tokens  Tokens         // whether programs with a token pass
	Recent  time.Duration  // how long ago the sign-in may be at most; 0: any time. No token passes then
	From    []netip.Prefix // networks; from elsewhere nobody passes
	Keep    []string       // names of query fields whose values the book keeps

	Preflight bool // the browsers' question before a request of another origin passes without a sign-in
	Basic     bool // who brings nothing is asked for a token as a Basic password, for git and the like
	Line      int  // where it stands in its file; 0: it stands for --app
}

// Who says who passes a rule.
type Who int

// From nobody to everybody.
const (
	Nobody   Who = iota
	Some         // those in Groups and People
	SignedIn     // everybody with an account
	Anyone       // strangers, too
)

// Tokens says what a rule makes of programs with a token that speaks for somebody.
type Tokens int

// The choices.
const (
	TokensToo  Tokens = iota // they pass where their owners pass
	NoTokens                 // people alone pass
	TokensOnly               // people are refused
)

// Everybody is the one rule of an application that --app names: who is signed in passes.
func Everybody() []Rule { return []Rule{{Who: SignedIn}} }
