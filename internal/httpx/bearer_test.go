package httpx_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const everything = account.ScopeRead | account.ScopeWrite | account.ScopeApplications

// withToken sends a request with a token and nothing else.
func withToken(v *sitetest.Visitor, token, method, path, body string, headers ...string) *sitetest.Answer {
	headers = append(headers, "Authorization", "Bearer "+token)
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	return v.Do(method, path, body, headers...)
}

// noPersons are the routes that take a person though no recent sign-in: what would let a token's
// bearer stay, or keep others out.
func noPersons() map[string]bool {
	return map[string]bool{
		"POST /api/sessions/{id}/end":                      true,
		"POST /api/sessions/{id}/name":                     true,
		"POST /api/developers/{id}/sessions/{session}/end": true,
		"POST /api/account/password":                       true,
		"POST /developers":                                 true,
		"POST /api/tokens/{id}/end":                        true,
		"POST /api/developers/{id}/tokens/{token}/end":     true,
	}
}

// TestTokensMatrix holds every route that speaks JSON against tokens: one of an admin with all
// scopes may what an admin may, but for what takes a person; without the scope for the method it may
// nothing. No answer sets a cookie. Guard: bearer.go, letInBy; door.asPerson.
func TestTokensMatrix(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	all := c.Token(c.root, everything).Text
	lacking := map[string]string{
		http.MethodGet: c.Token(c.root, account.ScopeWrite|account.ScopeApplications).Text,
		"":             c.Token(c.root, account.ScopeRead|account.ScopeApplications).Text,
	}
	member := c.Token(c.bob, everything).Text
	for _, route := range httpx.Routes() {
		if route.Form != httpx.JSON {
			continue
		}
		line, person := matrix()[route.Pattern], noPersons()[route.Pattern] || route.Fresh != 0
		method, _, _ := strings.Cut(route.Pattern, " ")
		less := lacking[""]
		if method == http.MethodGet {
			less = lacking[method]
		}
		for _, try := range []struct {
			who, token string
			want       int
		}{{"admin", all, line.admin}, {"member", member, line.other}, {"scope", less, 403}, {"none", "dbk_nonsense", 401}} {
			if person && try.want != 401 {
				try.want = http.StatusForbidden
			}
			v := c.Visitor()
			route := route
			target := c.fresh(t, route.Pattern)
			a := c.askBy(t, v, try.token, route, target)
			if a.Status != try.want && (try.who == "none" || line.stranger >= 400) {
				t.Errorf("%s, %s: %d, want %d\n%.300s", route.Pattern, try.who, a.Status, try.want, a.Body)
			}
			if route.Fresh != 0 && try.who == "admin" && !strings.Contains(a.Body, "just signed in") {
				t.Errorf("%s is refused for another reason: %s", route.Pattern, a.Body)
			}
			if len(a.Sent) > 0 || len(v.Cookies) > 0 {
				t.Errorf("%s sets cookies: %v", route.Pattern, a.Sent)
			}
			said := a.Header.Get("WWW-Authenticate")
			if try.who == "scope" && !strings.Contains(said, "insufficient_scope") || try.who == "none" && said != `Bearer error="invalid_token"` {
				t.Errorf("%s, %s: WWW-Authenticate %q", route.Pattern, try.who, said)
			}
			if a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Authorization") {
				t.Errorf("%s, %s: %v", route.Pattern, try.who, a.Header)
			}
		}
	}
}

// askBy is ask with a token.
func (c *cast) askBy(t *testing.T, v *sitetest.Visitor, token string, route httpx.Route, target account.Developer) *sitetest.Answer {
	t.Helper()
	method, path, _ := strings.Cut(route.Pattern, " ")
	body := map[string]string{http.MethodPatch: `{"name":"Somebody"}`, http.MethodPost: `{}`}[method]
	return withToken(v, token, method, strings.NewReplacer("{id}", target.ID, "{$}", "").Replace(path), body)
}

