package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestCanaryOfPeople types the canary wherever admins prove their password and strangers choose one
// behind a link: right, wrong, and in the wrong field. It spoils one-time links and tokens in every
// way that there is, and sends them where they do not belong. Then none of them may be anywhere.
//
// It fails when a route keeps one of these fields (httpx.Routes), a page shows one again, or the
// book keeps of an address what may be a token (book.RedactURL).
func TestCanaryOfPeople(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	b := &bird{
		t: t, s: s,
		age:  func() { s.Exec(t, "doorbook.db", `UPDATE sessions SET signed_in = signed_in - 3600000`) },
		calm: func() { s.Exec(t, "doorbook.db", `DELETE FROM throttle`) },
		late: func() { s.Exec(t, "doorbook.db", `UPDATE developers SET link_expires = 1 WHERE link_expires > 0`) },
	}
	disguises := b.fly()
	s.NoTrace(t, "while running", disguises)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.NoTrace(t, "after the end", disguises)
}

// TestCanaryOfPeopleOnMongo is the same on a database that is remote, of which every document is
// searched.
func TestCanaryOfPeopleOnMongo(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1", "DOORBOOK_DATABASE=" + database}})
	db := rig.Mongo(t, database)
	set := func(collection, field string, to time.Time) {
		t.Helper()
		has := bson.M{field: bson.M{"$exists": true}}
		r, err := db.Collection(collection).UpdateMany(t.Context(), has, bson.M{"$set": bson.M{field: to}})
		if err != nil || r.ModifiedCount == 0 {
			t.Fatalf("%s of %s: %+v %v", field, collection, r, err)
		}
	}
	b := &bird{
		t: t, s: s, slow: true,
		age:  func() { set("sessions", "signed_in", time.Now().Add(-time.Hour)) },
		calm: func() { _, _ = db.Collection("throttle").DeleteMany(t.Context(), bson.D{}) },
		late: func() { set("developers", "link.expires", time.UnixMilli(1)) },
	}
	disguises := b.fly()
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	texts := map[string]string{"stdout": s.Stdout(), "stderr": s.Stderr()}
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil || len(names) < 5 {
		t.Fatalf("collections %v: %v", names, err)
	}
	for _, name := range names {
		found, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for found.Next(t.Context()) {
			texts[name] += string(found.Current) + found.Current.String()
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			texts[file] = string(text)
		}
	}
	nowhere(t, texts, disguises)
}

// nowhere fails where a text holds a secret.
func nowhere(t *testing.T, texts map[string]string, disguises []string) {
	t.Helper()
	for name, text := range texts {
		for _, hit := range rig.Found([]byte(text), disguises) {
			i := strings.Index(text, hit)
			t.Errorf("%s holds %q: …%q…", name, hit, text[max(0, i-200):min(len(text), i+len(hit)+20)])
		}
	}
}

// bird carries the secrets about.
type bird struct {
	t *testing.T
	s *rig.Server

	// What is done to the database: every sign-in is an hour old, no guess is counted, every link is
	// too old.
	age, calm, late func()

	slow     bool // the database is, so that not every token goes everywhere
	admin    *rig.Client
	visitors int
}

// prove has the admin asked for the password at their next change, however often it was wrong or
// right before.
func (b *bird) prove() {
	b.t.Helper()
	b.calm()
	b.admin = b.visitor()
	b.want("sign in", b.admin.SignIn("ada@example.org", canary), 303)
	b.age()
}

// visitor has an address of their own, so that none is throttled.
func (b *bird) visitor() *rig.Client {
	b.visitors++
	return b.s.Client().From(fmt.Sprintf("198.51.100.%d", b.visitors))
}

// want fails unless the answer has the status.
func (b *bird) want(what string, a rig.Answer, status int) rig.Answer {
	b.t.Helper()
	if a.Status != status {
		b.t.Errorf("%s: status %d, want %d: %.300s", what, a.Status, status, a.Body)
	}
	return a
}

