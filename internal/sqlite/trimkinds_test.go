package sqlite_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// TestStrangersDeedsPushOutPeople: what strangers are refused is an activity each. A flood of those
// must not push out the requests of people, nor what they did.
func TestStrangersDeedsPushOutPeople(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	repo, at := db.Entries(), time.Now().UTC()
	put := func(i int, e book.Entry) string {
		e.ID, e.CreatedAt, e.Text = fmt.Sprintf("%024x", i+1), at.Add(time.Duration(i)*time.Millisecond), strings.Repeat("t", 900)
		if err := repo.Append(t.Context(), []book.Entry{e}); err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	const user = "0123456789abcdef01234567"
	request := put(0, book.Entry{Type: book.Request, User: user, Status: 200})
	deed := put(1, book.Entry{Type: book.Activity, User: user, Action: book.ActionPasswordChanged})
	for i := range 2000 { // a form without its token, from as many addresses as you like
		put(10+i, book.Entry{Type: book.Activity, Action: book.ActionFormTokenRefused, ClientAddr: fmt.Sprintf("2001:db8:%x::1", i)})
	}
	if _, err := repo.Trim(t.Context(), time.Time{}, 1<<20, 1000); err != nil {
		t.Fatal(err)
	}
	for what, id := range map[string]string{"a person's request": request, "a person's deed": deed} {
		if _, err := repo.ByID(t.Context(), id); err != nil {
			t.Errorf("%s was pushed out by strangers' activities: %v", what, err)
		}
	}
}

// TestStrangersAreWhoseEventsAnybodyCauses: what SQLite takes for strangers' is what book.Events says.
func TestStrangersAreWhoseEventsAnybodyCauses(t *testing.T) {
	t.Parallel()
	for _, e := range book.Events() {
		anybody := e.Type == book.Activity && !e.AtOnce && !e.Awaits
		if named := strings.Contains(sqlite.IsStrangers, "'"+e.Action+"'"); named != anybody {
			t.Errorf("%s: named %v, want %v", e.Action, named, anybody)
		}
	}
}