// TestTokenIsNoPerson: what would let the bearer of an admin's token stay when it ends, or keep its
// owner out, is refused. Guard: door.asPerson.
func TestTokenIsNoPerson(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	all := c.Token(c.root, everything).Text
	gone := c.Developer("Former", account.Admin)
	disabled := account.Change{State: new(account.Disabled)}
	if _, err := c.DB.Accounts().Update(t.Context(), account.Actor{}, gone.ID, disabled, c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	const eve = `{"name":"Eve","email":"eve@example.org","password":"marble fox dances at noon"`
	for _, try := range []struct {
		method, path, body string
		want               int
	}{
		{"PATCH", "/developers/" + c.root.ID, `{"password":"marble fox dances at noon","current_password":"` + sitetest.Password + `"}`, 403},
		{"PATCH", "/developers/" + c.root.ID, `{"email":"r@example.org","current_password":"` + sitetest.Password + `"}`, 403},
		{"PATCH", "/developers/" + c.bob.ID, `{"role":"admin"}`, 403},
		{"PATCH", "/developers/" + c.root.ID, `{"role":"member","name":"R"}`, 403},
		{"DELETE", "/developers/" + c.root.ID, ``, 403},
		{"POST", "/developers", eve + `,"role":"admin"}`, 403},
		{"POST", "/developers", eve + `}`, 403}, // its bearer would come in by the password
		{"PATCH", "/developers/" + c.root.ID, `{"disabled":true}`, 403},
		{"PATCH", "/developers/" + gone.ID, `{"disabled":false}`, 403},
		{"PATCH", "/developers/" + c.bob.ID, `{"disabled":true}`, 200},
		{"PATCH", "/developers/" + c.bob.ID, `{"disabled":false}`, 200},
		{"DELETE", "/developers/" + c.bob.ID, ``, 403}, // which cannot be undone
	} {
		before := len(c.Activities(book.ActionForbidden))
		a := withToken(c.Visitor(), all, try.method, try.path, try.body)
		if a.Status != try.want {
			t.Errorf("%s %s %s: %d %s", try.method, try.path, try.body, a.Status, a.Body)
		}
		if told := len(c.Activities(book.ActionForbidden)) - before; (told == 1) != (try.want == 403) {
			t.Errorf("%s %s is told %d times", try.method, try.path, told)
		}
	}
	if now, err := c.DB.Accounts().ByID(t.Context(), c.root.ID); err != nil || now.Name != "Root" || now.Epoch != 0 {
		t.Errorf("%+v %v", now, err)
	}
}

// TestTokenRefused: whatever is not exactly one good token lets nobody in, also beside the cookie of
// somebody who is signed in. Guard: bearer.go.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	good := c.Token(c.ada, everything).Text
	v := c.SignedIn(c.ada)
	if a := v.JSON("GET", "/api/sessions", ""); a.Status != 200 {
		t.Fatal(a.Status)
	}
	other := account.NewTokenText() // of the right form
	for what, headers := range map[string][]string{
		"unknown":       {"Authorization", "Bearer " + other},
		"empty":         {"Authorization", "Bearer"},
		"blank":         {"Authorization", "Bearer "},
		"two blanks":    {"Authorization", "Bearer  " + good},
		"a tab":         {"Authorization", "Bearer\t" + good},
		"more behind":   {"Authorization", "Bearer " + good + " x"},
		"small letters": {"Authorization", "Bearer " + strings.ToLower(good)},
		"10 kB":         {"Authorization", "Bearer " + strings.Repeat(good, 280)},
		"a JWT":         {"Authorization", "bearer eyJhbGciOiJub25lIn0.e30."},
	} {
		a := v.Do("GET", "/api/sessions", "", headers...)
		if a.Status != 401 || a.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` || len(a.Sent) > 0 {
			t.Errorf("%s: %d %v\n%s", what, a.Status, a.Header, a.Body)
		}
	}
	for _, two := range [][]string{
		{"Authorization", "Bearer " + good, "Authorization", "Bearer " + good},
		{"Authorization", "Basic QTpC", "Authorization", "Bearer " + good},
	} {
		if a := v.Do("GET", "/api/sessions", "", two...); a.Status != 400 {
			t.Errorf("two headers: %d", a.Status)
		}
	}
	if a := v.Do("GET", "/api/sessions", "", "Authorization", "bEARER "+good); a.Status != 200 {
		t.Errorf("the scheme in other letters: %d", a.Status)
	}
	if a := v.JSON("GET", "/api/sessions", ""); a.Status != 200 {
		t.Errorf("the session is gone: %d", a.Status)
	}
}

// TestTokenAlone: a token beside somebody else's cookie is who asks, and the session is not touched.
// Guard: request.strip.
func TestTokenAlone(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	v := c.SignedIn(c.bob)
	a := withToken(v, c.Token(c.ada, everything).Text, "PATCH", "/developers/"+c.ada.ID, `{"name":"Ada L."}`,
		"Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
	if a.Status != 200 || len(a.Sent) > 0 {
		t.Fatalf("%d %v\n%s", a.Status, a.Sent, a.Body)
	}
	e := entryOf(t, c.Site, a)
	if e.User != c.ada.ID || e.Session != "" || e.TokenName != "deploy" || e.Token == "" {
		t.Errorf("the book has %+v", e)
	}
	var list struct {
		Data struct{ Sessions []struct{ Current bool } }
	}
	withToken(v, c.Token(c.bob, everything).Text, "GET", "/api/sessions", "").JSON(t, &list)
	if mine := list.Data.Sessions; len(mine) != 1 || mine[0].Current {
		t.Errorf("sessions are %+v", mine)
	}
	changed := c.Activities(book.ActionNameChanged)
	if len(changed) != 1 || changed[0].Token != e.Token || changed[0].TokenName != "deploy" || changed[0].User != c.ada.ID {
		t.Errorf("the change is %+v", changed)
	}
}

// TestTokenInQuery: a token in an address is not taken, whatever else is brought, and not kept.
// Guard: bringToJSON.
func TestTokenInQuery(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	good := c.Token(c.ada, everything).Text
	for _, name := range []string{"access_token", "access%5Ftoken"} {
		a := c.SignedIn(c.ada).JSON("GET", "/developers?"+name+"="+good, "")
		if a.Status != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s: %d %v", name, a.Status, a.Header)
		}
		if e := entryOf(t, c.Site, a); strings.Contains(e.URL, good) {
			t.Errorf("the book keeps %s", e.URL)
		}
	}
}

// TestTokenOnPages: a page is for people. Our own token there is told so, and another program's
// header, which a proxy may set, changes nothing.
func TestTokenOnPages(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	v := c.SignedIn(c.ada)
	for _, page := range []string{"/", "/login", "/account/sessions"} {
		a := v.Clone().Get(page, "Authorization", "Bearer "+c.Token(c.ada, everything).Text)
		if a.Status != 401 || len(a.Sent) > 0 || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %v", page, a.Status, a.Header)
		}
	}
	if a := v.Get("/", "Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."); a.Status != 200 {
		t.Errorf("with a proxy's token: %d", a.Status)
	}
	if a := c.Visitor().Get("/healthz", "Authorization", "Bearer dbk_x"); a.Status != 200 {
		t.Errorf("health: %d", a.Status)
	}
}

// TestTokenEnds: a token is over with its end, its time, and what ends its owner's sign-ins; the
// book counts who uses it then. Guard: door.IdentifyToken.
func TestTokenEnds(t *testing.T) {
	t.Parallel()
	disabled, hash := account.Disabled, sitetest.HashPrefix+"another"
	change := func(by account.Change) func(t *testing.T, c *cast, k sitetest.Token) {
		return func(t *testing.T, c *cast, _ sitetest.Token) {
			if _, err := c.DB.Accounts().Update(t.Context(), account.Actor{}, c.ada.ID, by, c.Clock.Now()); err != nil {
				t.Error(err)
			}
		}
	}
	for what, end := range map[string]func(t *testing.T, c *cast, k sitetest.Token){
		"ended": func(t *testing.T, c *cast, k sitetest.Token) {
			if a := c.SignedIn(c.ada).JSON("POST", "/api/tokens/"+k.ID+"/end", ""); a.Status != 200 {
				t.Error(a.Body)
			}
		},
		"ended by an admin": func(t *testing.T, c *cast, k sitetest.Token) {
			if a := c.SignedIn(c.root).JSON("POST", "/api/developers/"+c.ada.ID+"/tokens/"+k.ID+"/end", ""); a.Status != 200 {
				t.Error(a.Body)
			}
		},
		"expired":        func(_ *testing.T, c *cast, _ sitetest.Token) { c.Clock.Turn(time.Hour) },
		"disabled":       change(account.Change{State: &disabled, EndSignIns: true}),
		"disabled alone": change(account.Change{State: &disabled}),
		"a new password": change(account.Change{PasswordHash: &hash, EndSignIns: true}),
		"deleted": func(t *testing.T, c *cast, _ sitetest.Token) {
			if err := c.DB.Accounts().Delete(t.Context(), account.Actor{}, c.ada.ID); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCast(t)
			k := c.Token(c.ada, everything)
			if a := withToken(c.Visitor(), k.Text, "GET", "/api/tokens", ""); a.Status != 200 {
				t.Fatal(a.Status, a.Body)
			}
			end(t, c, k)
			a := withToken(c.Visitor(), k.Text, "GET", "/api/tokens", "")
			if a.Status != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), "invalid_token") {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			c.Clock.Turn(time.Minute)
			c.Visitor().Get("/login") // lets the count be told
			if told := c.Activities(book.ActionTokenUsedAfterEnd); len(told) != 1 {
				t.Errorf("the book tells %d times of its use", len(told))
			}
		})
	}
}

// TestTokenUse: when and from where a token was used is right to a minute, and not written down at
// each request. Guard: door.IdentifyToken.
func TestTokenUse(t *testing.T) {
	t.Parallel()
	f := &sitetest.Faults{}
	c := newCast(t, f.Wrap)
	k := c.Token(c.ada, account.ScopeRead)
	v := c.Visitor()
	use := func() (touched int) {
		before := len(touches(f))
		if a := withToken(v, k.Text, "GET", "/api/tokens", ""); a.Status != 200 {
			t.Fatal(a.Status, a.Body)
		}
		return len(touches(f)) - before
	}
	got := []int{use(), use()}
	c.Clock.Turn(59 * time.Second)
	got = append(got, use())
	c.Clock.Turn(time.Second)
	v.Addr = "192.0.2.7"
	got = append(got, use())
	if got[0] != 1 || got[1] != 0 || got[2] != 0 || got[3] != 1 {
		t.Errorf("writes are %v", got)
	}
	list, err := c.DB.Tokens().List(t.Context(), c.ada.ID)
	if err != nil || len(list) != 1 || list[0].UsedFrom != "192.0.2.7" || !list[0].UsedAt.Equal(c.Clock.Now()) {
		t.Errorf("%+v, %v", list, err)
	}
}

func touches(f *sitetest.Faults) (n []string) {
	for _, call := range f.Calls() {
		if call == "tokens.Touch" {
			n = append(n, call)
		}
	}
	return n
}

// TestNoTokenNoStore: what is not of a token's form costs no look at the database. Guard:
// account.TokenHash.
func TestNoTokenNoStore(t *testing.T) {
	t.Parallel()
	f := &sitetest.Faults{}
	c := newCast(t, f.Wrap)
	before := len(f.Calls())
	for _, token := range []string{"", "x", "dbk_ABCDEFGHIJKLMNOPQRSTUVWXYZAAAAAAA", strings.Repeat("dbk_A", 2000)} {
		withToken(c.Visitor(), token, "GET", "/api/tokens", "")
	}
	for _, call := range f.Calls()[before:] {
		if !strings.HasPrefix(call, "entries.") {
			t.Errorf("asks for %s", call)
		}
	}
}