// fly goes everywhere, and then looks at every page. It gives what is to be found nowhere.
func (b *bird) fly() (disguises []string) {
	b.t.Helper()
	b.admin = b.s.Admin()
	b.want("the admin's password", b.admin.Form("/account/password", "/account/password",
		rig.Fields("password", canary, "current_password", rig.Password)), 303)
	ids := map[string]string{}
	for _, name := range []string{"Bob", "Cyd"} {
		email := strings.ToLower(name) + "@example.org"
		b.want("register", b.visitor().Register(name, email, rig.Password), 303)
	}
	for _, d := range developers(b.t, b.admin) {
		ids[d.Email] = d.ID
	}
	tokens := b.acts(ids["bob@example.org"], ids["cyd@example.org"])
	b.json(ids["bob@example.org"], ids["cyd@example.org"])
	tokens = append(tokens, b.links(ids["bob@example.org"])...)
	tokens = append(tokens, b.bearers()...)
	for i, token := range tokens {
		if !b.slow || i == 0 || i == len(tokens)-2 { // a link, and a token that is good
			b.astray(token)
		}
		disguises = append(disguises, rig.Disguises(token)...)
	}
	disguises = append(disguises, rig.Disguises(canary)...)
	b.admin = b.s.Client()
	b.want("sign in", b.admin.SignIn("ada@example.org", canary), 303)
	pages := everyPage(b.t, b.s, b.admin)
	for _, path := range []string{
		"/people", "/people/" + ids["bob@example.org"], "/people/" + ids["bob@example.org"] + "/groups", "/invite", "/registration",
		"/account/sessions", "/account/tokens", "/api/people", "/api/people/" + ids["bob@example.org"], "/api/registration",
		"/api/tokens", "/api/sessions", "/api/account/data",
	} {
		pages[path] = b.want(path, b.admin.Get(path), 200).Body
	}
	nowhere(b.t, pages, disguises)
	return disguises
}

// acts types the canary on the pages in words before each change.
func (b *bird) acts(bob, cyd string) (tokens []string) {
	b.t.Helper()
	post := func(what, page string, status int, pairs ...string) string {
		b.t.Helper()
		a := b.want(page+", "+what, b.admin.Form(page, page, rig.Fields(pairs...)), status)
		if typed := rig.Fields(pairs...); len(rig.Found([]byte(strings.Join(typed["email"], "")+strings.Join(typed["groups"], "")+
			strings.Join(typed["name"], "")+strings.Join(typed["domains"], "")), rig.Disguises(canary))) == 0 {
			nowhere(b.t, map[string]string{page + ", " + what: a.Body}, rig.Disguises(canary))
		}
		return a.Body
	}
	// both proves the password with a wrong and then with the right canary.
	both := func(page string, status int, pairs ...string) string {
		b.t.Helper()
		b.prove()
		post("wrong", page, 422, append(pairs, "current_password", canary+"!")...)
		return post("right", page, status, append(pairs, "current_password", canary)...)
	}
	both("/registration", 422, "mode", "open", "domains", canary)
	post("mode", "/registration", 422, "mode", canary, "current_password", canary)
	post("saved", "/registration", 303, "mode", "open", "approval", canary, "domains", "", "current_password", canary)
	post("off again", "/registration", 303, "mode", "open", "domains", "", "current_password", canary)
	both("/invite", 422, "email", canary, "name", canary, "groups", canary, "role", canary)
	first := linkPath.FindString(both("/invite", 200, "email", "zoe@example.org", "role", "member", "password", canary))

	at := "/people/" + bob + "/"
	both(at+"role", 303, "role", "admin")
	post("role", at+"role", 422, "role", canary, "current_password", canary)
	both(at+"role", 303, "role", "member", "password", canary)
	both(at+"groups", 422, "groups", canary)
	both(at+"groups", 303, "groups", "night")
	both(at+"disable", 303, "disabled", canary)
	both(at+"enable", 303)
	both(at+"approve", 409)
	link := linkPath.FindString(both(at+"password-link", 200))
	both(at+"end-sessions", 303)
	both("/people/"+cyd+"/delete", 303, "email", "cyd@example.org")
	post("the address", at+"delete", 422, "email", canary, "current_password", canary)

	zoe := rig.Data[[]struct{ ID string }](b.t, b.admin.Get("/api/people?state=invited"))
	if len(zoe) != 1 || first == "" || link == "" {
		b.t.Fatalf("%d are invited, links %q and %q", len(zoe), first, link)
	}
	second := linkPath.FindString(both("/people/"+zoe[0].ID+"/invite", 200)) // the first is void
	for what, void := range map[string]string{"replaced": first, "good": second} {
		if status := b.visitor().Get(void).Status; (status == 200) != (what == "good") {
			b.t.Errorf("%s: %d", what, status)
		}
	}
	both("/people/"+zoe[0].ID+"/withdraw", 303)
	b.want("withdrawn", b.visitor().Get(second), 404)
	for _, query := range []string{"q", "group", "after", "role", "state", "did", canary} {
		b.admin.Get("/people?" + url.QueryEscape(query) + "=" + url.QueryEscape(canary))
		b.admin.Get("/api/people?" + url.QueryEscape(query) + "=" + url.QueryEscape(canary))
		b.admin.Get("/people/" + bob + "?" + url.QueryEscape(query) + "=" + url.QueryEscape(canary))
	}
	session := regexp.MustCompile(`/account/sessions/[^/"]+/name`).FindString(b.admin.Get("/account/sessions").Body)
	if session == "" {
		b.t.Fatal("no device can be named")
	}
	b.admin.Form("/account/sessions", session, rig.Fields("name", canary)) // longer than a name may be
	b.prove()
	token := func(what string, pairs ...string) {
		b.t.Helper()
		b.want("a token, "+what, b.admin.Form("/account/tokens/new", "/account/tokens", rig.Fields(pairs...)), 422)
	}
	token("wrong", "name", "a", "read", canary, canary, "yes", "days", "7", "current_password", canary+"!")
	token("wrong fields", "name", canary, "read", "yes", "days", canary, "current_password", canary)
	return []string{strings.TrimPrefix(first, "/link/"), strings.TrimPrefix(second, "/link/"), strings.TrimPrefix(link, "/link/")}
}

