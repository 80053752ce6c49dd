package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// canary is a password that stands nowhere else. Its signs are written differently by every
// encoding.
const canary = `Zaunkönig<7&"q9'+%\vw 81mx{Heckenbraunelle`

// TestCanary types one password wherever a secret can get to, right and wrong, in the wrong field
// and in bodies that cannot be read; then it must be nowhere: not in a file, on a page, in JSON, or
// in what the program says. A path that matches no route is the one thing that is kept as it came,
// so it is not sent there.
//
// It fails when a route keeps one of these fields (internal/door/routes.go), when an error repeats
// what was typed, or when deleted data stays behind in a database file.
func TestCanary(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	admin := s.Admin()
	ada := self(t, admin)

	typeInForms(t, s)
	typeInJSON(t, s, admin, ada.ID)
	sendElsewhere(t, s, admin)

	for _, args := range [][]string{
		{"user", "add", "cli@example.org", "--name", "Cli", "--password-stdin", "--data", s.Dir},
		{"user", "add", "cli@example.org", "--name", "Cli", "--password-stdin", "--data", s.Dir}, // taken
		{"user", "add", "no address", "--name", "Cli", "--password-stdin", "--data", s.Dir},
		{"user", "password", "cli@example.org", "--password-stdin", "--data", s.Dir},
		{"user", "password", "nobody@example.org", "--password-stdin", "--data", s.Dir},
	} {
		r := rig.Run(t, nil, canary+"\n", args...)
		if hits := rig.Found([]byte(r.Stdout+r.Stderr), rig.Disguises(canary)); hits != nil {
			t.Errorf("%v says %q", args, hits)
		}
	}

	disguises := rig.Disguises(canary)
	pages := everyPage(t, s, admin)
	for name, text := range pages {
		for _, hit := range rig.Found([]byte(text), disguises) {
			i := strings.Index(text, hit)
			t.Errorf("%s shows %q: …%q…", name, hit, text[max(0, i-200):min(len(text), i+len(hit)+20)])
		}
	}
	s.NoTrace(t, "while running", disguises)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.NoTrace(t, "after the end", disguises)
}

// TestCanaryIsFound proves that the search can find: a secret put into the book by hand is seen in
// every disguise.
func TestCanaryIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x" + canary + "y", url.QueryEscape("a " + canary), fmt.Sprintf("%q", "a"+canary), fmt.Sprintf("%x", canary+"b"),
		strings.ToLower("xx" + canary), basic("u", canary), basic("us", canary), basic("use", canary), canary[:30],
	} {
		if rig.Found([]byte(text), rig.Disguises(canary)) == nil {
			t.Errorf("not found in %q", text)
		}
	}
	if hits := rig.Found([]byte("Zaunkönige sind keine Heckenbraunellen"), rig.Disguises(canary)); hits != nil {
		t.Errorf("found %q where there is nothing", hits)
	}
}

