package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sitetest"
)

type tokenAnswer struct {
	Status bool
	Data   struct {
		ID, Name, State, Token string
		Scopes                 []string
	}
	Fields map[string]string
}

// TestTokens: one is made, shown once, listed, used and ended, by the book too. Guard:
// door.MakeToken.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	v := s.SignedIn(ada)
	a := v.JSON("POST", "/api/tokens", `{"name":"deploy 🚀","scopes":["write","read"],"days":7}`)
	var made tokenAnswer
	if a.JSON(t, &made); a.Status != http.StatusCreated || made.Data.State != "live" || strings.Join(made.Data.Scopes, " ") != "read write" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	text := made.Data.Token
	if _, ok := account.TokenHash(text); !ok {
		t.Fatalf("no token: %s", a.Body)
	}
	bearer := func() *sitetest.Answer {
		return s.Visitor().Do("GET", "/api/tokens", "", "Authorization", "Bearer "+text)
	}
	for _, list := range []*sitetest.Answer{
		bearer(), v.JSON("GET", "/api/tokens", ""), s.SignedIn(root).JSON("GET", "/api/developers/"+ada.ID+"/tokens", ""),
	} {
		if list.Status != 200 || !strings.Contains(list.Body, made.Data.ID) || strings.Contains(list.Body, text) {
			t.Errorf("%d %s", list.Status, list.Body)
		}
	}
	if end := v.JSON("POST", "/api/tokens/"+made.Data.ID+"/end", ""); end.Status != 200 || bearer().Status != 401 {
		t.Errorf("%d %s", end.Status, end.Body)
	}
	if again := v.JSON("POST", "/api/tokens/"+made.Data.ID+"/end", ""); again.Status != 404 {
		t.Errorf("ended twice: %d", again.Status)
	}
	if list := v.JSON("GET", "/api/tokens", ""); !strings.Contains(list.Body, `"state":"ended"`) {
		t.Errorf("the ended one is not listed: %s", list.Body)
	}
	for _, action := range []book.Action{book.ActionTokenMade, book.ActionTokenEnded} {
		told := s.Activities(action)
		if len(told) != 1 || told[0].Target != ada.ID || !strings.Contains(told[0].Text, "deploy 🚀") || strings.Contains(told[0].Text, text) {
			t.Errorf("%s: %+v", action, told)
		}
	}
	for _, e := range s.Entries("") {
		if strings.Contains(fmt.Sprintf("%+v", e), text) {
			t.Errorf("the book keeps the token: %+v", e)
		}
	}
	if strings.Contains(s.Log.String(), text) {
		t.Error("the log has the token")
	}
}

// TestTokensRefused: what cannot be a token's name, scope or time is named field by field, and
// nobody has more than they may.
func TestTokensRefused(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	for body, field := range map[string]string{
		`{"name":"","scopes":["read"]}`:                                 "name",
		`{"name":"a\u202eb","scopes":["read"]}`:                         "name",
		`{"name":"` + strings.Repeat("x", 101) + `","scopes":["read"]}`: "name",
		`{"name":"a"}`:                                                        "scopes",
		`{"name":"a","scopes":["admin"]}`:                                     "scopes",
		`{"name":"a","scopes":"read"}`:                                        "scopes",
		`{"name":"a","scopes":["read"],"days":366}`:                           "days",
		`{"name":"a","scopes":["read"],"days":-1}`:                            "days",
		`{"name":"a","scopes":["read"],"days":"7"}`:                           "days",
		`{"name":" \u200d ","scopes":["read","everything"],"days":100000000}`: "scopes",
	} {
		var got tokenAnswer
		a := v.JSON("POST", "/api/tokens", body)
		if a.JSON(t, &got); a.Status != 422 || got.Fields[field] == "" {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	for range account.MaxTokens {
		s.Token(ada, account.ScopeRead)
	}
	if a := v.JSON("POST", "/api/tokens", `{"name":"a","scopes":["read"]}`); a.Status != http.StatusConflict {
		t.Errorf("one too many: %d %s", a.Status, a.Body)
	}
}

// TestTokensEndWithThePassword: a new password ends all tokens, in the lists and in the book too.
// Guard: door.endTokens.
func TestTokensEndWithThePassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	s.Token(ada, account.ScopeRead)
	v := s.SignedIn(ada)
	if a := v.JSON("PATCH", "/developers/"+ada.ID, `{"password":"marble fox dances at noon","current_password":"`+sitetest.Password+`"}`); a.Status != 200 {
		t.Fatal(a.Body)
	}
	list, err := s.DB.Tokens().List(t.Context(), ada.ID)
	if err != nil || len(list) != 1 || !list[0].Ended {
		t.Errorf("%+v, %v", list, err)
	}
	if told := s.Activities(book.ActionTokenEnded); len(told) != 1 || told[0].Text != "1 token, because the password was changed" {
		t.Errorf("%+v", told)
	}
}
