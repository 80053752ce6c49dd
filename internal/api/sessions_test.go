package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/sitetest"
)

// listed gives the sessions of an answer, and checks what each of them has.
func listed(t *testing.T, a *sitetest.Answer) (list []object) {
	t.Helper()
	data, _ := wantGood(t, a, http.StatusOK).(object)
	items, ok := data["sessions"].([]any)
	if !ok {
		t.Fatalf("not a list: %s", a.Body)
	}
	for _, item := range items {
		s, ok := item.(object)
		if !ok {
			t.Fatalf("not an object: %v", item)
		}
		for _, name := range []string{"id", "device", "user_agent", "client_addr", "signed_in_at", "last_seen_at", "expires_at", "current", "new"} {
			if _, has := s[name]; !has {
				t.Errorf("no %q in %v", name, s)
			}
		}
		list = append(list, s)
	}
	return list
}

func sid(s object) string {
	text, _ := s["id"].(string)
	return text
}

// TestOwnSessions: list, end one, end the others, end all; no key is told.
func TestOwnSessions(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	there, bob := c.SignedIn(c.ada), c.SignedIn(c.bob)
	a := c.asAda.JSON("GET", "/api/sessions", "")
	list := listed(t, a)
	if len(list) != 2 || list[0]["current"] != true || list[1]["current"] != false || list[1]["new"] != true {
		t.Fatalf("listed: %v", list)
	}
	for _, v := range []*sitetest.Visitor{c.asAda, there} {
		if key, _, _ := strings.Cut(v.Session(), "."); len(key) < 20 || strings.Contains(a.Body, key[:20]) {
			t.Error("the answer holds a key")
		}
	}
	wantBad(t, c.stranger.JSON("GET", "/api/sessions", ""), 401)
	theirs := listed(t, bob.JSON("GET", "/api/sessions", ""))
	for _, wrong := range []string{sid(theirs[0]), missing, "nonsense", "%20"} {
		wantBad(t, c.asAda.JSON("POST", "/api/sessions/"+wrong+"/end", ""), 404)
	}
	wantBad(t, c.asAda.JSON("POST", "/api/sessions/"+sid(list[1])+"/end", `{"x":1}`), 400)
	wantGood(t, c.asAda.JSON("POST", "/api/sessions/"+sid(list[1])+"/end", ""), 200)
	wantBad(t, there.JSON("GET", "/api/sessions", ""), 401)

	there = c.SignedIn(c.ada)
	wantBad(t, c.asAda.JSON("POST", "/api/sessions/end", `{"every":true}`), 400)
	c.Clock.Turn(11 * time.Minute)
	wantBad(t, c.asAda.JSON("POST", "/api/sessions/end", `{"all":false}`), 422, "current_password")
	wantBad(t, c.asAda.JSON("POST", "/api/sessions/end", `{"current_password":"not the right one"}`), 422, "current_password")
	if n := wantGood(t, c.asAda.JSON("POST", "/api/sessions/end", `{"current_password":"`+sitetest.Password+`"}`), 200).(object)["ended"]; n != 1.0 {
		t.Errorf("ended: %v", n)
	}
	wantBad(t, there.JSON("GET", "/api/sessions", ""), 401)
	fresh := c.SignedIn(c.ada)
	if n := wantGood(t, fresh.JSON("POST", "/api/sessions/end", `{"all":true}`), 200).(object)["ended"]; n != 2.0 {
		t.Errorf("ended: %v", n)
	}
	for _, v := range []*sitetest.Visitor{fresh, c.asAda} {
		wantBad(t, v.JSON("GET", "/api/sessions", ""), 401)
	}
	wantGood(t, bob.JSON("GET", "/api/sessions", ""), 200)
	self := c.SignedIn(c.ada)
	mine := listed(t, self.JSON("GET", "/api/sessions", ""))
	wantGood(t, self.JSON("POST", "/api/sessions/"+sid(mine[0])+"/end", ""), 200)
	wantBad(t, self.JSON("GET", "/api/sessions", ""), 401)
}

