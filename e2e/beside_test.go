package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestBeside is the way from Flask as docs/from-flask.md tells it, with the real Flask: both
// applications on one database and one cookie behind nginx, and in the end Doorbook alone.
func TestBeside(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	b := rig.StartBeside(t, database)
	ada := b.Admin()
	if ada.Cookie("session") == "" {
		t.Fatalf("the session is not in Flask's cookie: %q", ada.Cookies())
	}
	step := func(name string, f func(t *testing.T, b *rig.Beside, database string)) {
		t.Run(name, func(t *testing.T) { f(t, b, database) })
	}
	step("signing in", besideSigningIn)
	step("signing out", besideSigningOut)
	step("flash messages", besideFlashes)
	step("passwords", besidePasswords)
	step("both in the book", besideEntries)
	step("ended by Doorbook", besideEnded)
	step("import", besideImport)
	step("Flask is switched off", besideOff) // the last one: nothing comes back
}

// flaskRegisters makes an account in Flask.
func flaskRegisters(t *testing.T, b *rig.Beside, name, email string) {
	t.Helper()
	c := b.Client().At(b.Flask)
	a := c.Send("POST", "/auth/register", rig.Fields("name", name, "email", email, "skills", "go, sql", "password", rig.Password).Encode(), rig.URLEncoded())
	if a.Status != 303 {
		t.Fatalf("register in Flask: %d %s", a.Status, a.Body)
	}
}

// flaskSignsIn gives a visitor whom Flask has signed in, at nginx.
func flaskSignsIn(t *testing.T, b *rig.Beside, email, password string) *rig.Client {
	t.Helper()
	c := b.Client().At(b.Flask)
	a := c.Send("POST", "/auth/login", rig.Fields("email", email, "password", password).Encode(), rig.URLEncoded())
	if a.Status != 303 {
		t.Fatalf("sign in at Flask as %s: %d %s", email, a.Status, a.Body)
	}
	return c.At(b.Site)
}

// unlike gives the same visitor with another value in the session. Flask's cookies say nothing of
// who holds them: those of two browsers in which a developer signs in within one second are the
// same text, and so the same session.
func unlike(t *testing.T, b *rig.Beside, c *rig.Client, kind string) *rig.Client {
	t.Helper()
	c = c.At(b.Flask)
	if a := c.Send("POST", "/reports", "type="+kind, rig.URLEncoded()); a.Status != 303 {
		t.Fatalf("choose a report: %d", a.Status)
	}
	return c.At(b.Site)
}

// knows fails unless both sides know who the visitor is: Flask answers /reports, Doorbook the
// dashboard.
func knows(t *testing.T, c *rig.Client, name string) {
	t.Helper()
	if a := c.Get("/reports"); a.Status != 200 || !strings.Contains(a.Body, "<span>"+name+"</span>") || !strings.Contains(a.Body, "Flask") {
		t.Errorf("Flask does not know %s: %d", name, a.Status)
	}
	if a := c.Get("/"); a.Status != 200 || !strings.Contains(a.Body, "Welcome "+name) || a.RequestID() == "" {
		t.Errorf("Doorbook does not know %s: %d to %q", name, a.Status, a.Location())
	}
}

// knowsNot fails unless both sides send the visitor to sign in.
func knowsNot(t *testing.T, c *rig.Client, why string) {
	t.Helper()
	for _, path := range []string{"/reports", "/"} {
		if a := c.Get(path); a.Status != 303 || !strings.HasPrefix(a.Location(), "/login") {
			t.Errorf("%s: %s %d to %q, want to sign in", why, path, a.Status, a.Location())
		}
	}
}

func besideSigningIn(t *testing.T, b *rig.Beside, _ string) {
	flaskRegisters(t, b, "Fay", "fay@example.org")
	here := b.Client()
	if a := here.SignIn("fay@example.org", rig.Password); a.Status != 303 {
		t.Fatalf("registered in Flask, signed in here: %d %s", a.Status, a.Body)
	}
	knows(t, here, "Fay")
	knows(t, flaskSignsIn(t, b, "FAY@example.org", rig.Password), "Fay")
	knows(t, b.Member("Dora", "Dora@example.org"), "Dora")
	knows(t, flaskSignsIn(t, b, "dora@example.org", rig.Password), "Dora")
}

