package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session/flask"
)

const flaskKey = "the SECRET_KEY of a Flask application"

// besideFlask puts a Flask application beside a site, or one that was.
func besideFlask(shared bool) func(*server.Parts) {
	return func(p *server.Parts) {
		p.Flask = &server.Beside{Flask: flask.Config{SecretKey: []byte(flaskKey)}, Cookie: "session", Shared: shared}
	}
}

// flaskApp is a Flask application of which there is only its cookie.
type flaskApp struct {
	*sitetest.Site
	signer *flask.Signer
	t      *testing.T
}

func newFlaskApp(t *testing.T, s *sitetest.Site) *flaskApp {
	t.Helper()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte(flaskKey)})
	if err != nil {
		t.Fatal(err)
	}
	return &flaskApp{s, signer, t}
}

// sharedSite is a site with a Flask application beside it.
func sharedSite(t *testing.T) *flaskApp {
	t.Helper()
	return newFlaskApp(t, sitetest.New(t, besideFlask(true)))
}

// sign is the cookie that the application makes of a session.
func (f *flaskApp) sign(text string) string { return f.signer.Sign([]byte(text), f.Clock.Now()) }

// born is the cookie of a sign-in at the application.
func (f *flaskApp) born(id string, more ...string) string {
	return f.sign(`{` + strings.Join(append([]string{`"loggedin_user":{"_id":"` + id + `","name":"N","email":"e@example.org","skills":["go"]}`}, more...), ",") + `}`)
}

// read is what the application finds in a cookie.
func (f *flaskApp) read(cookie string) map[string]string {
	f.t.Helper()
	text, _, _, err := f.signer.Verify(cookie, f.Clock.Now(), flask.DefaultMaxAge)
	if err != nil {
		f.t.Fatalf("%v: %s", err, cookie)
	}
	split, err := flask.Split(text)
	if err != nil {
		f.t.Fatal(err)
	}
	values := map[string]string{}
	for key, value := range split {
		values[key] = string(value)
	}
	return values
}

// edit is a request to the application that changes the session of a visitor.
func (f *flaskApp) edit(v *sitetest.Visitor, change func(values map[string]string)) {
	f.t.Helper()
	values := f.read(v.Cookies["session"])
	change(values)
	raw := map[string][]byte{}
	for key, value := range values {
		raw[key] = []byte(value)
	}
	text, err := flask.Join(raw)
	if err != nil {
		f.t.Fatal(err)
	}
	v.Cookies["session"] = f.sign(string(text))
}

// with is a browser with that session cookie.
func (f *flaskApp) with(cookie string) *sitetest.Visitor {
	v := f.Visitor()
	v.Cookies["session"] = cookie
	return v
}

// home asks for the dashboard and follows redirects as a browser does. It gives the path where that
// ends.
func home(t *testing.T, v *sitetest.Visitor) (path string, a *sitetest.Answer) {
	t.Helper()
	path = "/"
	for range 5 {
		a = v.Get(path)
		switch {
		case a.Status == http.StatusOK:
			path, _, _ = strings.Cut(path, "?")
			return path, a
		case a.Location() == "":
			t.Fatalf("%s: status %d\n%s", path, a.Status, a.Body)
		}
		path = a.Location()
	}
	t.Fatalf("a redirect loop, lastly to %s", path)
	return "", nil
}

func arrives(t *testing.T, what string, v *sitetest.Visitor, want string) {
	t.Helper()
	if path, _ := home(t, v); path != want {
		t.Errorf("%s: arrives at %s, want %s", what, path, want)
	}
}

