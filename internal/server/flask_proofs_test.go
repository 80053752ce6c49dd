package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestFirstChangeAfterFlaskIsOff: a session that came in Flask's cookie is not stored yet when the
// first request is a change. It is alive all the same.
func TestFirstChangeAfterFlaskIsOff(t *testing.T) {
	t.Parallel()
	f := newFlaskApp(t, sitetest.New(t, besideFlask(false)))
	ada, root := f.Developer("Ada", account.Member), f.Developer("Root", account.Admin)
	v := f.with(f.born(ada.ID, `"n":1`))
	if a := v.JSON("PATCH", "/developers/"+ada.ID, `{"name":"Ada L"}`); a.Status != http.StatusOK {
		t.Errorf("a member's own name: %d %s", a.Status, a.Body)
	}
	v = f.with(f.born(root.ID, `"n":2`))
	if a := v.Get("/"); a.Status != http.StatusOK {
		t.Fatalf("%d", a.Status)
	}
	if a := v.JSON("PATCH", "/developers/"+ada.ID, `{"role":"admin","current_password":"`+sitetest.Password+`"}`); a.Status != http.StatusOK {
		t.Errorf("an admin who has just looked: %d %s", a.Status, a.Body)
	}
}

// TestProofsOfFlaskSessions: the application signs a cookie anew whenever it changes a value. Each
// of them is another session here; they must not each have a share of proofs.
func TestProofsOfFlaskSessions(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	judged := 0
	for i := range 30 {
		v := f.with(f.born(ada.ID, fmt.Sprintf(`"n":%d`, i)))
		for range 3 {
			a := v.JSON("PATCH", "/developers/"+ada.ID, `{"email":"x@example.org","current_password":"a wrong one, quite long"}`)
			if a.Status == http.StatusUnprocessableEntity {
				judged++
			}
		}
	}
	if most := account.DefaultGuessing().Proofs.Free; judged > most {
		t.Errorf("%d guesses at the current password with one stolen cookie, at most %d", judged, most)
	}
}

// TestSomebodyElseAtFlask: the application signs somebody else in and leaves alone what it does not
// know. Whose account has had another password is nobody's epoch but theirs.
func TestSomebodyElseAtFlask(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada, bob := f.Developer("Ada", account.Member), f.Developer("Bob", account.Member)
	_, err := f.Parts.Accounts.Update(t.Context(), account.Actor{}, bob.ID, account.Change{EndSignIns: true}, f.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	v := f.SignedIn(ada)
	f.Clock.Turn(time.Minute)
	f.edit(v, func(values map[string]string) {
		values["loggedin_user"] = `{"_id":"` + bob.ID + `","name":"Bob","email":"bob@example.org","skills":["go"]}`
	})
	arrives(t, "Bob", v, "/")
}
