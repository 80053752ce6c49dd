package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

func TestWords(t *testing.T) {
	t.Parallel()
	d := account.Developer{
		Name: "  Zoë ÅNGSTRÖM-O'Neil ﬁx שָׂרָה \u200d", Email: "Zoe.A+tag@mail.Example.org", ShortName: "zoe",
		Role: account.Admin, State: account.Disabled, Groups: []string{"night shift"},
	}
	want := []string{
		"=group:night shift", "=role:admin", "=state:disabled",
		"a", "angstrom", "example", "fix", "mail", "neil", "o", "org", "tag", "zoe", "שרה",
	}
	if diff := cmp.Diff(want, d.Words()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (account.Developer{Name: "Zoë"}).SortKey(); got != "zoe" {
		t.Errorf("sorted by %q", got)
	}
	long := account.Developer{Name: strings.Repeat("W", 100), Email: strings.Repeat("a.", 80) + "b@x.org"}
	for _, w := range long.Words() {
		if len(w) > 32 {
			t.Errorf("a word of %d", len(w))
		}
	}
	if n := len((account.Developer{Name: strings.Repeat("ab c ", 1000)}).Words()); n > 60 {
		t.Errorf("%d words", n)
	}
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"", "ada lo", "=role:admin", "é ﬁ İ ß", "\xff\x00", "שרה כהן", "🦀", strings.Repeat("a ", 1000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, search string) {
		terms, can := account.PeopleQuery{Search: search}.Terms()
		if len(terms) > account.MaxSearch || !can && len(terms) > 0 {
			t.Fatalf("%d terms, %v", len(terms), can)
		}
		for _, term := range terms {
			if term.From == "" || strings.HasPrefix(term.From, "=") || term.From >= term.Below || len(term.From) > 32*4 {
				t.Fatalf("%q asks for %+v", search, term)
			}
		}
	})
}

// TestPlace: a page is continued from where it ended, whatever another program made of a name.
func TestPlace(t *testing.T) {
	t.Parallel()
	for _, p := range []account.Place{
		{Word: "ada", Name: "ada lovelace", ID: "6b0eb6c9a6905392df14c827"}, {Name: "a\x00b\x00", ID: "6b0eb6c9a6905392df14c827"},
	} {
		got, err := account.ParsePlace(p.String())
		if err != nil || got != p {
			t.Errorf("%q: %q, %v", p, got, err)
		}
	}
	for _, s := range []string{"x", "AA", "====", strings.Repeat("A", 2000)} {
		if got, err := account.ParsePlace(s); err == nil {
			t.Errorf("%.10q: %q", s, got)
		}
	}
}