func sessions(t *testing.T, s *sitetest.Site, id string) int {
	t.Helper()
	list, err := s.Sessions.List(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// A sign-in here is a sign-in there: the cookie is Flask's, holds what the application reads, and
// no secret.
func TestFlaskReadsOurSignIn(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada Lovelace", account.Member)
	v := f.Visitor()
	v.Get("/login")
	a := v.Post("/auth/login", url.Values{"email": {ada.Email}, "password": {sitetest.Password}})
	c := a.Cookie("session")
	if c == nil || a.Cookie("__Host-session") != nil {
		t.Fatalf("status %d, cookies %v", a.Status, a.Sent)
	}
	if rest := strings.TrimPrefix(c.Raw, "session="+c.Value); rest != "; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("attributes %q", rest)
	}
	values := f.read(c.Value)
	if got, want := values["loggedin_user"], `{"_id":"`+ada.ID+`","email":"`+ada.Email+`","name":"Ada Lovelace","skills":["go"]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	text := fmt.Sprint(values)
	for _, secret := range []string{sitetest.Password, "argon2", sitetest.Hash, sitetest.Secret, flaskKey, "password", "hash"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Errorf("the cookie holds %q: %s", secret, text)
		}
	}
	for key := range values {
		if !slices.Contains([]string{"loggedin_user", "epoch", "epoch_of", "_doorbook", "_flashes"}, key) {
			t.Errorf("the cookie has a key %q", key)
		}
	}
	arrives(t, "the dashboard", v, "/")

	f.Clock.Turn(time.Minute)
	f.edit(v, func(values map[string]string) { values["visits"] = "1" })
	arrives(t, "after a visit to the application", v, "/")
	if f.read(v.Cookies["session"])["visits"] != "1" {
		t.Error("what the application keeps is lost")
	}
	old := v.Clone()
	f.edit(v, func(values map[string]string) { delete(values, "loggedin_user") })
	arrives(t, "signed out there", v, "/login")
	arrives(t, "a copy of before", old, "/login")
	if n := sessions(t, f.Site, ada.ID); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// A sign-in there is a sign-in here, whichever way the application spells the id, and the first
// form that is sent works.
func TestOurReadingOfFlaskSignIn(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{
		"a text":        `{"loggedin_user":{"_id":"%s"}}`,
		"an ObjectId":   `{"loggedin_user":{"_id":{"$oid":"%s"},"name":"Ada","skills":"go, sql","password":null}}`,
		"permanent":     `{"_permanent":true,"loggedin_user":{"_id":"%s","name":5}}`,
		"with messages": `{"_flashes":[{" t":["message",{" m":"<b>Welcome</b>"}]}],"loggedin_user":{"_id":"%s","name":"<script>"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := sharedSite(t)
			ada := f.Developer("Ada", account.Member)
			v := f.with(f.sign(fmt.Sprintf(format, ada.ID)))
			copied := v.Clone()
			path, a := home(t, v)
			if path != "/" || !strings.Contains(a.Body, "Ada") {
				t.Fatalf("arrives at %s\n%s", path, a.Body)
			}
			if strings.Contains(a.Body, "<b>Welcome") || strings.Contains(a.Body, "<script>\"") || name == "with messages" && !strings.Contains(a.Body, "&lt;b&gt;Welcome") {
				t.Errorf("the message is shown as\n%s", a.Body)
			}
			if n := sessions(t, f.Site, ada.ID); n != 1 {
				t.Errorf("%d sessions", n)
			}
			named := v.Clone()
			if a := v.Post("/auth/logout", nil); a.Status != http.StatusSeeOther || a.Location() != "/login" {
				t.Fatalf("the first form: %d %s", a.Status, a.Body)
			}
			if values := f.read(v.Cookies["session"]); values["loggedin_user"] != "" || values["_doorbook"] != "" ||
				values["_flashes"] != `[{" t":["success","You are signed out."]}]` {
				t.Errorf("after signing out the application finds %v", values)
			}
			path, a = home(t, v)
			if path != "/login" || !strings.Contains(a.Body, "You are signed out.") {
				t.Errorf("after signing out: %s\n%s", path, a.Body)
			}
			if v.Cookies["session"] != "" {
				t.Errorf("the cookie holds %v", f.read(v.Cookies["session"]))
			}
			arrives(t, "the application's cookie", copied, "/login")
			arrives(t, "the named one", named, "/login")
			out := f.Activities(book.ActionSignOut)
			if len(out) != 1 || !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(out[0].Session) || out[0].User != ada.ID {
				t.Errorf("entries %+v", out)
			}
		})
	}
}

