package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// change is one request of each address that changes something.
type change struct {
	method, path string
	form         []string       // fields, or
	json         map[string]any // a body
}

func changes(me string) []change {
	return []change{
		{"POST", "/auth/login", []string{"email", "ada@example.org", "password", rig.Password}, nil},
		{"POST", "/auth/register", []string{"name", "Eve", "email", "eve@example.org", "password", rig.Password}, nil},
		{"POST", "/auth/logout", []string{}, nil},
		{"POST", "/setup", []string{"token", "x", "name", "Eve", "email", "eve@example.org", "password", rig.Password}, nil},
		{"POST", "/developers", nil, map[string]any{"name": "Eve", "email": "eve@example.org", "password": rig.Password}},
		{"PATCH", "/developers/" + me, nil, map[string]any{"name": "Evil"}},
		{"DELETE", "/developers/" + me, nil, nil},
		{"PUT", "/logs/" + strings.Repeat("0", 24) + "/", nil, nil},
		{"DELETE", "/logs/" + strings.Repeat("0", 24), nil, nil},
	}
}

func (ch change) send(c *rig.Client, token string, header http.Header) rig.Answer {
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if ch.form != nil {
		h["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		f := rig.Fields(ch.form...)
		if token != "" {
			f.Set("csrf_token", token)
		}
		return c.Send(ch.method, ch.path, f.Encode(), h)
	}
	body := ""
	if ch.json != nil {
		b, _ := json.Marshal(ch.json)
		body = string(b)
		h["Content-Type"] = []string{"application/json"}
	}
	return c.Send(ch.method, ch.path, body, h)
}

// TestCrossSite: a page of another site changes nothing, not even with a good token, and signs
// nobody in or out.
//
// It fails when httpx.Edge.admit leaves out the check of the origin.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	me := self(t, ada).ID
	token := rig.FormToken(ada.Get("/").Body)
	stranger := s.Client()
	strangers := rig.FormToken(stranger.Get("/login").Body)
	for _, evil := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.test"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://evil.127.0.0.1"}},
		{"Origin": {"https://evil.test"}},
		{"Origin": {"null"}},
	} {
		for _, ch := range changes(me) {
			if a := ch.send(ada.Clone(), token, evil); a.Status != 403 {
				t.Errorf("%v: %s %s, signed in: %d, want 403", evil, ch.method, ch.path, a.Status)
			}
			if a := ch.send(stranger.Clone(), strangers, evil); a.Status != 403 {
				t.Errorf("%v: %s %s, a stranger: %d, want 403", evil, ch.method, ch.path, a.Status)
			}
			if a := ch.send(s.Client(), "", evil); a.Status != 403 || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%v: %s %s, without cookies: %d, want 403", evil, ch.method, ch.path, a.Status)
			}
		}
	}
	if d := developers(t, ada); len(d) != 1 || d[0].Name != "Ada Lovelace" {
		t.Errorf("developers afterwards: %+v", d)
	}
	noted := false
	for _, e := range entries(t, ada, "&type=activity") {
		noted = noted || e.Action == "cross_origin_refused"
	}
	if !noted {
		t.Error("the book does not tell of it")
	}
	// The site's own requests pass, whichever of the two headers a browser sends.
	for _, own := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {"Origin": {s.URL}}, {"Sec-Fetch-Site": {"none"}}} {
		if a := changes(me)[5].send(ada, "", own); a.Status != 200 {
			t.Errorf("%v: %d, want 200", own, a.Status)
		}
	}
}

