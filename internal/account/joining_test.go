package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

func TestCleanDomains(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                                      {},
		" , ,":                                  {},
		"Example.ORG, @example.com,example.org": {"example.org", "example.com"},
		"localhost":                             {"localhost"},
	} {
		got, err := account.CleanDomains([]string{in})
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
	many := strings.Repeat("x", 60) + strings.Repeat(".y", 100)
	for _, in := range []string{"exa mple.org", "a@b@c", "é.org", "-a.org", "a..b", "[127.0.0.1]", "*.example.org", "*", "@", "@ ,", many + many, "a\x00.org"} {
		if got, err := account.CleanDomains([]string{in}); err == nil {
			t.Errorf("%q: %q", in, got)
		} else if text := field(t, err, "domains"); text == "" {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// TestAdmits: a domain is that one, and neither what ends like it nor what lies below it.
func TestAdmits(t *testing.T) {
	t.Parallel()
	j := account.Joining{Domains: []string{"example.org"}}
	for key, want := range map[string]bool{
		"a@example.org": true, "a@sub.example.org": false, "a@notexample.org": false, "a@example.org.evil.test": false, "example.org": false, "": false,
	} {
		if got := j.Admits(key); got != want {
			t.Errorf("%q: %v", key, got)
		}
	}
	if !(account.Joining{}).Admits("a@anywhere.test") {
		t.Error("without domains not all are admitted")
	}
}

// TestFixed: what is fixed holds, whatever is stored; the rest is what is stored, or open.
func TestFixed(t *testing.T) {
	t.Parallel()
	stored := account.Joining{Mode: account.JoinClosed, Domains: []string{"a.test"}, Approval: true}
	if diff := cmp.Diff(stored, account.Fixed{}.Over(stored)); diff != "" {
		t.Errorf("nothing is fixed:\n%s", diff)
	}
	none, no := []string{}, false
	got := account.Fixed{Mode: account.JoinInvite, Domains: &none, Approval: &no}.Over(stored)
	if diff := cmp.Diff(account.Joining{Mode: account.JoinInvite, Domains: none}, got); diff != "" {
		t.Errorf("all is fixed:\n%s", diff)
	}
	if got := (account.Fixed{}).Over(account.Joining{}); got.Mode != account.JoinOpen {
		t.Errorf("at first: %+v", got)
	}
}
