package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestGateFlask: the Flask application as a whole behind the gate, with its session cookie: what
// docs/from-flask.md says of whose pages are which, and who knows whom.
func TestGateFlask(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	flask := rig.StartFlask(t, database)
	env := []string{"DOORBOOK_DATABASE=" + database, "DOORBOOK_FLASK_SECRET_KEY=" + rig.FlaskKey}
	g := rig.StartGate(t, rig.Options{Env: env, Args: []string{"--sessions", "flask"}}, flask.URL)
	person := http.Header{"Accept": {"text/html"}}

	stranger := g.Client()
	for _, path := range []string{"/", "/reports", "/logs", "/developers", "/login", "/static/style.css"} {
		a := stranger.Send(http.MethodGet, path, "", person)
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), rig.PagesPath+"/login?next=") {
			t.Errorf("%s of a stranger: %d to %q", path, a.Status, a.Location())
		}
	}
	own := g.Server.Client()
	a := own.Form("/setup?token="+g.Token, "/setup", rig.Fields(
		"token", g.Token, "name", "Zoë Müller", "email", "zoe@example.org", "password", rig.Password))
	if a.Status != http.StatusSeeOther || own.Cookie("session") == "" {
		t.Fatalf("setup: %d, cookies %q", a.Status, own.Cookies())
	}
	c := own.At(g)
	for path, says := range map[string]string{"/": "Zoë Müller", "/reports": "Reports", rig.PagesPath + "/": "Welcome Zoë Müller"} {
		if a := c.Send(http.MethodGet, path, "", person); a.Status != 200 || !strings.Contains(a.Body, says) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	// What Flask keeps in the session crosses the gate, and does not sign anybody out.
	before := c.Cookie("session")
	if a := c.Send(http.MethodPost, "/reports", "type=error", rig.URLEncoded()); a.Status >= 400 || c.Cookie("session") == before {
		t.Errorf("Flask writes into the session: %d, the cookie is the same: %v", a.Status, c.Cookie("session") == before)
	}
	if a := c.Get("/reports"); a.Status != 200 || !strings.Contains(a.Body, "<option selected>error") {
		t.Errorf("what Flask has kept: %d %s", a.Status, a.Body)
	}
	// Signed out on either side, one is out on both.
	again := c.At(g.Server)
	if a := again.SignOut(); a.Status != http.StatusSeeOther {
		t.Errorf("signing out: %d %s", a.Status, a.Body)
	}
	if a := again.At(g).Get("/reports"); a.Status != http.StatusUnauthorized {
		t.Errorf("signed out at the door: %d %s", a.Status, a.Body)
	}
	fresh := g.Server.Client()
	if a := fresh.SignIn("zoe@example.org", rig.Password); a.Status != http.StatusSeeOther {
		t.Fatalf("signing in: %d %s", a.Status, a.Body)
	}
	fresh = fresh.At(g)
	if a := fresh.Send(http.MethodPost, "/auth/logout", "", rig.URLEncoded()); a.Status >= 400 {
		t.Errorf("signing out at Flask: %d %s", a.Status, a.Body)
	}
	if a := fresh.Send(http.MethodGet, "/reports", "", person); a.Status != http.StatusSeeOther {
		t.Errorf("signed out at Flask: %d to %q", a.Status, a.Location())
	}
}