// TestEndedSessions: those that are over stand beside those that live, to their owner and to admins.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	c.SignedIn(c.ada)
	list := listed(t, c.asAda.JSON("GET", "/api/sessions", ""))
	wantGood(t, c.asAda.JSON("POST", "/api/sessions/"+sid(list[1])+"/end", ""), 200)
	for what, a := range map[string]*sitetest.Answer{
		"mine":   c.asAda.JSON("GET", "/api/sessions", ""),
		"theirs": c.asRoot.JSON("GET", "/api/developers/"+c.ada.ID+"/sessions", ""),
	} {
		var got struct {
			Data struct{ Sessions, Ended []object }
		}
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || len(got.Data.Sessions) != 1 || len(got.Data.Ended) != 1 {
			t.Fatalf("%s: %v: %s", what, err, a.Body)
		}
		e := got.Data.Ended[0]
		by, _ := e["ended_by"].(object)
		if sid(e) != sid(list[1]) || e["why"] != "ended" || e["method"] != "password" || by["id"] != c.ada.ID || by["name"] != "Ada" {
			t.Errorf("%s: %v", what, e)
		}
	}
	if a := c.SignedIn(c.bob).JSON("GET", "/api/sessions", ""); !strings.Contains(a.Body, `"ended":[]`) {
		t.Errorf("nothing has ended: %s", a.Body)
	}
}

// TestNamedSessions: a device is named by its owner alone, by the rules of names.
func TestNamedSessions(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	c.SignedIn(c.ada)
	list := listed(t, c.asAda.JSON("GET", "/api/sessions", ""))
	to := "/api/sessions/" + sid(list[1]) + "/name"
	got, _ := wantGood(t, c.asAda.JSON("POST", to, `{"name":"the kitchen"}`), 200).(object)
	if got["name"] != "the kitchen" || got["new"] != false {
		t.Errorf("named: %v", got)
	}
	wantBad(t, c.asAda.JSON("POST", to, `{"name":"`+strings.Repeat("x", 41)+`"}`), 422, "name")
	wantBad(t, c.asAda.JSON("POST", to, `{"nom":"x"}`), 400)
	wantBad(t, c.asRoot.JSON("POST", to, `{"name":"x"}`), 404)
	wantBad(t, c.stranger.JSON("POST", to, `{"name":"x"}`), 401)
	if name := listed(t, c.asAda.JSON("GET", "/api/sessions", ""))[1]["name"]; name != "the kitchen" {
		t.Errorf("listed as %v", name)
	}
}

// TestSessionsOfAnybody: admins see and end everybody's, members nobody else's.
func TestSessionsOfAnybody(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	bob, again := c.SignedIn(c.bob), c.SignedIn(c.bob)
	of := "/api/developers/" + c.bob.ID + "/sessions"
	for _, v := range []*sitetest.Visitor{bob, c.asAda} { // one's own are at /api/sessions
		wantBad(t, v.JSON("GET", of, ""), 403)
		wantBad(t, v.JSON("POST", of+"/end", `{"all":true}`), 403)
	}
	wantBad(t, c.asRoot.JSON("GET", "/api/developers/"+missing+"/sessions", ""), 404)
	wantBad(t, c.asRoot.JSON("GET", "/api/developers/nonsense/sessions", ""), 404)
	list := listed(t, c.asRoot.JSON("GET", of, ""))
	if len(list) != 2 || list[0]["current"] != false {
		t.Fatalf("listed: %v", list)
	}
	own := listed(t, bob.JSON("GET", "/api/sessions", ""))[0]
	wantBad(t, c.asAda.JSON("POST", of+"/"+sid(own)+"/end", ""), 403)
	wantBad(t, c.asRoot.JSON("POST", "/api/developers/"+c.ada.ID+"/sessions/"+sid(own)+"/end", ""), 404)
	wantGood(t, c.asRoot.JSON("POST", of+"/"+sid(own)+"/end", ""), 200)
	wantBad(t, bob.JSON("GET", "/api/sessions", ""), 401)
	if n := wantGood(t, c.asRoot.JSON("POST", of+"/end", `{"all":false}`), 200).(object)["ended"]; n != 1.0 {
		t.Errorf("ended: %v", n)
	}
	wantBad(t, again.JSON("GET", "/api/sessions", ""), 401)
	wantGood(t, c.asRoot.JSON("GET", "/api/sessions", ""), 200)
}