// Who is signed in is what the application reads, to the letter.
func TestFlaskUserThatIsNone(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	for _, user := range []string{
		`null`, `{}`, `"` + ada.ID + `"`, `["` + ada.ID + `"]`, `{"_id":null}`, `{"_id":5}`, `{"_id":["` + ada.ID + `"]}`,
		`{"_id":"` + strings.ToUpper(ada.ID) + `x"}`, `{"_id":" ` + ada.ID + `"}`, `{"_id":"` + ada.ID + `\u0000"}`, `{"_id":{"$oid":["` + ada.ID + `"]}}`,
		`{"_id":{"$oid":"` + ada.ID + `","x":1}}`, `{"_id":{"$OID":"` + ada.ID + `"}}`, `{"_id":{" b":"aGk="}}`, `{" t":[["_id","` + ada.ID + `"]]}`,
		`{"id":"` + ada.ID + `"}`,
	} {
		arrives(t, user, f.with(f.sign(`{"loggedin_user":`+user+`}`)), "/login")
	}
	bob := f.Developer("Bob", account.Member)
	v := f.with(f.sign(`{"loggedin_user":{"_id":"` + ada.ID + `","_ID":"` + bob.ID + `","_Id":"` + bob.ID + `"}}`))
	if _, a := home(t, v); strings.Contains(a.Body, "Bob") || sessions(t, f.Site, bob.ID) != 0 {
		t.Error("a key in another case is somebody else")
	}
}

// A key in another case is another key, as it is for the application.
func TestFlaskUserUnderAnotherKey(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	for _, key := range []string{"_ID", "_Id"} {
		arrives(t, key, f.with(f.sign(`{"loggedin_user":{"`+key+`":"`+ada.ID+`"}}`)), "/login")
	}
}