func besideSigningOut(t *testing.T, b *rig.Beside, _ string) {
	for _, begun := range []string{"Flask", "Doorbook"} {
		for _, ended := range []string{"Flask", "Doorbook"} {
			c := b.Client()
			if begun == "Flask" {
				c = flaskSignsIn(t, b, "fay@example.org", rig.Password)
			} else {
				c.SignIn("fay@example.org", rig.Password)
			}
			knows(t, c, "Fay")
			copied := c.Clone()
			if ended == "Flask" {
				// Its page has no button while Doorbook answers /auth/, so it is asked by itself.
				tab := c.At(b.Flask)
				if a := tab.Send("POST", "/auth/logout", "", rig.URLEncoded()); a.Status != 303 {
					t.Fatalf("sign out at Flask: %d", a.Status)
				}
				knowsNot(t, tab.At(b.Site), "begun at "+begun+", ended at Flask")
				continue
			}
			if a := c.SignOut(); a.Status != 303 {
				t.Fatalf("sign out here: %d %s", a.Status, a.Body)
			}
			knowsNot(t, c, "begun at "+begun+", ended here")
			// What Flask's side cannot enforce, and ours can.
			if a := copied.Clone().Get("/reports"); a.Status != 200 {
				t.Errorf("a copy of the cookie at Flask: %d, want 200 as docs/from-flask.md tells", a.Status)
			}
			if a := copied.Get("/"); a.Status != 303 {
				t.Errorf("a copy of the cookie here: %d, want 303", a.Status)
			}
		}
	}
}

// besideFlashes: a message of one side is shown by the other, once; other values of the session are
// carried along.
func besideFlashes(t *testing.T, b *rig.Beside, _ string) {
	shows := func(c *rig.Client, path, message string, times int) {
		t.Helper()
		if a := c.Get(path); strings.Count(a.Body, message) != times {
			t.Errorf("%s of %s (%d) shows %q %d times, want %d", path, c.Base, a.Status, message, strings.Count(a.Body, message), times)
		}
	}
	nextSecond() // or it might be the session that was ended a moment ago
	c := flaskSignsIn(t, b, "fay@example.org", rig.Password)
	shows(c, "/", "Welcome back, Fay.", 1) // Flask's message, Doorbook's page
	shows(c, "/reports", "Welcome back, Fay.", 0)
	shows(c, "/", "Welcome back, Fay.", 0)

	if a := c.Send("POST", "/reports", "type=activity", rig.URLEncoded()); a.Status != 303 {
		t.Fatalf("choose a report: %d", a.Status)
	}
	shows(c, "/", "Reports count entries of the type activity", 1)
	shows(c, "/reports", "Reports count entries of the type activity", 0)
	shows(c, "/reports", "newest entries of the type activity", 1) // a value that Doorbook does not know

	c = b.Client()
	c.Register("Gil", "gil@example.org", rig.Password)
	flask := c.At(b.Flask)
	shows(flask, "/reports", "Your account is made", 1) // Doorbook's message, Flask's page
	shows(flask, "/reports", "Your account is made", 0)
	shows(flask.At(b.Site), "/", "Your account is made", 0)
}

// nextSecond waits for it. Flask dates its cookies in seconds, so Doorbook takes one that was made
// in the same second in which all sessions of its owner were ended for one from before.
func nextSecond() {
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1010 * time.Millisecond)))
}

// storedHash gives a developer's password hash.
func storedHash(t *testing.T, database, email string) string {
	t.Helper()
	var found struct{ Password string }
	err := rig.Mongo(t, database).Collection("developers").FindOne(t.Context(), bson.D{{Key: "email", Value: email}}).Decode(&found)
	if err != nil {
		t.Fatalf("%s: %v", email, err)
	}
	return found.Password
}

// besidePasswords: whatever is hashed on one side can be read on the other.
func besidePasswords(t *testing.T, b *rig.Beside, database string) {
	const anew = rig.Password + " anew"
	flaskRegisters(t, b, "Hal", "hal@example.org")
	c := flaskSignsIn(t, b, "hal@example.org", rig.Password)
	before := storedHash(t, database, "hal@example.org")
	here := b.Client()
	here.SignIn("hal@example.org", rig.Password)
	if got := storedHash(t, database, "hal@example.org"); got != before && !strings.HasPrefix(got, "pbkdf2:") {
		t.Errorf("signing in here made of %s %s", before, got)
	}
	change := map[string]any{"password": anew, "current_password": rig.Password}
	if a := here.At(b.Doorbook).JSON("PATCH", "/developers/"+self(t, here.At(b.Doorbook)).ID, change); a.Status != 200 {
		t.Fatalf("change the password: %d %s", a.Status, a.Body)
	}
	if got := storedHash(t, database, "hal@example.org"); got == before || !strings.HasPrefix(got, "pbkdf2:sha256:") {
		t.Errorf("changed here: %s", got)
	}
	nextSecond()
	knows(t, flaskSignsIn(t, b, "hal@example.org", anew), "Hal")
	// The session that Flask began before is over here.
	if a := c.Get("/"); a.Status != 303 {
		t.Errorf("Flask's session after its owner got a new password: %d, want 303", a.Status)
	}
	old := b.Client().At(b.Flask)
	if a := old.Send("POST", "/auth/login", rig.Fields("email", "hal@example.org", "password", rig.Password).Encode(), rig.URLEncoded()); a.Status != 422 {
		t.Errorf("the old password at Flask: %d, want 422", a.Status)
	}
	r := rig.Run(t, b.Env(), rig.Password+"\n", "user", "add", "cleo@example.org", "--name", "Cleo", "--password-stdin")
	if r.Code != 0 {
		t.Fatalf("user add: %+v", r)
	}
	knows(t, flaskSignsIn(t, b, "cleo@example.org", rig.Password), "Cleo")
}