func typeInForms(t *testing.T, s *rig.Server) {
	t.Helper()
	n := 0
	visitor := func() *rig.Client { // each with an address of their own, so that none is throttled
		n++
		return s.Client().From(fmt.Sprintf("198.51.100.%d", n))
	}
	want := func(what string, a rig.Answer, status int) {
		t.Helper()
		if a.Status != status {
			t.Errorf("%s: status %d, want %d", what, a.Status, status)
		}
	}
	login := func(c *rig.Client, pairs ...string) rig.Answer {
		return c.Form("/login?next=%2F"+url.QueryEscape(url.QueryEscape(canary)), "/auth/login", rig.Fields(pairs...))
	}
	want("register", visitor().Register("Bird", "bird@example.org", canary), 303)
	want("register twice", visitor().Register("Bird", "bird@example.org", canary), 303)
	want("register again", visitor().Register("Bird", "bird@example.org", canary+"!"), 422)
	want("right", login(visitor(), "email", "bird@example.org", "password", canary), 303)
	want("wrong", login(visitor(), "email", "ada@example.org", "password", canary), 422)
	want("unknown", login(visitor(), "email", "nobody@example.org", "password", canary), 422)
	want("in the e-mail field", login(visitor(), "email", canary, "password", "x"), 422)
	want("as an e-mail address", login(visitor(), "email", canary+"@example.org", "password", canary), 422)
	want("in next", login(visitor(), "email", "x", "password", "x", "next", "/"+canary), 422)
	want("in a field that is not there", login(visitor(), "email", "x", "password", "x", "pasword", canary, canary, "1"), 422)
	want("register in the e-mail field", visitor().Register("Bird", canary, rig.Password), 422)
	want("confirm", visitor().Form("/register", "/auth/register", rig.Fields("name", "B", "email", "b@example.org",
		"password", rig.Password, "confirm_password", canary)), 422)
	want("short", visitor().Register("Bird", "b@example.org", canary[:14]), 422)
	want("setup over", visitor().Form("/login", "/setup", rig.Fields("token", canary, "name", "B", "email", canary, "password", canary)), 404)
	want("setup link", visitor().Get("/setup?token="+url.QueryEscape(canary)), 404)

	member := visitor()
	want("a member", member.Register("Member", "member@example.org", rig.Password), 303)
	account := func(what, path string, status int, pairs ...string) {
		t.Helper()
		want(what, member.Form("/account", path, rig.Fields(pairs...)), status)
	}
	account("as a short name", "/account", 422, "short_name", canary, "current_password", rig.Password)
	account("as the address", "/account", 422, "email", canary, "current_password", canary)
	account("skills that are not there", "/account", 303, "skill", canary)
	account("current, wrong", "/account", 422, "email", "m@example.org", "current_password", canary)
	account("as the new password, too", "/account/password", 422, "password", canary, "current_password", canary)
	account("closing", "/account/close", 422, "current_password", canary)
	account("data, unneeded", "/account/data", 200, "current_password", canary)
	want("a forgotten one", visitor().Get("/forgot-password?email="+url.QueryEscape(canary)), 200)
	account("new password", "/account/password", 303, "password", canary, "current_password", rig.Password)
	account("current, right", "/account", 303, "short_name", "member", "current_password", canary)

	c := visitor()
	c.Get("/login")
	for what, body := range map[string]string{
		"token":     rig.Fields("csrf_token", canary, "email", "x", "password", canary).Encode(),
		"malformed": "email=x&password=" + url.QueryEscape(canary) + "&%zz=%",
		"semicolon": "email=x;password=" + url.QueryEscape(canary),
		"twice":     "password=" + url.QueryEscape(canary) + "&password=" + url.QueryEscape(canary),
		"bare":      url.QueryEscape(canary),
		"long":      "password=" + url.QueryEscape(canary) + strings.Repeat("x", 80<<10),
	} {
		for _, path := range []string{"/auth/login", "/auth/register", "/auth/logout", "/setup"} {
			a := c.Send(http.MethodPost, path, body, rig.URLEncoded())
			if (a.Status < 400 || a.Status > 499) && (path != "/auth/logout" || a.Status != 303) { // who is not in is not signed out
				t.Errorf("%s, %s: status %d", path, what, a.Status)
			}
		}
	}
	for kind, body := range map[string]string{
		"multipart/form-data; boundary=b":              "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + canary + "\r\n--b--\r\n",
		"text/plain":                                   "password=" + canary,
		"application/json":                             `{"password":"` + canary,
		"application/x-www-form-urlencoded; " + "a=\"": "password=" + canary,
		"": canary,
	} {
		for _, path := range []string{"/auth/login", "/auth/register", "/setup"} {
			c.Send(http.MethodPost, path, body, http.Header{"Content-Type": {kind}})
		}
	}
}

