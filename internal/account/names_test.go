package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

func TestCheckShortName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "  ": "", "ada": "ada", "ada\n": "ada", " Ada.L-2_x ": "ada.l-2_x", "a1": "a1",
		strings.Repeat("a", account.MaxShortName): strings.Repeat("a", account.MaxShortName),
	} {
		if got, err := account.CheckShortName(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"root", "Admin", "a", "1a", ".a", "-a", "_a", "a.", "a-", "a b", "a@b", "a\x00b", "ädä", "K\u212aa", "a/b", "a:b", "a\u200db",
		strings.Repeat("a", account.MaxShortName+1), strings.Repeat("a", 1<<20),
	} {
		got, err := account.CheckShortName(in)
		_ = field(t, err, "short_name")
		if got != "" {
			t.Errorf("%.40q gives %.40q beside the error", in, got)
		}
	}
}

func TestCleanGroups(t *testing.T) {
	t.Parallel()
	got, err := account.CleanGroups([]string{"Staff, ops ,,STAFF", "", " 日本 ", "a b", "e\u0301, \u00c9"})
	if diff := cmp.Diff([]string{"staff", "ops", "日本", "a b", "\u00e9"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := account.CleanGroups(nil); got == nil || len(got) != 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, in := range []string{"a\nb", "a\u202eb", "\xff", strings.Repeat("x", account.MaxGroup+1)} {
		_, err := account.CleanGroups([]string{in})
		_ = field(t, err, "groups")
	}
	many := strings.Split("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u", ",")
	_, err = account.CleanGroups(many)
	_ = field(t, err, "groups")
}