// besideEntries: what both have written down is shown by both, newest first.
func besideEntries(t *testing.T, b *rig.Beside, _ string) {
	ada := b.Client()
	ada.SignIn("ada@example.org", rig.Password)
	for i := range 3 {
		ada.Get(fmt.Sprintf("/flask-%d", i))               // Flask's 404
		ada.At(b.Doorbook).Get(fmt.Sprintf("/door-%d", i)) // Doorbook's
	}
	want := []string{"/door-2", "/flask-2", "/door-1", "/flask-1", "/door-0", "/flask-0"}
	var got []string
	for _, e := range readBook(t, func(int) *rig.Client { return ada.At(b.Doorbook) }, 25, 0) {
		if strings.HasPrefix(e.URL, "/flask-") || strings.HasPrefix(e.URL, "/door-") {
			got = append(got, e.URL)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Doorbook lists %v, want %v", got, want)
	}
	// Flask sorts by _id, whose time is in seconds: of one second the order is anything. Its times
	// name no zone.
	type line struct {
		URL  string `json:"url"`
		Time string `json:"created_at"`
	}
	list := rig.Data[[]line](t, ada.Get("/logs"))
	const second = len("2006-01-02T15:04:05")
	found := map[string]bool{}
	for i, e := range list {
		found[e.URL] = true
		if i > 0 && e.Time[:second] > list[i-1].Time[:second] {
			t.Errorf("Flask lists an entry of %s after one of %s", e.Time, list[i-1].Time)
		}
	}
	for _, path := range want {
		if !found[path] {
			t.Errorf("Flask does not list %s", path)
		}
	}
	page := ada.Get("/").Body
	for _, path := range want[:4] {
		if !strings.Contains(page, path) {
			t.Errorf("Doorbook's dashboard does not show %s", path)
		}
	}
	// Of what Flask wrote down nothing is shown that may be a secret.
	if strings.Contains(page, rig.Password) {
		t.Error("the dashboard shows a password")
	}
}

// besideEnded: sessions that Flask began are ended by what Doorbook does to their owner, at the
// next request.
func besideEnded(t *testing.T, b *rig.Beside, _ string) {
	flaskRegisters(t, b, "Ivy", "ivy@example.org")
	ada := b.Client().At(b.Doorbook)
	ada.SignIn("ada@example.org", rig.Password)
	id := ""
	for _, d := range developers(t, ada) {
		if d.Name == "Ivy" {
			id = d.ID
		}
	}
	disable := func(is bool) {
		t.Helper()
		if a := ada.JSON("PATCH", "/developers/"+id, map[string]any{"disabled": is}); a.Status != 200 {
			t.Fatalf("disabled=%t: %d %s", is, a.Status, a.Body)
		}
	}
	c := flaskSignsIn(t, b, "ivy@example.org", rig.Password)
	unseen := unlike(t, b, c, "error")
	knows(t, c, "Ivy")
	copied := c.Clone()
	c.Header.Set("Accept", "text/html") // as browsers do
	disable(true)
	a := c.Get("/")
	if a.Status != 303 || !strings.HasPrefix(a.Location(), "/login") {
		t.Errorf("a disabled developer: %d to %q, want to sign in", a.Status, a.Location())
	}
	if c.Cookie("session") != "" || !cleared(a, "session") {
		t.Errorf("the cookie is left in the browser: %q", a.Header.Values("Set-Cookie"))
	}
	if a := b.Client().SignIn("ivy@example.org", rig.Password); a.Status != 422 {
		t.Errorf("a disabled developer signs in: %d, want 422", a.Status)
	}
	disable(false)
	for what, old := range map[string]*rig.Client{"a copy": copied, "a session that Doorbook had never seen": unseen} {
		if a := old.Get("/"); a.Status != 303 {
			t.Errorf("%s, when the account is enabled again: %d, want 303", what, a.Status)
		}
	}
	// The command line ends them, too.
	nextSecond()
	c = flaskSignsIn(t, b, "ivy@example.org", rig.Password)
	knows(t, c, "Ivy")
	if r := rig.Run(t, b.Env(), rig.Password+" anew\n", "user", "password", "ivy@example.org", "--password-stdin"); r.Code != 0 {
		t.Fatalf("user password: %+v", r)
	}
	if a := c.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("a session of Flask's after its owner got a new password: %d, want 303", a.Status)
	}
	nextSecond()
	knows(t, flaskSignsIn(t, b, "ivy@example.org", rig.Password+" anew"), "Ivy")
}

// cleared reports whether an answer takes a cookie away.
func cleared(a rig.Answer, name string) bool {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == name && c.MaxAge < 0 {
			return true
		}
	}
	return false
}