// No cookie leads around in circles, and none is an error page.
func TestFlaskCookiesThatOpenNothing(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	gone := f.Developer("Gone", account.Member)
	ended, expired := f.with(f.born(ada.ID, `"n":1`)), f.with(f.signer.Sign([]byte(`{"loggedin_user":{"_id":"`+ada.ID+`"}}`), f.Clock.Now().Add(-32*24*time.Hour)))
	disabled := f.Developer("Disabled", account.Member)
	arrives(t, "before its end", ended, "/")
	seen := f.with(f.born(disabled.ID))
	arrives(t, "before it is disabled", seen, "/")
	root := f.SignedIn(f.Developer("Root", account.Admin))
	if a := root.JSON("PATCH", "/developers/"+disabled.ID, `{"disabled":true}`); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := root.JSON("DELETE", "/developers/"+gone.ID, ""); a.Status >= 300 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	f.Clock.Turn(time.Second)
	if _, err := f.Sessions.EndAll(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	two := f.Visitor()
	for name, v := range map[string]*sitetest.Visitor{
		"ended": ended, "expired": expired, "unknown": f.with(f.born("0123456789abcdef01234567")), "gone": f.with(f.born(gone.ID)),
		"disabled": seen, "disabled, never seen": f.with(f.born(disabled.ID, `"n":1`)), "garbage": f.with("x.y.z"), "none": two,
		"signed garbage": f.with(f.sign(`[]`)), "another key": f.with(strings.TrimRight(f.born(ada.ID), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") + "AAAA"),
		"a stranger": f.with(f.sign(`{"city":"Oslo"}`)), "ahead": f.with(f.signer.Sign([]byte(`{"loggedin_user":{"_id":"`+ada.ID+`"}}`), f.Clock.Now().Add(time.Hour))),
	} {
		arrives(t, name, v.Clone(), "/login")
		arrives(t, name+", again", v, "/login")
		arrives(t, name+", and again", v, "/login")
		if c := v.Cookies["session"]; c != "" && slices.Contains([]string{"ended", "disabled", "disabled, never seen"}, name) {
			t.Errorf("%s: the browser keeps the cookie", name)
		}
		if a := v.JSON("GET", "/logs", ""); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: a program is told %d", name, a.Status)
		}
		if a := v.SignIn(ada.Email, sitetest.Password); a.Status != http.StatusSeeOther {
			t.Errorf("%s: signing in: %d", name, a.Status)
		}
		arrives(t, name+", signed in", v, "/")
	}
}

// A page of the sign-in form sends somebody whom the application has signed in to the dashboard,
// once.
func TestLoginOfSignedInByFlask(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	v := f.with(f.born(ada.ID))
	if a := v.Get("/login"); a.Status != http.StatusSeeOther || a.Location() != "/" {
		t.Errorf("%d to %q", a.Status, a.Location())
	}
	arrives(t, "then", v, "/")
}

// A changed password ends every session but the one that changed it, also those that were never
// seen here.
func TestPasswordChangeBesideFlask(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	mine, other, unseen := f.with(f.born(ada.ID, `"n":1`)), f.with(f.born(ada.ID, `"n":2`)), f.with(f.born(ada.ID, `"n":3`))
	arrives(t, "mine", mine, "/")
	arrives(t, "the other", other, "/")
	before := mine.Clone()
	f.Clock.Turn(time.Second)
	a := mine.JSON("PATCH", "/developers/"+ada.ID, `{"password":"`+nextPassword+`","current_password":"`+sitetest.Password+`"}`)
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	f.Clock.Turn(time.Second)
	arrives(t, "the other", other, "/login")
	arrives(t, "never seen", unseen, "/login")
	arrives(t, "a copy of mine of before", before, "/login")
	arrives(t, "mine", mine, "/")
	arrives(t, "a sign-in of after", f.with(f.born(ada.ID, `"n":4`)), "/")
	for _, v := range []*sitetest.Visitor{other, unseen} {
		if text := fmt.Sprint(v.Cookies); strings.Contains(text, "session:") {
			t.Errorf("the cookie stays: %s", text)
		}
	}
	told := f.Log.String() + fmt.Sprint(f.Entries(""))
	for _, secret := range []string{nextPassword, sitetest.Password, mine.Cookies["session"], flaskKey} {
		if strings.Contains(told, secret) {
			t.Errorf("the log or the book holds %q", secret)
		}
	}
}

// Two nodes over one database obey each other's ends, at the next request.
func TestTwoNodesBesideFlask(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), sitetest.NewClock()
	at := func(p *server.Parts) { p.Now = clock.Now }
	one := newFlaskApp(t, sitetest.Open(t, dir, besideFlask(true), at))
	one.Clock = clock
	two := newFlaskApp(t, sitetest.Open(t, dir, besideFlask(true), at))
	two.Clock = clock
	ada := one.Developer("Ada", account.Member)

	v := one.with(one.born(ada.ID))
	copied := v.Clone()
	arrives(t, "at one", v, "/")
	arrives(t, "at two", v.At(two.Handler), "/")
	arrives(t, "the first cookie at two", copied.At(two.Handler), "/")
	if n := sessions(t, two.Site, ada.ID); n != 1 {
		t.Errorf("%d sessions", n)
	}
	b := two.SignedIn(ada)
	arrives(t, "signed in at two, used at one", b.At(one.Handler), "/")
	w := v.At(two.Handler)
	w.Get("/")
	if a := w.Post("/auth/logout", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d", a.Status)
	}
	arrives(t, "signed out at two, at one", v, "/login")
	arrives(t, "its first cookie", copied, "/login")
	clock.Turn(time.Second)
	unseen := one.with(one.born(ada.ID, `"n":1`))
	clock.Turn(time.Second)
	if _, err := one.Sessions.EndAll(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	arrives(t, "ended at one, at two", b, "/login")
	arrives(t, "never seen, at two", unseen.At(two.Handler), "/login")
}

// Messages and forms of strangers, over the shared cookie.
func TestStrangersBesideFlask(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	v := f.with(f.sign(`{"_flashes":[{" t":["message","Hello <i>you</i>"]}],"csrf_token":"abc","next":"/x"}`))
	a := v.Get("/login")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "Hello &lt;i&gt;you") {
		t.Errorf("%d\n%s", a.Status, a.Body)
	}
	if values := f.read(v.Cookies["session"]); values["csrf_token"] != `"abc"` || values["next"] != `"/x"` || values["_flashes"] != "" {
		t.Errorf("the application finds %v", values)
	}
	v.Get("/register")
	a = v.Post("/auth/register", url.Values{"name": {"Eve"}, "email": {"eve@example.org"}, "password": {sitetest.Password}})
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", a.Status, a.Body)
	}
	if values := f.read(v.Cookies["session"]); values["_flashes"] == "" || values["csrf_token"] != `"abc"` {
		t.Errorf("the application finds %v", values)
	}
	if a = v.Get("/"); !strings.Contains(a.Body, "Your account is made") {
		t.Errorf("%s", a.Body)
	}
	v = f.with(f.sign(`{"csrf_token":"abc"}`))
	v.Get("/login")
	if a := v.Post("/auth/login", url.Values{"email": {"eve@example.org"}, "password": {"not " + sitetest.Password}}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", a.Status)
	}
	v.Old = true
	if a := v.Post("/auth/login", url.Values{"email": {"eve@example.org"}, "password": {sitetest.Password}, "csrf_token": {"wrong"}}); a.Status != http.StatusForbidden {
		t.Errorf("a wrong token: %d", a.Status)
	}
	if a := v.Post("/auth/login", url.Values{"email": {"eve@example.org"}, "password": {sitetest.Password}}); a.Status != http.StatusSeeOther {
		t.Errorf("signing in: %d", a.Status)
	}
	if values := f.read(v.Cookies["session"]); values["csrf_token"] != `"abc"` {
		t.Errorf("the application's values are lost with the sign-in: %v", values)
	}
	if sent := f.Visitor().Get("/login").Cookie("session"); sent != nil {
		t.Errorf("a stranger who stores nothing gets %v", sent)
	}
}