func typeInJSON(t *testing.T, s *rig.Server, admin *rig.Client, me string) {
	t.Helper()
	type object = map[string]any
	for _, tt := range []struct { // in this order: the last but one changes the password
		what, method, path string
		body               any
		status             int
	}{
		{"create", "POST", "/developers", object{"name": "J", "email": "j@example.org", "password": canary}, 201},
		{"create taken", "POST", "/developers", object{"name": "J", "email": "j@example.org", "password": canary}, 422},
		{"create, e-mail", "POST", "/developers", object{"name": "J", "email": canary, "password": canary}, 422},
		{"unknown field", "POST", "/developers", object{"name": "J", "email": "k@example.org", "password": canary, canary: canary}, 400},
		{"wrong type", "POST", "/developers", object{"name": object{"password": canary}, "password": []string{canary}}, 422},
		{"wrong role", "POST", "/developers", object{"name": "J", "email": "k@example.org", "password": canary, "role": canary}, 422},
		{"current wrong", "PATCH", "/developers/" + me, object{"password": rig.Password + "!", "current_password": canary}, 422},
		{"e-mail change", "PATCH", "/developers/" + me, object{"email": canary, "current_password": canary}, 422},
		{"in the path", "PATCH", "/developers/" + url.PathEscape(canary), object{"name": "x"}, 404},
		{"delete", "DELETE", "/developers/" + url.PathEscape(canary), nil, 404},
		{"own address", "PATCH", "/api/account", object{"email": canary, "short_name": canary, "current_password": canary}, 422},
		{"own, unknown field", "PATCH", "/api/account", object{canary: canary}, 400},
		{"own password, wrong", "POST", "/api/account/password", object{"password": canary, "current_password": rig.Password + "!"}, 422},
		{"close", "POST", "/api/account/close", object{"current_password": canary}, 422},
		{"data, unneeded", "POST", "/api/account/data", object{"current_password": canary}, 200},
		{"end", "POST", "/api/sessions/" + url.PathEscape(canary) + "/end", nil, 404},
		{"end of another", "DELETE", "/api/developers/" + me + "/sessions/" + url.PathEscape(canary), nil, 404},
		{"end all, unneeded", "POST", "/api/sessions/end", object{"current_password": canary}, 200},
		{"end all, wrong type", "POST", "/api/sessions/end", object{"all": canary, "current_password": canary}, 422},
		{"hide", "PUT", "/logs/" + url.PathEscape(canary), nil, 404},
		{"hide, with slash", "PUT", "/logs/" + url.PathEscape(canary) + "/", nil, 404},
		{"limit", "GET", "/developers?limit=" + url.QueryEscape(canary), nil, 400},
		{"type", "GET", "/logs?type=" + url.QueryEscape(canary), nil, 400},
		{"before", "GET", "/logs?before=" + url.QueryEscape(canary), nil, 400},
		{"after", "GET", "/developers?after=" + url.QueryEscape(canary), nil, 400},
		{"a new password", "PATCH", "/developers/" + me, object{"password": canary, "current_password": rig.Password}, 200},
		{"a bare query", "GET", "/developers?" + url.QueryEscape(canary), nil, 200},
	} {
		if a := admin.JSON(tt.method, tt.path, tt.body); a.Status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.what, a.Status, tt.status, a.Body)
		}
	}
	for _, body := range []string{
		`{"password":"` + canary, `["` + canary + `"]`, `"` + canary + `"`, canary, `{"password":"` + canary + `"} ` + canary,
		`{"password":"` + canary + `","name":` + strings.Repeat("[", 5000), `{"name":"` + strings.Repeat("x", 80<<10) + canary + `"}`,
	} {
		h := http.Header{"Content-Type": {"application/json"}}
		if a := admin.Send("POST", "/developers", body, h); a.Status < 400 || a.Status > 499 {
			t.Errorf("body %.40q: status %d", body, a.Status)
		}
		admin.Send("PATCH", "/developers/"+me, body, h)
	}
	a := admin.JSON("POST", "/auth/login", map[string]string{"email": "ada@example.org", "password": canary})
	if a.Status >= 500 {
		t.Errorf("JSON to the sign-in form: %d", a.Status)
	}
	if a := s.Client().JSON("PATCH", "/developers/"+me, map[string]string{"password": canary}); a.Status != 401 {
		t.Errorf("a stranger: status %d, want 401", a.Status)
	}
}

// sendElsewhere puts the secret into headers, cookies and queries.
func sendElsewhere(t *testing.T, s *rig.Server, admin *rig.Client) {
	t.Helper()
	secret := url.QueryEscape(canary) // what a header can hold
	for _, path := range []string{"/login", "/", "/register", "/logs", "/developers", "/no-such-page", "/static/" + secret, "/healthz"} {
		for _, h := range []http.Header{
			{"Authorization": {"Bearer " + secret}},
			{"Authorization": {basic("ada", canary)}},
			{"Cookie": {"__Host-session=" + secret + "; __Host-form=" + secret + "; __Host-device=" + secret + "; x=" + secret}},
			{"Referer": {"http://127.0.0.1/?password=" + secret}, "User-Agent": {secret}, "X-Request-Id": {secret}},
			{"X-Forwarded-For": {secret}, "X-Csrf-Token": {secret}, "Accept": {secret}, "Content-Type": {secret}},
			{"X-" + strings.NewReplacer("+", "", "%", "").Replace(secret): {secret}},
		} {
			s.Client().Send("GET", path+"?password="+secret+"&token="+secret, "", h)
		}
	}
	for _, path := range []string{"/?password=" + secret, "/?" + secret, "/login?next=" + secret, "/?a=1;password=" + secret, "/?password=%zz" + secret} {
		admin.Get(path)
		s.Client().Get(path)
	}
}

