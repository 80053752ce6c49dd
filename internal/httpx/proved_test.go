package httpx_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestProvedOnce: who has proved the password is not asked again for a while, and has a new key;
// after that while they are asked, and what always asks goes on asking.
func TestProvedOnce(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	ask := func(password string, want int) {
		t.Helper()
		if a := v.JSON("POST", "/api/sessions/end", `{"current_password":"`+password+`"}`); a.Status != want {
			t.Errorf("with the password %q: %d, want %d", password, a.Status, want)
		}
	}
	s.Clock.Turn(time.Hour)
	ask("", http.StatusUnprocessableEntity)
	before := v.Session()
	ask(sitetest.Password, http.StatusOK)
	if v.Session() == before {
		t.Error("the key is as it was")
	}
	s.Clock.Turn(door.Recent - time.Second)
	ask("", http.StatusOK)
	if a := v.JSON("POST", "/api/account/close", `{}`); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("closing the account without the password: %d", a.Status)
	}
	s.Clock.Turn(2 * time.Second)
	ask("", http.StatusUnprocessableEntity)
}
