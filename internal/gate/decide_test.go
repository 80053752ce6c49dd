package gate_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
)

func now() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }

// asks are who may ask, by what they are called in the tables below.
func asks() map[string]gate.Question {
	ada := account.Developer{ID: "1", EmailKey: "ada@example.org", Role: account.Member, Groups: []string{"ops", "dev"}}
	bob := account.Developer{ID: "2", EmailKey: "bob@example.org", Role: account.Admin}
	gone := ada
	gone.State = account.Disabled
	invited := ada
	invited.State = account.Invited
	token := account.Token{ID: "t", Account: "1", Scopes: account.ScopeApplications | account.ScopeRead}
	weak := account.Token{ID: "t", Account: "1", Scopes: account.ScopeRead | account.ScopeWrite}
	at := func(s string) netip.Addr { return netip.MustParseAddr(s) }
	return map[string]gate.Question{
		"stranger":       {},
		"ada":            {Developer: ada, SignedIn: now().Add(-time.Hour)},
		"ada just now":   {Developer: ada, SignedIn: now().Add(-15 * time.Minute)},
		"ada of always":  {Developer: ada},
		"ada's future":   {Developer: ada, SignedIn: now().Add(time.Hour)},
		"bob":            {Developer: bob, SignedIn: now()},
		"disabled":       {Developer: gone, SignedIn: now()},
		"invited":        {Developer: invited, SignedIn: now()},
		"token":          {Developer: ada, Token: token, SignedIn: now()},
		"weak token":     {Developer: ada, Token: weak, SignedIn: now()},
		"bob at home":    {Developer: bob, SignedIn: now(), Addr: at("10.1.2.3")},
		"bob mapped":     {Developer: bob, SignedIn: now(), Addr: at("::ffff:10.1.2.3")},
		"bob zoned":      {Developer: bob, SignedIn: now(), Addr: at("fe80::1%eth0")},
		"bob elsewhere":  {Developer: bob, SignedIn: now(), Addr: at("192.0.2.1")},
		"preflight":      {Preflight: true, Method: "OPTIONS"},
		"preflight home": {Preflight: true, Method: "OPTIONS", Addr: at("10.1.2.3")},
	}
}

// TestDecide: who passes which rule, and what the others get.
func TestDecide(t *testing.T) {
	t.Parallel()
	const p, s, r, a = gate.Pass, gate.SignIn, gate.Refuse, gate.Prove
	for name, c := range map[string]struct {
		rule gate.Rule
		want map[string]gate.Verdict
	}{
		"anyone": {gate.Rule{Who: gate.Anyone}, map[string]gate.Verdict{
			"stranger": p, "ada": p, "bob": p, "disabled": r, "token": p, "weak token": r, "preflight": p,
		}},
		"signed in": {gate.Rule{Who: gate.SignedIn}, map[string]gate.Verdict{
			"stranger": s, "ada": p, "ada of always": p, "bob": p, "disabled": r, "invited": r, "token": p, "weak token": r, "preflight": s,
		}},
		"nobody": {gate.Rule{}, map[string]gate.Verdict{"stranger": r, "ada": r, "bob": r, "token": r, "preflight": r}},
		"group": {gate.Rule{Who: gate.Some, Groups: []string{"x", "dev"}}, map[string]gate.Verdict{
			"stranger": s, "ada": p, "bob": r, "disabled": r, "invited": r, "token": p, "weak token": r,
		}},
		"person":         {gate.Rule{Who: gate.Some, People: []string{"bob@example.org"}}, map[string]gate.Verdict{"stranger": s, "ada": r, "bob": p, "token": r}},
		"some of none":   {gate.Rule{Who: gate.Some}, map[string]gate.Verdict{"stranger": s, "ada": r, "bob": r}},
		"no such choice": {gate.Rule{Who: 99}, map[string]gate.Verdict{"ada": r, "bob": r, "token": r}},
		"people alone":   {gate.Rule{Who: gate.SignedIn, Tokens: gate.NoTokens}, map[string]gate.Verdict{"ada": p, "token": r, "stranger": s}},
		"tokens alone": {gate.Rule{Who: gate.Some, Groups: []string{"ops"}, Tokens: gate.TokensOnly}, map[string]gate.Verdict{
			"ada": r, "bob": r, "token": p, "weak token": r, "stranger": s,
		}},
		"recent": {gate.Rule{Who: gate.Some, Groups: []string{"ops"}, Recent: 15 * time.Minute}, map[string]gate.Verdict{
			"stranger": s, "ada": a, "ada just now": p, "ada of always": a, "ada's future": a, "bob": r, "token": r,
		}},
		"from": {gate.Rule{Who: gate.SignedIn, From: prefixes("10.0.0.0/8", "fe80::/16")}, map[string]gate.Verdict{
			"stranger": r, "bob": r, "bob at home": p, "bob mapped": p, "bob zoned": p, "bob elsewhere": r,
		}},
		"anyone from": {gate.Rule{Who: gate.Anyone, From: prefixes("10.0.0.0/8")}, map[string]gate.Verdict{"stranger": r, "bob at home": p, "bob elsewhere": r}},
		"preflight": {gate.Rule{Who: gate.SignedIn, Preflight: true, From: prefixes("10.0.0.0/8")}, map[string]gate.Verdict{
			"preflight": r, "preflight home": p, "bob at home": p,
		}},
		"preflight of methods": {gate.Rule{Who: gate.SignedIn, Preflight: true, Methods: []string{"POST"}}, map[string]gate.Verdict{"preflight": p, "bob": r}},
		"methods":              {gate.Rule{Who: gate.SignedIn, Methods: []string{"POST"}}, map[string]gate.Verdict{"preflight": r, "bob": r}},
	} {
		app := gate.App{Rules: []gate.Rule{c.rule}}
		for who, want := range c.want {
			q, ok := asks()[who]
			if !ok {
				t.Fatalf("nobody is %q", who)
			}
			q.Path, q.Now = "/x/y", now()
			if q.Method == "" {
				q.Method = "GET"
			}
			if d := app.Decide(&q); d.Verdict != want || d.Why == "" {
				t.Errorf("%s: %s gets %v (%s), want %v", name, who, d.Verdict, d.Why, want)
			}
		}
	}
}

