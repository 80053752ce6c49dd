package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestOwnAccount: what one may see and change of oneself, and how it ends.
func TestOwnAccount(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	there := c.SignedIn(c.ada)
	got := wantGood(t, c.asAda.JSON("GET", "/api/account", ""), 200).(object)
	if got["email"] != c.ada.Email || got["role"] != "member" || got["password_hash"] != nil {
		t.Errorf("%v", got)
	}
	wantBad(t, c.stranger.JSON("GET", "/api/account", ""), 401)
	got = wantGood(t, c.asAda.JSON("PATCH", "/api/account", `{"name":"Ada L.","skills":["go"]}`), 200).(object)
	if got["name"] != "Ada L." {
		t.Errorf("%v", got)
	}
	const proof = `"current_password":"` + sitetest.Password + `"`
	wantBad(t, c.asAda.JSON("PATCH", "/api/account", `{"role":"admin"}`), 400)
	wantBad(t, c.asAda.JSON("PATCH", "/api/account", `{"short_name":"ada"}`), 422, "current_password")
	wantBad(t, c.asAda.JSON("PATCH", "/api/account", `{"short_name":"a@b",`+proof+`}`), 422, "short_name")
	got = wantGood(t, c.asAda.JSON("PATCH", "/api/account", `{"short_name":"Ada",`+proof+`}`), 200).(object)
	if got["short_name"] != "ada" {
		t.Errorf("%v", got)
	}
	bob := c.SignedIn(c.bob)
	wantBad(t, bob.JSON("PATCH", "/developers/"+c.bob.ID, `{"short_name":"ada",`+proof+`}`), 422, "short_name")
	wantBad(t, c.asRoot.JSON("PATCH", "/developers/"+c.ada.ID, `{"short_name":"root",`+proof+`}`), 403)

	wantBad(t, c.asAda.JSON("POST", "/api/account/password", `{"password":"marble fox dances at noon"}`), 422, "current_password")
	wantBad(t, c.asAda.JSON("POST", "/api/account/password", `{"password":"short",`+proof+`}`), 422, "password")
	if n := wantGood(t, c.asAda.JSON("POST", "/api/account/password", `{"password":"marble fox dances at noon",`+proof+`}`), 200).(object)["ended"]; n != 1.0 {
		t.Errorf("ended: %v", n)
	}
	wantBad(t, there.JSON("GET", "/api/account", ""), 401)

	const changed = `{"current_password":"marble fox dances at noon"}`
	wantBad(t, c.asAda.JSON("POST", "/api/account/close", `{}`), 422, "current_password")
	wantBad(t, c.asAda.JSON("POST", "/api/account/close", ""), 422, "current_password")
	wantBad(t, c.asRoot.JSON("POST", "/api/account/close", `{`+proof+`}`), 409) // the last admin
	if id := wantGood(t, c.asAda.JSON("POST", "/api/account/close", changed), 200).(object)["deleted_id"]; id != c.ada.ID {
		t.Errorf("closed: %v", id)
	}
	wantBad(t, c.asAda.JSON("GET", "/api/account", ""), 401)
}

// TestOwnDataNeedsProof: after a while, by a body that a GET has not.
func TestOwnDataNeedsProof(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	whole := func(a *sitetest.Answer) {
		t.Helper()
		if a.Status != 200 || !json.Valid([]byte(a.Body)) || a.Header.Get("Content-Disposition") == "" {
			t.Errorf("%d, %v", a.Status, a.Header)
		}
	}
	whole(c.asAda.JSON("GET", "/api/account/data", ""))
	wantBad(t, c.stranger.JSON("GET", "/api/account/data", ""), 401)
	c.Clock.Turn(11 * time.Minute)
	wantBad(t, c.asAda.JSON("GET", "/api/account/data", ""), 422, "current_password")
	wantBad(t, c.asAda.JSON("POST", "/api/account/data", ""), 422, "current_password")
	wantBad(t, c.asAda.JSON("POST", "/api/account/data", `{"current_password":"not the right one"}`), 422, "current_password")
	whole(c.asAda.JSON("POST", "/api/account/data", `{"current_password":"`+sitetest.Password+`"}`))
	c.Clock.Turn(11 * time.Minute)
	wantBad(t, c.asAda.JSON("DELETE", "/developers/"+c.ada.ID, ""), 422, "current_password")
	wantGood(t, c.asAda.JSON("DELETE", "/developers/"+c.ada.ID, `{"current_password":"`+sitetest.Password+`"}`), 200)
}
