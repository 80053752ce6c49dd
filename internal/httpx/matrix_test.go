package httpx_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// statuses are what each kind of people get on a route: a stranger, the member whom the address
// names, another member, and an admin.
type statuses struct{ stranger, member, other, admin int }

// matrix is what the policy comes to, written down a second time and by hand. Where a program is
// answered otherwise than a person, stranger401 says so.
func matrix() map[string]statuses {
	everybody := func(status int) statuses { return statuses{status, status, status, status} }
	return map[string]statuses{
		"GET /{$}":            {303, 200, 200, 200},
		"GET /login":          {200, 303, 303, 303},
		"GET /register":       {200, 303, 303, 303},
		"GET /setup":          everybody(404), // there is an admin
		"POST /setup":         everybody(404),
		"GET /link/{token}":   everybody(404), // nobody's link has that token
		"POST /link/{token}":  everybody(404),
		"POST /auth/login":    {422, 303, 303, 303},
		"POST /auth/register": {422, 303, 303, 303},
		"POST /auth/logout":   everybody(303),
		"GET /auth/login":     everybody(303),
		"GET /auth/register":  everybody(303),
		"GET /auth/logout":    everybody(200),
		"GET /hand-over":      everybody(404), // without an ask
		"GET /arrive":         everybody(303),

		"GET /forward":      everybody(404), // there is no application
		"GET /auth-request": everybody(404),
		"GET /refused":      everybody(404),

		"GET /confirm":  {303, 200, 200, 200},
		"POST /confirm": {303, 422, 422, 422},

		"GET /account":           {303, 200, 200, 200},
		"POST /account":          everybody(303),
		"GET /account/password":  {303, 200, 200, 200},
		"POST /account/password": {303, 422, 422, 422},
		"GET /account/data":      {303, 200, 200, 200},
		"POST /account/data":     {303, 200, 200, 200},
		"GET /account/close":     {303, 200, 200, 200},
		"POST /account/close":    {303, 422, 422, 422},
		"GET /forgot-password":   everybody(200),

		"GET /.well-known/change-password": everybody(303),

		"GET /account/sessions":              {303, 200, 200, 200},
		"POST /account/sessions/{id}/end":    everybody(303), // such a session has ended
		"POST /account/sessions/{id}/disown": everybody(303),
		"POST /account/sessions/{id}/name":   everybody(303),
		"GET /account/sessions/disowned":     {303, 200, 200, 200},
		"GET /account/sessions/end-others":   {303, 200, 200, 200},
		"POST /account/sessions/end-others":  everybody(303),
		"GET /account/sessions/end-all":      {303, 200, 200, 200},
		"POST /account/sessions/end-all":     everybody(303),

		"GET /account/tokens":           {303, 200, 200, 200},
		"GET /account/tokens/new":       {303, 200, 200, 200},
		"POST /account/tokens":          {303, 422, 422, 422},
		"POST /account/tokens/{id}/end": everybody(303), // such a token has ended

		"GET /openapi.json":          everybody(200),
		"GET /api/account":           {401, 200, 200, 200},
		"PATCH /api/account":         {401, 200, 200, 200},
		"POST /api/account/password": {401, 422, 422, 422},
		"POST /api/account/close":    {401, 422, 422, 422},
		"GET /api/account/data":      {401, 200, 200, 200},
		"POST /api/account/data":     {401, 200, 200, 200},

		"GET /api/sessions":           {401, 200, 200, 200},
		"POST /api/sessions/{id}/end": {401, 404, 404, 404}, // nobody's session has that id
		"POST /api/sessions/end":      {401, 200, 200, 200},

		"POST /api/sessions/{id}/name": {401, 404, 404, 404},

		"GET /api/developers/{id}/sessions":                {401, 403, 403, 200},
		"POST /api/developers/{id}/sessions/{session}/end": {401, 403, 403, 404},
		"POST /api/developers/{id}/sessions/end":           {401, 403, 403, 200},

		"GET /api/tokens":           {401, 200, 200, 200},
		"POST /api/tokens":          {401, 422, 422, 422},
		"POST /api/tokens/{id}/end": {401, 404, 404, 404}, // nobody's token has that id

		"GET /api/developers/{id}/tokens":              {401, 403, 403, 200},
		"POST /api/developers/{id}/tokens/{token}/end": {401, 403, 403, 404},

		"GET /people":        {303, 403, 403, 200},
		"GET /invite":        {303, 403, 403, 200},
		"POST /invite":       {303, 403, 403, 422},
		"GET /applications":  {303, 403, 403, 200},
		"GET /registration":  {303, 403, 403, 200},
		"POST /registration": {303, 403, 403, 303},
		"GET /people/{id}":   {303, 403, 403, 200},
		"POST /people/{id}/sessions/{session}/end": {303, 403, 403, 303}, // such a session has ended
		"GET /people/{id}/role":                    {303, 403, 403, 200},
		"POST /people/{id}/role":                   {303, 403, 403, 303},
		"GET /people/{id}/groups":                  {303, 403, 403, 200},
		"POST /people/{id}/groups":                 {303, 403, 403, 303},
		"GET /people/{id}/disable":                 {303, 403, 403, 200},
		"POST /people/{id}/disable":                {303, 403, 403, 303},
		"GET /people/{id}/enable":                  {303, 403, 403, 200},
		"POST /people/{id}/enable":                 {303, 403, 403, 303},
		"GET /people/{id}/approve":                 {303, 403, 403, 200},
		"POST /people/{id}/approve":                {303, 403, 403, 409},
		"GET /people/{id}/password-link":           {303, 403, 403, 200},
		"POST /people/{id}/password-link":          {303, 403, 403, 200},
		"GET /people/{id}/invite":                  {303, 403, 403, 200},
		"POST /people/{id}/invite":                 {303, 403, 403, 409},
		"GET /people/{id}/withdraw":                {303, 403, 403, 200},
		"POST /people/{id}/withdraw":               {303, 403, 403, 409},
		"GET /people/{id}/end-sessions":            {303, 403, 403, 200},
		"POST /people/{id}/end-sessions":           {303, 403, 403, 303},
		"GET /people/{id}/delete":                  {303, 403, 403, 200},
		"POST /people/{id}/delete":                 {303, 403, 403, 303},

		"GET /api/people":                     {401, 403, 403, 200},
		"POST /api/people":                    {401, 403, 403, 422},
		"GET /api/people/{id}":                {401, 403, 403, 200},
		"PATCH /api/people/{id}":              {401, 403, 403, 200},
		"DELETE /api/people/{id}":             {401, 403, 403, 200},
		"POST /api/people/{id}/password-link": {401, 403, 403, 201},
		"POST /api/people/{id}/approve":       {401, 403, 403, 409}, // the account is active
		"POST /api/people/{id}/invitation":    {401, 403, 403, 409},
		"DELETE /api/people/{id}/invitation":  {401, 403, 403, 409},

		"GET /api/applications":   {401, 403, 403, 200},
		"GET /api/registration":   {401, 403, 403, 200},
		"PATCH /api/registration": {401, 403, 403, 200},

		"GET /developers":         {401, 200, 200, 200},
		"POST /developers":        {401, 403, 403, 422},
		"PATCH /developers/{id}":  {401, 200, 403, 200},
		"DELETE /developers/{id}": {401, 200, 403, 200},
		"GET /logs":               {401, 200, 200, 200},
		"PUT /logs/{id}":          {401, 403, 403, 200},
		"PUT /logs/{id}/{$}":      {401, 403, 403, 200},
		"DELETE /logs/{id}":       {401, 403, 403, 200},
		"DELETE /logs/{id}/{$}":   {401, 403, 403, 200},

		"GET /static/": everybody(404),
		"GET /healthz": everybody(200),
		"GET /readyz":  everybody(200),
	}
}

