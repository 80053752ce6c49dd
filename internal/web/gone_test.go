package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestGone: who has no account any more is shown as such, in rows and in sentences, and nobody else
// is: neither who is called so, nor an entry of the book. No entry is changed.
// Guard: door.Gone; home.go, row; markup.name.
func TestGone(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	boss, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	cheat := s.Developer("Cheat", account.Member)
	root := s.SignedIn(boss)
	s.SignedIn(bob)
	root.JSON("PATCH", "/developers/"+cheat.ID, `{"name":"Bob (deleted)"}`)
	const gone = ` <span class="gone">(deleted)</span>`
	name := func(name string, d account.Developer, gone string) string {
		return "<bdi>" + name + "</bdi>" + gone + ` <span class="mark">·` + book.Short(d.ID) + "</span>"
	}
	if a := root.Get("/"); !strings.Contains(a.Body, name("Bob", bob, "")+" signed in") || strings.Contains(a.Body, gone) {
		t.Fatalf("before: %q", told(a))
	}
	before := s.Entries(book.Activity)
	if a := root.JSON("DELETE", "/developers/"+bob.ID, ""); a.Status != http.StatusOK {
		t.Fatal(a.Body)
	}
	a := root.Get("/")
	for _, want := range []string{
		name("Bob", bob, gone) + " signed in",
		`<td role="cell" class="user">` + name("Bob", bob, gone) + "</td>",
		name("Root", boss, "") + " deleted the account of " + name("Bob", bob, gone),
		name("Bob (deleted)", cheat, ""),
	} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("no %s in %q", want, told(a))
		}
	}
	for _, e := range before {
		if now, err := s.DB.Entries().ByID(t.Context(), e.ID); err != nil || now != e {
			t.Errorf("the entry was changed: %+v, %+v, %v", e, now, err)
		}
	}
	// What was hidden was an entry.
	list := s.Entries(book.Request)
	if a := root.JSON("PUT", "/logs/"+list[0].ID, ""); a.Status != http.StatusOK {
		t.Fatal(a.Body)
	}
	if said := told(root.Get("/"))[0]; !strings.Contains(said, "hid the entry") || strings.Contains(said, "deleted") {
		t.Errorf("told: %q", said)
	}
}

// TestGoneAsksOnce: one question for a page, and none for one of the reader's own entries.
func TestGoneAsksOnce(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	root, ada := s.SignedIn(s.Developer("Root", account.Admin)), s.SignedIn(s.Developer("Ada", account.Member))
	for _, name := range []string{"Bob", "Zoe", "Kim"} {
		s.SignedIn(s.Developer(name, account.Member))
	}
	for v, want := range map[*sitetest.Visitor]int{root: 1, ada: 0} {
		faults.Plan(0, 0, "")
		v.Get("/")
		n := 0
		for _, call := range faults.Calls() {
			if call == "accounts.Gone" {
				n++
			}
		}
		if n != want {
			t.Errorf("%d questions, want %d", n, want)
		}
	}
}
