package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestSignOutOfAnEndedSession: who signs out on a page whose session was ended elsewhere is signed
// out at the Flask application too, for which the cookie alone counts (P19).
// Guard: httpx/signout.go, Edge.outAlready.
func TestSignOutOfAnEndedSession(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	there := func() *sitetest.Visitor {
		f.Clock.Turn(time.Minute) // whoever signed in before an end of all sessions is out
		v := f.with(f.born(ada.ID))
		arrives(t, "signed in there", v, "/")
		return v
	}
	for name, sign := range map[string]func() *sitetest.Visitor{
		"signed in here": func() *sitetest.Visitor { return f.SignedIn(ada) }, "signed in there": there,
	} {
		for accept, want := range map[string]int{"text/html": http.StatusSeeOther, "application/json": http.StatusUnauthorized} {
			v := sign()
			if _, err := f.Sessions.EndAll(t.Context(), ada.ID); err != nil {
				t.Fatal(err)
			}
			a := v.Post("/auth/logout", nil, "Accept", accept)
			c := a.Cookie("session")
			if a.Status != want || c == nil || c.MaxAge >= 0 || c.Value != "" {
				t.Errorf("%s, %s: %d, cookies %v", name, accept, a.Status, a.Sent)
			}
			if a.Header.Get("Clear-Site-Data") != `"cache"` {
				t.Errorf("%s: the browser keeps its pages", name)
			}
		}
	}
	if a := f.Visitor().Post("/auth/logout", nil); a.Status != http.StatusSeeOther || len(a.Sent) > 0 {
		t.Errorf("a stranger without a cookie: %d, %v", a.Status, a.Sent)
	}
	forged := there()
	if a := forged.Post("/auth/logout", nil, "Sec-Fetch-Site", "cross-site"); a.Status != http.StatusForbidden || len(a.Sent) > 0 {
		t.Errorf("from another site: %d, %v", a.Status, a.Sent)
	}
}