// TestDecideMatches: the first rule of a path and a method decides, and without one nobody passes.
func TestDecideMatches(t *testing.T) {
	t.Parallel()
	app := gate.App{Rules: []gate.Rule{
		{Paths: []string{"/public", "/both"}, Methods: []string{"GET"}, Who: gate.Anyone, Line: 3},
		{Paths: []string{"/public"}, Who: gate.Some, Groups: []string{"dev"}, Line: 7},
		{Paths: []string{"/w"}, Methods: []string{"POST", "PROPFIND"}, Who: gate.SignedIn},
		{Paths: []string{"/h"}, Methods: []string{"HEAD"}, Who: gate.SignedIn},
	}}
	ada := asks()["ada"]
	for _, c := range []struct{ method, path, why string }{
		{"GET", "/public", "rule 1 (line 3): anyone"},
		{"HEAD", "/public/x", "rule 1 (line 3): anyone"},
		{"get", "/public/x", "rule 1 (line 3): anyone"},
		{"POST", "/public/x", "rule 2 (line 7): group dev"},
		{"GET", "/publication", "no rule"},
		{"GET", "/both", "rule 1 (line 3): anyone"},
		{"POST", "/both", "no rule"},
		{"POST", "/w", "rule 3: signed in"},
		{"post", "/w", "rule 3: signed in"},
		{"PropFind", "/w", "rule 3: signed in"},
		{"GET", "/w", "no rule"},
		{"OPTIONS", "/w", "no rule"},
		{"HEAD", "/h", "rule 4: signed in"},
		{"GET", "/h", "no rule"},
		{"GET", "/", "no rule"},
		{"GET", "", "it is no path"},
		{"OPTIONS", "*", "it is no path"},
		{"GET", "http://a.test/public", "it is no path"},
	} {
		q := ada
		q.Method, q.Path = c.method, c.path
		d := app.Decide(&q)
		if d.Why != c.why {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, d.Why, c.why)
		}
		if pass := strings.HasPrefix(c.why, "rule"); (d.Verdict == gate.Pass) != pass || (d.Rule != nil) != pass {
			t.Errorf("%s %s: %+v", c.method, c.path, d)
		}
	}
	if d := (&gate.App{}).Decide(&ada); d.Verdict == gate.Pass {
		t.Error("an application without rules lets pass")
	}
}