// TestFormToken: a form is good for the visitor it was made for and for nobody else.
//
// It fails when httpx.Edge.readable leaves out the check of the token.
func TestFormToken(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	bob := s.Member("Bob", "bob@example.org")
	before := s.Client()
	early := rig.FormToken(before.Get("/login").Body)
	before.SignIn("bob@example.org", rig.Password)

	adas, bobs := rig.FormToken(ada.Get("/").Body), rig.FormToken(bob.Get("/").Body)
	strangers := rig.FormToken(s.Client().Get("/login").Body)
	if adas == bobs || adas == "" || early == strangers {
		t.Fatalf("tokens %q, %q, %q, %q", adas, bobs, early, strangers)
	}
	form := func(fields ...string) string { return rig.Fields(fields...).Encode() }
	for name, tt := range map[string]struct {
		c          *rig.Client
		path, body string
	}{
		"none":                {ada, "/auth/logout", ""},
		"empty":               {ada, "/auth/logout", "csrf_token="},
		"somebody else's":     {ada, "/auth/logout", form("csrf_token", bobs)},
		"a stranger's":        {ada, "/auth/logout", form("csrf_token", strangers)},
		"from before sign-in": {before, "/auth/logout", form("csrf_token", early)},
		"in the address":      {ada, "/auth/logout?csrf_token=" + adas, ""},
		"as a list":           {ada, "/auth/logout", form("csrf_token[]", adas)},
		"cut":                 {ada, "/auth/logout", form("csrf_token", adas[:len(adas)-1])},
		"padded":              {ada, "/auth/logout", form("csrf_token", adas+"=")},
		"another stranger's":  {s.Client(), "/auth/login", form("csrf_token", strangers, "email", "bob@example.org", "password", rig.Password)},
	} {
		if a := tt.c.Clone().Send("POST", tt.path, tt.body, rig.URLEncoded()); a.Status != 403 {
			t.Errorf("%s: %d, want 403", name, a.Status)
		}
	}
	// Two tokens are two opinions.
	if a := ada.Clone().Send("POST", "/auth/logout", form("csrf_token", adas)+"&"+form("csrf_token", bobs), rig.URLEncoded()); a.Status != 400 && a.Status != 403 {
		t.Errorf("two tokens: %d", a.Status)
	}
	for name, c := range map[string]*rig.Client{"Ada": ada, "Bob": bob, "the one from before": before} {
		if a := c.Get("/"); a.Status != 200 {
			t.Errorf("%s was signed out: %d", name, a.Status)
		}
	}
	s.NoTrace(t, "afterwards", []string{adas, bobs, early, strangers})
	if a := bob.Send("POST", "/auth/logout", form("csrf_token", bobs+"\n"), rig.URLEncoded()); a.Status != 403 {
		t.Errorf("with a line's end: %d, want 403", a.Status)
	}
	if a := ada.Send("POST", "/auth/logout", form("csrf_token", adas), rig.URLEncoded()); a.Status != 303 {
		t.Errorf("her own: %d", a.Status)
	}
	// An old form of somebody who has since signed out is a way to the sign-in page.
	if a := ada.Send("POST", "/auth/logout", form("csrf_token", adas), rig.URLEncoded()); a.Status != 303 || a.Location() != "/login" {
		t.Errorf("after signing out: %d", a.Status)
	}
}

// TestContentTypes: an address takes one type of body, and says so.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	body := `{"name":"Eve","email":"eve@example.org","password":"` + rig.Password + `"}`
	for _, types := range [][]string{
		{"text/plain"},
		{"application/x-www-form-urlencoded"},
		{"multipart/form-data; boundary=x"},
		nil,
		{""},
		{"application/json;charset=utf-7"},
		{"application/json", "text/plain"},
		{"application/json, text/plain"},
		{"application/jsonp"},
	} {
		h := http.Header{}
		if types != nil {
			h["Content-Type"] = types
		}
		if a := ada.Send("POST", "/developers", body, h); a.Status != 415 && a.Status != 400 {
			t.Errorf("JSON as %q: %d, want 415", types, a.Status)
		} else if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
			t.Errorf("JSON as %q: answered in %s", types, a.Header.Get("Content-Type"))
		}
	}
	if d := developers(t, ada); len(d) != 1 {
		t.Errorf("developers afterwards: %+v", d)
	}
	c := s.Client()
	token := rig.FormToken(c.Get("/login").Body)
	fields := rig.Fields("csrf_token", token, "email", "ada@example.org", "password", rig.Password).Encode()
	for _, kind := range []string{"text/plain", "application/json", "multipart/form-data; boundary=x", ""} {
		if a := c.Send("POST", "/auth/login", fields, http.Header{"Content-Type": {kind}}); a.Status != 415 {
			t.Errorf("a form as %q: %d, want 415", kind, a.Status)
		}
	}
	for _, kind := range []string{"application/json", "application/json; charset=UTF-8", "Application/JSON"} {
		if a := ada.Send("POST", "/developers", `{"name":1}`, http.Header{"Content-Type": {kind}}); a.Status != 422 {
			t.Errorf("JSON as %q: %d, want 422", kind, a.Status)
		}
	}
}
