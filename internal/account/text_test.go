package account_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"Ada", "Ada"},
		{"  Ada Lovelace\n", "Ada Lovelace"},
		{"\u00a0Ada\u3000", "Ada"},
		{"Žofie Ďábelská", "Žofie Ďábelská"},
		{"李小龍", "李小龍"},
		{"محمد", "محمد"},
		{"می\u200cخواهم", "می\u200cخواهم"}, // Persian is written with the non-joiner
		{"👩\u200d💻", "👩\u200d💻"},           // and this with the joiner
		{"O'Brien-Smith, Jr. <b>", "O'Brien-Smith, Jr. <b>"},
		{"x", "x"},
		{strings.Repeat("é", 100), strings.Repeat("é", 100)},
		{strings.Repeat("👍", 100), strings.Repeat("👍", 100)},
	} {
		if got, err := account.CheckName(tt.in); got != tt.want || err != nil {
			t.Errorf("CheckName(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{"", "Enter a name"},
		{" \t\n", "Enter a name"},
		{"\u200d\u200c", "Enter a name"},
		{"\u0301", "Enter a name"}, // an accent on nothing
		{"\u3164", "Enter a name"}, // Hangul filler
		{"\u2800", "Enter a name"}, // Braille blank
		{"Ada\nLovelace", "line break"},
		{"Ada\r", ""},
		{"Ada\rLovelace", "line break"},
		{"Ada\u2028Lovelace", "line break"},
		{"Ada\u0085Lovelace", "line break"},
		{"Ada\tLovelace", "control"},
		{"Ada\x00", "control"},
		{"Ada\x1b[2J", "control"},
		{"Ada\u202eecalevoL", "invisible"},
		{"Ada\u2066x\u2069", "invisible"},
		{"Ada\u200fx", "invisible"},
		{"Ada\u061cx", "invisible"},
		{"Ada\u200bx", "invisible"},
		{"Ada\ufeffx", "invisible"},
		{"Ada\u00adx", "invisible"},
		{"Ada\U000e0041", "invisible"},
		{"Ada\ue000", "invisible"},
		{"Ada\xff", "UTF-8"},
		{"Ada\xed\xa0\x80", "UTF-8"}, // half of a surrogate pair
		{strings.Repeat("é", 101), "100 characters"},
		{strings.Repeat("a", 1<<20), "100 characters"},
	} {
		name, err := account.CheckName(tt.in)
		if tt.want == "" { // trimmed away
			if err != nil {
				t.Errorf("CheckName(%q): %v", tt.in, err)
			}
			continue
		}
		if name != "" || err == nil {
			t.Errorf("CheckName(%.40q) = %q, %v; want an error about %q", tt.in, name, err, tt.want)
			continue
		}
		if text := field(t, err, "name"); !strings.Contains(text, tt.want) {
			t.Errorf("CheckName(%.40q): %q, want something about %q", tt.in, text, tt.want)
		}
	}
}

func TestParseSkills(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", []string{}},
		{" , ,,\n", []string{}},
		{"Go", []string{"Go"}},
		{" Go, SQL ,, Flask ,", []string{"Go", "SQL", "Flask"}},
		{"Go,go, GO ,C,c++,C++", []string{"Go", "C", "c++"}},
		{"Käse,KÄSE,\u200d", []string{"Käse"}},
		{strings.Repeat("Go,", 1000), []string{"Go"}},
		{strings.Repeat(",", 1<<20) + "Go", []string{"Go"}},
		{strings.Repeat("é", 50), []string{strings.Repeat("é", 50)}},
	} {
		got, err := account.ParseSkills(tt.in)
		if err != nil {
			t.Errorf("ParseSkills(%.40q): %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseSkills(%.40q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestCleanSkills(t *testing.T) {
	t.Parallel()
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint("skill ", i))
		}
		return list
	}
	for _, tt := range []struct {
		name     string
		in, want []string
	}{
		{"nothing", nil, []string{}},
		{"a list", []string{"Go", " SQL ", "", "go"}, []string{"Go", "SQL"}},
		{"an element that is a list", []string{"Go,SQL", "Flask"}, []string{"Go", "SQL", "Flask"}},
		{"as many as may be", many(50), many(50)},
		{"repeated beyond that", append(many(50), many(50)...), many(50)},
	} {
		got, err := account.CleanSkills(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for _, tt := range []struct {
		name string
		in   []string
		want string
	}{
		{"too many", many(51), "at most 50 skills"},
		{"too long", []string{"Go", strings.Repeat("é", 51)}, "50 characters"},
		{"huge", []string{strings.Repeat("a", 1<<20)}, "50 characters"},
		{"line break", []string{"Go\nSQL"}, "line break"},
		{"escape", []string{"\x1b[31mGo"}, "control"},
		{"override", []string{"Go\u202e"}, "invisible"},
		{"not UTF-8", []string{"Go\xc0"}, "UTF-8"},
	} {
		skills, err := account.CleanSkills(tt.in)
		if skills != nil || err == nil {
			t.Errorf("%s: %q, %v; want an error about %q", tt.name, skills, err, tt.want)
			continue
		}
		if text := field(t, err, "skills"); !strings.Contains(text, tt.want) {
			t.Errorf("%s: %q, want something about %q", tt.name, text, tt.want)
		}
	}
}