// json is acts for programs.
func (b *bird) json(bob, cyd string) {
	b.t.Helper()
	type object = map[string]any
	for _, tt := range []struct {
		method, path string
		body         object
		status       int
	}{
		{"POST", "/api/people", object{"email": canary, "name": canary, "groups": []string{canary}, "current_password": canary}, 422},
		{"POST", "/api/people", object{"email": "x@example.org", "role": canary, "current_password": canary}, 422},
		{"POST", "/api/people", object{"email": "x@example.org", canary: canary}, 400},
		{"POST", "/api/people", object{"email": "x@example.org", "current_password": canary + "!"}, 422},
		{"PATCH", "/api/people/" + bob, object{"groups": []string{canary}, "current_password": canary}, 422},
		{"PATCH", "/api/people/" + bob, object{"role": "admin", "current_password": canary + "!"}, 422},
		{"PATCH", "/api/people/" + bob, object{"role": []string{canary}, "current_password": object{canary: canary}}, 422},
		{"PATCH", "/api/people/" + bob, object{"role": "member", "current_password": canary}, 200},
		{"POST", "/api/people/" + bob + "/approve", object{"current_password": canary}, 409},
		{"POST", "/api/people/" + bob + "/invitation", object{"current_password": canary}, 409},
		{"POST", "/api/people/" + url.PathEscape(canary) + "/password-link", object{"current_password": canary}, 404},
		{"DELETE", "/api/people/" + bob, object{"email": canary, "current_password": canary}, 422},
		{"DELETE", "/api/people/" + cyd, object{"email": canary, "current_password": canary}, 404},
		{"PATCH", "/api/registration", object{"domains": []string{canary}, "current_password": canary}, 422},
		{"PATCH", "/api/registration", object{"mode": canary, "current_password": canary}, 422},
		{"PATCH", "/api/registration", object{"approval": canary, "current_password": canary}, 422},
		{"POST", "/api/tokens", object{"name": canary, "scopes": []string{canary}, "current_password": canary}, 422},
	} {
		if tt.body["current_password"] == canary+"!" {
			b.prove()
		}
		a := b.want(fmt.Sprint(tt.method, tt.path, tt.body), b.admin.JSON(tt.method, tt.path, tt.body), tt.status)
		nowhere(b.t, map[string]string{tt.method + " " + tt.path: a.Body}, rig.Disguises(canary))
	}
}

