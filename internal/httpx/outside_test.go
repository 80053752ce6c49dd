package httpx_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// entering calls hook once, when an entry of the action is about to be stored.
type entering struct {
	book.Repository
	action string
	hook   func()
}

func (e *entering) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	for i := range list {
		if f := e.hook; f != nil && list[i].Action == e.action {
			e.hook = nil
			f()
		}
	}
	return e.Repository.Append(ctx, list, endings...)
}

// TestPasswordChangeBesideATab: another tab of the same browser asks for a page while the password
// is being changed. Who changed it stays signed in.
func TestPasswordChangeBesideATab(t *testing.T) {
	t.Parallel()
	book := &entering{action: book.ActionPasswordChanged}
	s := sitetest.New(t, func(p *server.Parts) { book.Repository, p.Entries = p.Entries, book })
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	tab := v.Clone()
	done := make(chan struct{})
	book.hook = func() {
		go func() { tab.Get("/login"); close(done) }() // its own entry waits for this commit
		time.Sleep(200 * time.Millisecond)
	}
	a := v.JSON("PATCH", "/developers/"+ada.ID,
		`{"password":"another violet otter hums","current_password":"`+sitetest.Password+`"}`)
	<-done
	if a.Status != http.StatusOK {
		t.Errorf("the change: %d %s", a.Status, a.Body)
	}
	if a := v.JSON("GET", "/logs", ""); a.Status != http.StatusOK {
		t.Errorf("then: %d %s", a.Status, a.Body)
	}
}

// TestAddressChangesAreNoFailedProofs: the book does not say of somebody whose password was right
// that they could not prove who they are.
func TestAddressChangesAreNoFailedProofs(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	for i := range account.DefaultGuessing().AddressChange.Free + 1 {
		a := v.JSON("PATCH", "/developers/"+ada.ID,
			fmt.Sprintf(`{"email":"ada%d@example.org","current_password":%q}`, i, sitetest.Password))
		if want := http.StatusOK; i == account.DefaultGuessing().AddressChange.Free && a.Status != http.StatusTooManyRequests || i < 9 && a.Status != want {
			t.Fatalf("%d: %d %s", i, a.Status, a.Body)
		}
	}
	for _, e := range s.Activities(book.ActionPasswordChangeFailed) {
		t.Errorf("entered: %s", e.Text)
	}
}

// TestArrowInAName: a name cannot write words of a sentence.
func TestArrowInAName(t *testing.T) {
	t.Parallel()
	e := book.Entry{
		Type: book.Activity, Action: book.ActionNameChanged, User: "0123456789abcdef01234567", UserName: "Eve",
		Target: "0123456789abcdef01234567", TargetName: "Eve", Text: "member → admin",
	}
	for _, part := range book.NewCatalog().Sentence(&e) {
		if part.Text == book.Became && !part.Chosen {
			t.Errorf("an arrow that stands in a name is said as our own: %+v", part)
		}
	}
}

// TestManyTabs: a browser restores thirty tabs of the sign-in page at once; each of them can
// submit.
func TestManyTabs(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	cookies, tokens := map[string]string{}, []string{}
	for range 30 {
		tab := s.Visitor()
		tab.Get("/login")
		for name, value := range tab.Cookies {
			cookies[name] = value
		}
		tokens = append(tokens, tab.Token)
	}
	refused := 0
	for _, token := range tokens {
		v := s.Visitor()
		for name, value := range cookies {
			v.Cookies[name] = value
		}
		v.Token = token
		a := v.Post("/auth/login", map[string][]string{"email": {ada.Email}, "password": {sitetest.Password}})
		if a.Status == http.StatusForbidden {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of %d tabs are refused", refused, len(tokens))
	}
}

// TestFloodHidesNoDeeds: whoever floods the book from an address does not keep out of it that an
// account was made from there.
func TestFloodHidesNoDeeds(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	r := book.NewRecorder(book.RecorderConfig{Repo: s.Parts.Entries, Clock: s.Clock.Now, Strangers: 5})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = r.Run(ctx) }()
	entry := func(i int, e book.Entry) book.Entry {
		e.ID = fmt.Sprintf("%024x", i+1)
		e.ClientAddr = "192.0.2.66"
		return e
	}
	for i := range 5 {
		_ = r.Append(t.Context(), entry(i, book.Entry{Type: book.Request, Status: 404}))
	}
	for i, action := range []string{book.ActionRegister, book.ActionSetup, book.ActionPasswordRehashed, book.ActionSessionVoid} {
		if err := r.Append(t.Context(), entry(100+i, book.Entry{Type: book.Activity, Action: action, Target: strings.Repeat("0", 24)})); err != nil {
			t.Fatal(err)
		}
		if len(s.Activities(action)) == 0 {
			t.Errorf("%s is missing", action)
		}
	}
}

// TestEntryOfALostRight: the right to delete an entry is lost while the write waits for its turn.
func TestEntryOfALostRight(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	s.Developer("Boss", account.Admin)
	v := s.SignedIn(root)
	target := s.Entries(book.Request)[0].ID
	tx, err := s.DB.Book.Write.BeginTx(t.Context(), nil) // the book's writer is busy
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan *sitetest.Answer)
	go func() { done <- v.JSON("DELETE", "/logs/"+target, "") }()
	time.Sleep(300 * time.Millisecond)
	role := account.Member
	if _, err := s.Parts.Accounts.Update(t.Context(), account.Actor{}, root.ID, account.Change{Role: &role}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	_ = tx.Rollback()
	if a := <-done; a.Status != http.StatusForbidden {
		t.Errorf("demoted before the write: %d %s", a.Status, a.Body)
	}
}

// TestLongName: the longest name that may be chosen stands in the book as it is.
func TestLongName(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	id := s.Activities(book.ActionSignIn)[0].User
	for _, name := range []string{strings.Repeat("漢", 100), strings.Repeat("😀", 100)} {
		if a := v.JSON("PATCH", "/developers/"+id, `{"name":"`+name+`"}`); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if got := s.Activities(book.ActionNameChanged)[0].TargetName; got != name {
			t.Errorf("the book has %q", got)
		}
	}
}
