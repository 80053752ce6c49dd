package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/server"
)

// TestJoining: what is not said is not fixed.
func TestJoining(t *testing.T) {
	t.Parallel()
	all, some, yes, no := []string{}, []string{"example.org", "example.com"}, true, false
	for _, c := range []struct {
		said config.Joins
		want account.Fixed
	}{
		{config.Joins{}, account.Fixed{}},
		{
			config.Joins{Registration: "invite", RegistrationDomains: "*", RegistrationApproval: "no"},
			account.Fixed{Mode: account.JoinInvite, Domains: &all, Approval: &no},
		},
		{
			config.Joins{RegistrationDomains: "Example.org,example.com", RegistrationApproval: "yes"},
			account.Fixed{Domains: &some, Approval: &yes},
		},
	} {
		got, err := server.Joining(c.said, config.Gate{})
		if err != nil {
			t.Errorf("%+v: %v", c.said, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.said, diff)
		}
	}
	behind := config.Gate{App: []string{"http://127.0.0.1:3000"}}
	for said, want := range map[string]account.Mode{"": account.JoinInvite, "open": account.JoinOpen} {
		got, err := server.Joining(config.Joins{Registration: said}, behind)
		if now := got.Over(account.Joining{}); err != nil || now.Mode != want {
			t.Errorf("with an application, %q: %q, %v", said, now.Mode, err)
		}
	}
	for _, none := range []string{",", " ", "@", "no domain"} { // which must not be all of them
		if got, err := server.Joining(config.Joins{RegistrationDomains: none}, config.Gate{}); err == nil {
			t.Errorf("%q: %+v", none, got)
		}
	}
}