// stranger401 are the routes on which a program that is not signed in gets 401 where a
// person gets a page.
func stranger401() (patterns []string) {
	for _, route := range httpx.Routes() {
		if route.Form == httpx.Page && route.Who >= httpx.SignedIn {
			patterns = append(patterns, route.Pattern)
		}
	}
	return patterns
}

// TestMatrix holds every route of the table against everybody, once as a browser and once as a
// program.
func TestMatrix(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	want := matrix()
	people := map[string]*sitetest.Visitor{"stranger": c.Visitor(), "other": c.SignedIn(c.bob), "admin": c.SignedIn(c.root)}
	for _, route := range httpx.Routes() {
		line, ok := want[route.Pattern]
		if !ok {
			t.Errorf("%s is not in the matrix", route.Pattern)
			continue
		}
		delete(want, route.Pattern)
		for _, who := range []string{"other", "admin"} {
			people[who].Get("/") // lest their sessions end unused
		}
		for who, status := range map[string]int{"stranger": line.stranger, "member": line.member, "other": line.other, "admin": line.admin} {
			for _, accept := range []string{"text/html", "application/json"} {
				t.Run(route.Pattern+" "+who+" "+accept, func(t *testing.T) {
					if who == "stranger" && accept == "application/json" && slices.Contains(stranger401(), route.Pattern) {
						status = http.StatusUnauthorized
					}
					target := c.fresh(t, route.Pattern)
					v := people[who]
					if who == "member" {
						v = c.SignedIn(target)
					}
					if strings.HasSuffix(route.Pattern, "/logout") { // leaves the session of the others alone
						v = v.Clone()
						if who == "other" || who == "admin" {
							v = c.SignedIn(map[string]account.Developer{"other": c.bob, "admin": c.root}[who])
						}
					}
					c.Clock.Turn(time.Minute)                                  // for the throttles
					if route.Fresh > 0 && (who == "other" || who == "admin") { // and ends sessions
						role := map[string]account.Role{"other": account.Member, "admin": account.Admin}[who]
						v = c.SignedIn(c.Developer(who+" "+target.ID, role))
					}
					a := c.ask(t, v, route, target, accept)
					if a.Status != status {
						t.Errorf("status %d, want %d\n%.300s", a.Status, status, a.Body)
					}
					json := strings.HasPrefix(a.Header.Get("Content-Type"), "application/json")
					if wantJSON := route.Form == httpx.JSON || accept == "application/json"; a.Status >= 400 && route.Form != httpx.Raw && json != wantJSON {
						t.Errorf("an error of type %q", a.Header.Get("Content-Type"))
					}
					if a.Status == 401 || a.Status == 403 {
						for _, name := range []string{c.bob.Email, c.root.Email, c.ada.Email} {
							if strings.Contains(a.Body, name) && (who != "other" || name != c.bob.Email) { // one's own menu
								t.Errorf("a refusal tells of %s", name)
							}
						}
					}
				})
			}
		}
	}
	for pattern := range want {
		t.Errorf("%s is in the matrix and not among the routes", pattern)
	}
}

