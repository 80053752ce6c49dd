package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/gate"
)

// TestWords: rules as people read them.
func TestWords(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]gate.Rule{
		"Anyone may read /public.": {Who: gate.Anyone, Paths: []string{"/public"}, Methods: []string{"GET", "HEAD"}},
		"Anyone, from 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, may use /a and /b.": {Who: gate.Anyone, Paths: []string{"/a", "/b"}, From: prefixes("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32")},
		"Nobody may use anything.":                                                 {},
		"Nobody may send POST to /a.":                                              {Paths: []string{"/a"}, Methods: []string{"POST"}, From: prefixes("10.0.0.0/8")},
		"Everybody with an account may use everything. So may their tokens.":       {Who: gate.SignedIn},
		"Everybody with an account, but none of their tokens, may use everything.": {Who: gate.SignedIn, Tokens: gate.NoTokens},
		"Members of ops or dev, ada@example.org and bob@example.org, who signed in within 15 minutes, from 10.0.0.0/8, may send PUT, POST and DELETE to /admin.": {
			Who: gate.Some, Groups: []string{"ops", "dev"}, People: []string{"ada@example.org", "bob@example.org"}, Recent: 15 * time.Minute,
			From: prefixes("10.0.0.0/8"), Methods: []string{"PUT", "POST", "DELETE"}, Paths: []string{"/admin"},
		},
		"ada@example.org may use everything. So may their tokens.":         {Who: gate.Some, People: []string{"ada@example.org"}},
		"Members of ops, who signed in within 1 hour, may use everything.": {Who: gate.Some, Groups: []string{"ops"}, Recent: time.Hour},
		"Tokens of members of ops may use /git. Who brings nothing is asked for a token in place of a password. " +
			"Browsers may ask beforehand, for pages of other sites. The book keeps q and page of queries.": {
			Who: gate.Some, Groups: []string{"ops"}, Tokens: gate.TokensOnly, Paths: []string{"/git"}, Basic: true, Preflight: true, Keep: []string{"q", "page"},
		},
	} {
		if got := rule.Words(); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	app := gate.App{Rules: []gate.Rule{{Who: gate.Anyone, Paths: []string{"/public"}}}}
	if diff := cmp.Diff([]string{"Anyone may use /public.", "Nobody may use anything else."}, app.Words()); diff != "" {
		t.Error(diff)
	}
	app.Rules = append(app.Rules, gate.Everybody()...)
	if diff := cmp.Diff([]string{"Anyone may use /public.", "Everybody with an account may use everything else. So may their tokens."}, app.Words()); diff != "" {
		t.Error(diff)
	}
	if got := (&gate.App{Rules: gate.Everybody()}).Words(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
