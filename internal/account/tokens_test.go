package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

// TestTokenGoodFor: a token dies with its time, its end, its owner's rights and their epoch. Guard:
// Token.GoodFor.
func TestTokenGoodFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	good := account.Token{Account: "a", Epoch: 2, Ends: now.Add(time.Second)}
	owner := account.Developer{ID: "a", Epoch: 2, State: account.Active}
	for what, change := range map[string]func(*account.Token, *account.Developer){
		"expired":     func(k *account.Token, _ *account.Developer) { k.Ends = now },
		"ended":       func(k *account.Token, _ *account.Developer) { k.Ended = true },
		"another's":   func(k *account.Token, _ *account.Developer) { k.Account = "b" },
		"disabled":    func(_ *account.Token, d *account.Developer) { d.State = account.Disabled },
		"a new epoch": func(_ *account.Token, d *account.Developer) { d.Epoch = 3 },
		"nobody's":    func(k *account.Token, d *account.Developer) { k.Account, d.ID = "", "" },
	} {
		k, d := good, owner
		if !k.GoodFor(d, now) {
			t.Fatal("the good one is not")
		}
		if change(&k, &d); k.GoodFor(d, now) {
			t.Errorf("%s, and good", what)
		}
	}
}

// TestScopes: what is asked for is read strictly, what is stored with what a newer program has left
// out.
func TestScopes(t *testing.T) {
	t.Parallel()
	s, err := account.CheckScopes([]string{"write", "read", "write"})
	if err != nil || s != account.ScopeRead|account.ScopeWrite || s.String() != "read write" {
		t.Errorf("%q, %v", s, err)
	}
	for _, names := range [][]string{nil, {}, {""}, {"read", "Write"}, {"admin"}, {"read write"}} {
		if s, err := account.CheckScopes(names); err == nil {
			t.Errorf("%q gives %q", names, s)
		}
	}
	if got := account.ReadScopes("applications everything read"); got != account.ScopeRead|account.ScopeApplications {
		t.Errorf("as stored: %q", got)
	}
	if s.Has(account.ScopeApplications) || !s.Has(account.ScopeRead) {
		t.Error("a scope that was not given")
	}
}

func TestTokenDays(t *testing.T) {
	t.Parallel()
	got := map[int]time.Duration{}
	for _, days := range []int{-1, 0, 1, 365, 366, 1 << 60} {
		if d, err := account.CheckTokenDays(days); err == nil {
			got[days] = d
		}
	}
	const day = 24 * time.Hour
	if diff := cmp.Diff(map[int]time.Duration{0: 30 * day, 1: day, 365: 365 * day}, got); diff != "" {
		t.Error(diff)
	}
}

// TestTokenText: no two are the same, and nothing but exactly such a text is one. Guard: TokenHash.
func TestTokenText(t *testing.T) {
	t.Parallel()
	text := account.NewTokenText()
	if text == account.NewTokenText() || len(text) != 37 || !strings.HasPrefix(text, "dbk_") {
		t.Errorf("%q", text)
	}
	if _, ok := account.TokenHash(text); !ok {
		t.Fatalf("%q is none", text)
	}
	for i := range text { // one letter changed anywhere
		letter := "A"
		if text[i] == 'A' {
			letter = "B"
		}
		for _, other := range []string{letter, "=", "a", "\x00", "é"} {
			if _, ok := account.TokenHash(text[:i] + other + text[i+1:]); ok {
				t.Errorf("with %q in place %d it is one too", other, i)
			}
		}
	}
	for _, other := range []string{
		"", " " + text, text + " ", text + "\n", text + "=", text[:36], strings.ToLower(text), strings.ToUpper(text),
		strings.Repeat(text, 300), "Bearer " + text,
	} {
		if _, ok := account.TokenHash(other); ok {
			t.Errorf("%.50q is one", other)
		}
	}
}

// FuzzTokenText: whatever is taken for a token is spelled as one is made.
func FuzzTokenText(f *testing.F) {
	f.Add(account.NewTokenText())
	f.Add("dbk_ABCDEFGHIJKLMNOPQRSTUVWXYZAAAAAAA")
	f.Add("dbk_")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := account.TokenHash(text)
		if !ok {
			if hash != ([32]byte{}) {
				t.Error("a hash of what is none")
			}
			return
		}
		if !account.HoldsToken("token=dbk_"+text+",") || account.HoldsToken(text[1:]) || account.HoldsToken(text[:36]) || account.HoldsToken(text[:36]+"1") {
			t.Errorf("whether a text holds %q", text)
		}
		if len(text) != 37 || !account.MeantAsToken(text) || strings.Trim(text[4:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Errorf("%q is taken for a token", text)
		}
	})
}