// links chooses the canary behind an invitation and behind a link for a new password.
func (b *bird) links(bob string) (tokens []string) {
	b.t.Helper()
	made := func(page string, pairs ...string) string {
		b.t.Helper()
		body := b.admin.Form(page, page, rig.Fields(append(pairs, "current_password", canary)...)).Body
		return shownLink(b.t, body)
	}
	invited, password := made("/invite", "email", "zoe@example.org"), made("/people/"+bob+"/password-link")
	for _, link := range []string{invited, password} {
		c := b.visitor()
		use := func(what string, status int, pairs ...string) {
			b.t.Helper()
			a := b.want(what, c.Form(link, link, rig.Fields(pairs...)), status)
			nowhere(b.t, map[string]string{link + ", " + what: a.Body}, rig.Disguises(canary))
		}
		use("too short", 422, "name", "Zoë", "password", canary[:14])
		use("in no field", 422, "name", "Zoë", "passwrd", canary, canary, canary)
		use("as skills", 422, "name", "Zoë", "skils", canary, "password", "short")
		b.want("no token of a form", b.visitor().Send("POST", link, rig.Fields("password", canary).Encode(), rig.URLEncoded()), 403)
		b.want("JSON", b.visitor().Send("POST", link, `{"password":"`+canary, http.Header{"Content-Type": {"application/json"}}), 415)
		b.want("a query", c.Form(link, link+"?password="+url.QueryEscape(canary), rig.Fields("password", "short")), 422)
		use("right", 303, "name", "Zoë", "email", "zoe@example.org", "password", canary)
		c = b.visitor()
		page := c.Get("/login").Body
		again := func(password string) rig.Answer {
			form := rig.Fields("csrf_token", rig.FormToken(page), "email", "zoe@example.org", "name", "Zoë", "password", password)
			return c.Send("POST", link, form.Encode(), rig.URLEncoded())
		}
		b.want("used, wrong", again(canary+"!"), 404)
		if a := again(canary); a.Status != 404 && a.Status != 303 { // one that is sent twice signs in
			b.t.Errorf("used, right: %d", a.Status)
		}
		b.want("used", b.visitor().Get(link), 404)
		tokens = append(tokens, strings.TrimPrefix(link, "/link/"))
	}
	for _, email := range []string{"zoe@example.org", "bob@example.org"} {
		c := b.visitor()
		b.want("the new password of "+email, c.SignIn(email, canary), 303)
		nowhere(b.t, map[string]string{"what is taken along": c.Get("/account/data").Body}, rig.Disguises(canary))
	}
	last := made("/people/" + bob + "/password-link")
	b.late()
	b.want("late", b.visitor().Get(last), 404)
	return append(tokens, strings.TrimPrefix(last, "/link/"))
}

// bearers makes two tokens, of which one has ended.
func (b *bird) bearers() (tokens []string) {
	b.t.Helper()
	c := b.visitor()
	b.want("sign in", c.SignIn("zoe@example.org", canary), 303)
	for i, name := range []string{"good", "ended"} {
		asked := map[string]any{"name": name, "scopes": []string{"read", "write"}}
		made := rig.Data[struct{ ID, Token string }](b.t, c.JSON("POST", "/api/tokens", asked))
		if i == 1 {
			b.want("end", c.JSON("POST", "/api/tokens/"+made.ID+"/end", nil), 200)
		}
		b.want(name, b.visitor().Send("GET", "/logs", "", bearer(made.Token)), []int{200, 401}[i])
		tokens = append(tokens, made.Token)
	}
	return tokens
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// astray sends a token where it does not belong, as it is and mistyped.
func (b *bird) astray(token string) {
	c, n := b.visitor(), len(token)
	for _, sent := range []string{
		token, token[:n-1], token + "A", token[:n-1] + "1", token[:n-1] + "a", strings.ToLower(token), "dbk_" + token,
		token[:n/2] + "0" + token[n/2+1:],
	} {
		for _, path := range []string{
			"/link/" + sent, "/link/" + sent + "/", "/link/" + sent + "?x=" + sent, "/link/" + sent + "/" + sent, "/link//" + sent, "//link/" + sent,
			"/link?" + sent, "/link?token=" + sent, "/setup?token=" + sent, "/login?next=/link/" + sent, "/developers?access_token=" + sent,
			"/people?q=" + sent, "/people/" + sent, "/api/people/" + sent + "/password-link", "/logs?before=" + sent, "/static/" + sent,
		} {
			c.Send("GET", path, "", nil)
		}
		c.Send("GET", "/login", "", http.Header{"Referer": {b.s.URL + "/link/" + sent}, "Cookie": {sessionCookie + "=" + sent}})
		c.Send("GET", "/api/account", "", bearer(sent))
		both := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + sent}}
		c.Send("POST", "/api/tokens", `{"token":"`+sent+`","name":["`+sent+`"],"`+sent+`":1}`, both)
		c.Send("PUT", "/link/"+sent, sent, rig.URLEncoded())
	}
	for _, sent := range []string{token, token[:n-1], token[:n-1] + "1", token[:n/2] + "0" + token[n/2+1:], strings.ToLower(token)} {
		for _, path := range []string{"/nothing/" + sent, "/LINK/" + sent, "/door/link/" + sent + ".", "/" + sent + "/x", "/api/" + sent} {
			c.Send("GET", path, "", nil) // no route has these
		}
	}
	b.admin.Form("/invite", "/invite", rig.Fields("email", token, "name", token, "groups", strings.Repeat(token, 2), "role", token,
		"current_password", canary))
	b.admin.Get("/people?q=" + token)
}