// everyPage is all that can be read afterwards, as the administrator and as a stranger.
func everyPage(t *testing.T, s *rig.Server, admin *rig.Client) map[string]string {
	t.Helper()
	pages := map[string]string{}
	pages["dashboard"] = admin.Get("/").Body
	if !strings.Contains(pages["dashboard"], "Welcome Ada") {
		t.Fatal("the administrator is no longer signed in")
	}
	pages["account"], pages["data"] = admin.Get("/account").Body, admin.Get("/account/data").Body
	pages["developers"] = admin.Get("/developers?limit=200").Body
	for before, n := "", 0; ; n++ {
		path := "/logs?limit=100" + before
		a := admin.Get(path)
		pages[path] = a.Body
		next := nextPage(a.Body)
		if next == "" || n > 50 {
			break
		}
		before = "&before=" + url.QueryEscape(next)
	}
	if len(pages) < 4 {
		t.Error("the book has fewer than 100 entries: was it all sent?")
	}
	for _, path := range []string{"/login", "/register", "/setup", "/nothing"} {
		pages["stranger "+path] = s.Client().Get(path).Body
	}
	return pages
}

// TestCanaryToken makes tokens in every way that there is, uses them, and puts them where they do not
// belong; each is in the answer that made it, and then nowhere.
func TestCanaryToken(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	admin := s.Admin()
	form := regexp.MustCompile(`dbk_[A-Z2-7]{33}`)
	page := admin.Form("/account/tokens/new", "/account/tokens", rig.Fields("name", "a", "read", "yes", "write", "yes", "days", "7"))
	json := admin.JSON("POST", "/api/tokens", map[string]any{"name": "b", "scopes": []string{"read"}})
	said := rig.Run(t, nil, "", "token", "add", "ada@example.org", "--name", "c", "--may", "read", "--data", s.Dir)
	tokens := []string{form.FindString(page.Body), form.FindString(json.Body), form.FindString(said.Stdout)}
	if strings.Contains(said.Stderr, "dbk_") {
		t.Errorf("the standard error has the token: %s", said.Stderr)
	}
	for i, token := range tokens {
		if token == "" {
			t.Fatalf("token %d was not made: %d %d %s", i, page.Status, json.Status, said.Stderr)
		}
		bearer := http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
		if a := s.Client().Send("GET", "/logs", "", bearer); a.Status != 200 {
			t.Errorf("token %d: %d", i, a.Status)
		}
		s.Client().Send("GET", "/", "", bearer)
		s.Client().Send("POST", "/developers", `{"access_token":"`+token+`"}`, bearer)
		s.Client().Send("GET", "/developers?access_token="+token, "", nil)
		s.Client().Send("GET", "/developers?limit="+token, "", bearer)
		admin.Send("POST", "/api/tokens/"+token+"/end", "", http.Header{"Content-Type": {"application/json"}})
		admin.JSON("POST", "/api/tokens", map[string]any{"name": "", token: token, "scopes": []string{token}})
		admin.JSON("POST", "/api/tokens", map[string]any{"name": "", "current_password": token})
	}
	admin.JSON("POST", "/api/tokens/"+tokens[0]+"/end", nil)
	list := rig.Run(t, nil, "", "token", "list", "ada@example.org", "--data", s.Dir)
	pages := map[string]string{"list": list.Stdout + list.Stderr}
	for _, path := range []string{"/", "/logs?limit=200", "/account/tokens", "/api/tokens", "/developers"} {
		a := admin.Get(path)
		if pages[path] = a.Body; a.Status != 200 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, token := range tokens {
		for name, text := range pages {
			if hits := rig.Found([]byte(text), rig.Disguises(token)); hits != nil {
				t.Errorf("%s shows %q", name, hits)
			}
		}
		s.NoTrace(t, "after the end", rig.Disguises(token))
	}
}