// A session cookie that came twice is none: somebody may have planted one.
func TestTwoFlaskCookies(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada, bob := f.Developer("Ada", account.Member), f.Developer("Bob", account.Member)
	v := f.Visitor()
	r := httptest.NewRequest("GET", "/logs", nil)
	r.Host = sitetest.Host
	r.Header.Set("Cookie", "session="+f.born(ada.ID)+"; session="+f.born(bob.ID))
	r.Header.Set("Accept", "application/json")
	if a := v.Send(r); a.Status != http.StatusUnauthorized {
		t.Errorf("%d", a.Status)
	}
}

// Who is disabled, or has changed the password elsewhere, stays out although the application's
// session says otherwise; what the session says of the account's epoch is not believed beyond that.
func TestEpochBesideFlask(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada := f.Developer("Ada", account.Member)
	for _, epoch := range []string{`"0"`, `-1`, `5`, `99999999999999999999`, `[0]`} {
		arrives(t, "epoch "+epoch, f.with(f.born(ada.ID, `"epoch":`+epoch)), "/login")
	}
	var profile door.Profile
	v := f.SignedIn(ada)
	if err := (flask.Codec{}).Unmarshal([]byte(f.read(v.Cookies["session"])["loggedin_user"]), &profile); err != nil || profile.ID != ada.ID {
		t.Errorf("%+v, %v", profile, err)
	}
}

// A user of the application who may keep what they like in their own session does not become
// somebody else here by it.
func TestForgedNameOfAnotherAtTheDoor(t *testing.T) {
	t.Parallel()
	f := sharedSite(t)
	ada, bob := f.Developer("Ada", account.Member), f.Developer("Bob", account.Admin)
	arrives(t, "bob", f.with(f.born(bob.ID)), "/")
	list, err := f.Sessions.List(t.Context(), bob.ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	name := append([]byte{1}, list[0].ID[:]...)
	name = append(name, make([]byte, 12+6)...) // no digest, 1970
	sum := sha256.Sum256([]byte("doorbook/session subject\x00" + ada.ID))
	name = append(name, sum[:8]...)
	v := f.with(f.born(ada.ID, `"_doorbook":"`+base64.RawURLEncoding.EncodeToString(name)+`"`, `"epoch":0`))
	if _, a := home(t, v); strings.Contains(a.Body, "Bob") {
		t.Error("Ada is Bob, an administrator")
	}
}
