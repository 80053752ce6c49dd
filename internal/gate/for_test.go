package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
)

// TestFor: an application is for whoever a rule of it is for, as a person. Guard: for.go.
func TestFor(t *testing.T) {
	t.Parallel()
	ada := account.Developer{ID: "a", EmailKey: "ada@example.org", Groups: []string{"ops"}, State: account.Active}
	off := ada
	off.State = account.Disabled
	for name, c := range map[string]struct {
		rules []gate.Rule
		who   account.Developer
		want  bool
	}{
		"no rule":          {nil, ada, false},
		"nobody":           {[]gate.Rule{{Who: gate.Nobody}}, ada, false},
		"everybody":        {gate.Everybody(), ada, true},
		"strangers, too":   {[]gate.Rule{{Who: gate.Nobody}, {Who: gate.Anyone, Paths: []string{"/public"}}}, ada, true},
		"a group of hers":  {[]gate.Rule{{Who: gate.Some, Groups: []string{"dev", "ops"}}}, ada, true},
		"another group":    {[]gate.Rule{{Who: gate.Some, Groups: []string{"dev"}}}, ada, false},
		"by name":          {[]gate.Rule{{Who: gate.Some, People: []string{"ada@example.org"}}}, ada, true},
		"another one":      {[]gate.Rule{{Who: gate.Some, People: []string{"bob@example.org"}}}, ada, false},
		"programs of hers": {[]gate.Rule{{Who: gate.Some, Groups: []string{"ops"}, Tokens: gate.TokensOnly}}, ada, false},
		"disabled":         {gate.Everybody(), off, false},
	} {
		a := gate.App{Rules: c.rules}
		if got := a.For(c.who); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestAudience: whom the rules are for, each once. Guard: for.go.
func TestAudience(t *testing.T) {
	t.Parallel()
	a := gate.App{Rules: []gate.Rule{
		{Who: gate.Some, Groups: []string{"ops", "dev"}, People: []string{"bob@example.org"}},
		{Who: gate.Nobody, Groups: []string{"never"}},
		{Who: gate.Some, Groups: []string{"ops"}, People: []string{"ada@example.org", "bob@example.org"}},
		{Who: gate.SignedIn},
	}}
	want := gate.Audience{SignedIn: true, Groups: []string{"dev", "ops"}, People: []string{"ada@example.org", "bob@example.org"}}
	if diff := cmp.Diff(want, a.Audience()); diff != "" {
		t.Error(diff)
	}
	a.Rules = append(a.Rules, gate.Rule{Who: gate.Anyone, Paths: []string{"/public"}})
	if !a.Audience().Anyone {
		t.Error("strangers are left out")
	}
}