// fresh makes a developer, or an entry in whose name there is one, for a route to act upon.
func (c *cast) fresh(t *testing.T, pattern string) account.Developer {
	t.Helper()
	d := c.Developer("Target "+id.New(time.Now()), account.Member)
	if strings.Contains(pattern, "/logs/{id}") {
		now := c.Clock.Now()
		e := book.Entry{ID: d.ID, Type: book.Request, CreatedAt: now, Method: "GET", URL: "/", Status: 200, User: d.ID}
		if err := c.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// ask sends what a route takes, as far as anybody may send it.
func (c *cast) ask(t *testing.T, v *sitetest.Visitor, route httpx.Route, target account.Developer, accept string) *sitetest.Answer {
	t.Helper()
	method, path, _ := strings.Cut(route.Pattern, " ")
	path = strings.NewReplacer("{id}", target.ID, "{$}", "", "{token}", strings.Repeat("A", 26)).Replace(path)
	if route.Form == httpx.Page && method == http.MethodPost {
		if v.Token == "" {
			v.Get("/login")
		}
		return v.Post(path, formFor(route.Pattern, target), "Accept", accept)
	}
	headers, body := []string{"Accept", accept}, ""
	switch method {
	case http.MethodPatch:
		body = `{"name":"Somebody"}`
	case http.MethodPost:
		body = `{}`
	}
	switch route.Pattern {
	case "PATCH /api/registration":
		body = `{}`
	case "PATCH /api/people/{id}":
		body = `{"role":"member"}`
	case "DELETE /api/people/{id}":
		body = `{"email":"` + target.Email + `"}`
	}
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	return v.Do(method, path, body, headers...)
}

// formFor is what the form of a route takes to be right.
func formFor(pattern string, target account.Developer) url.Values {
	switch pattern {
	case "POST /people/{id}/role":
		return url.Values{"role": {string(account.Member)}}
	case "POST /people/{id}/delete":
		return url.Values{"email": {target.Email}}
	case "POST /registration":
		return url.Values{"mode": {string(account.JoinOpen)}}
	}
	return nil
}
