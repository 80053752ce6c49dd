package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestList: everybody is listed to everybody signed in, with more of oneself and to admins; a hash
// to nobody.
func TestList(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	full := []string{"id", "_id", "name", "skills", "email", "role", "disabled", "created_at"}
	public := full[:4]
	for _, seen := range []struct {
		by   *sitetest.Visitor
		want map[string][]string
	}{
		{c.asAda, map[string][]string{"Ada": full, "Bob": public, "Root": public}},
		{c.asRoot, map[string][]string{"Ada": full, "Bob": full, "Root": full}},
	} {
		list := wantGood(t, seen.by.JSON("GET", "/developers", ""), 200).([]any)
		if len(list) != 3 {
			t.Fatalf("%d developers", len(list))
		}
		for _, item := range list {
			d := item.(object)
			want := map[string]bool{}
			for _, name := range seen.want[d["name"].(string)] {
				want[name] = true
			}
			got := map[string]bool{}
			for name := range d {
				got[name] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", d["name"], diff)
			}
			if d["id"] != d["_id"] {
				t.Errorf("ids %v and %v", d["id"], d["_id"])
			}
		}
	}
	wantBad(t, c.stranger.JSON("GET", "/developers", ""), 401)
	if a := c.asAda.JSON("GET", "/developers?callback=alert", ""); strings.Contains(a.Body, "alert") {
		t.Errorf("a script: %s", a.Body)
	}
}

// TestPages: page by page everybody comes once.
func TestPages(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for i := range 7 {
		c.Developer(fmt.Sprintf("More %d", i), account.Member)
	}
	seen := map[string]int{}
	after, pages := "", 0
	for ; pages < 20; pages++ {
		var page struct {
			Data []struct{ Name string }
			Next string
		}
		a := c.asAda.JSON("GET", "/developers?limit=3&after="+after, "")
		a.JSON(t, &page)
		for _, d := range page.Data {
			seen[d.Name]++
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 10 || pages != 3 {
		t.Errorf("%d pages of %v", pages, seen)
	}
	for _, q := range []string{
		"limit=0", "limit=-1", "limit=201", "limit=x", "limit=1e3", "limit=99999999999999999999", "limit=%00", "limit=1.5",
		"after=x", "after=" + strings.Repeat("F", 24), "after=%27%20OR%201=1", "after=" + strings.Repeat("0", 25),
	} {
		wantBad(t, c.asAda.JSON("GET", "/developers?"+q, ""), 400)
	}
	wantGood(t, c.asAda.JSON("GET", "/developers?limit=200&unknown=1&after="+missing, ""), 200)
	if door.MaxPage != 200 {
		t.Errorf("the longest page has changed to %d", door.MaxPage)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	d := wantGood(t, c.asRoot.JSON("POST", "/developers", eve(t, nil)), 201).(object)
	if d["name"] != "Eve" || d["email"] != "eve@example.org" || d["role"] != "member" || fmt.Sprint(d["skills"]) != "[go sql]" {
		t.Errorf("%v", d)
	}
	if a := c.Visitor().SignIn("eve@example.org", sitetest.Password); a.Status != http.StatusSeeOther {
		t.Errorf("sign-in: %d", a.Status)
	}
	d = wantGood(t, c.asRoot.JSON("POST", "/developers", eve(t, object{"email": "two@example.org", "role": "admin", "skills": "go, sql"})), 201).(object)
	if d["role"] != "admin" || fmt.Sprint(d["skills"]) != "[go sql]" {
		t.Errorf("%v", d)
	}
	wantBad(t, c.asRoot.JSON("POST", "/developers", eve(t, nil)), 422, "email")
	wantBad(t, c.asAda.JSON("POST", "/developers", eve(t, nil)), 403)
	wantBad(t, c.stranger.JSON("POST", "/developers", eve(t, nil)), 401)
}

// TestBodies: what is not one JSON object of the fields that are known, each of its type, is
// refused and changes nothing.
func TestBodies(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	before := c.accounts(t)
	deep := func(open, shut string) string { return strings.Repeat(open, 20_000) + strings.Repeat(shut, 20_000) }
	for name, b := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"nothing":                {" ", 400, nil},
		"null":                   {"null", 400, nil},
		"a list":                 {"[" + eve(t, nil) + "]", 400, nil},
		"a text":                 {`"x"`, 400, nil},
		"a number":               {"1", 400, nil},
		"cut":                    {eve(t, nil)[:20], 400, nil},
		"two objects":            {eve(t, nil) + eve(t, nil), 400, nil},
		"something after it":     {eve(t, nil) + " x", 400, nil},
		"a byte order mark":      {"\ufeff" + eve(t, nil), 400, nil},
		"not UTF-8":              {"{\"name\":\"\xff\xfe\"}", 400, nil},
		"a comment":              {"{/* */}", 400, nil},
		"single quotes":          {"{'name':'x'}", 400, nil},
		"unknown field":          {eve(t, object{"is_admin": true}), 400, nil},
		"the hash":               {eve(t, object{"password_hash": "x"}), 400, nil},
		"an id":                  {eve(t, object{"_id": missing}), 400, nil},
		"prototype":              {`{"__proto__":{"role":"admin"}}`, 400, nil},
		"too large":              {eve(t, object{"name": strings.Repeat("x", httpx.DefaultMaxBody)}), 413, nil},
		"deep lists":             {`{"skills":` + deep("[", "]") + `}`, 400, nil},
		"deep objects":           {deep(`{"a":`, "}"), 413, nil},
		"name a number":          {eve(t, object{"name": 1}), 422, []string{"name"}},
		"name a list":            {eve(t, object{"name": []string{"x"}}), 422, []string{"name"}},
		"name an object":         {eve(t, object{"name": object{"$ne": ""}}), 422, []string{"name"}},
		"name true":              {eve(t, object{"name": true}), 422, []string{"name"}},
		"email a list":           {eve(t, object{"email": []string{"a@example.org", "b@example.org"}}), 422, []string{"email"}},
		"password a number":      {eve(t, object{"password": 123456789012345678}), 422, []string{"password"}},
		"role a bool":            {eve(t, object{"role": true}), 422, []string{"role"}},
		"role unknown":           {eve(t, object{"role": "root"}), 422, []string{"role"}},
		"skills a number":        {eve(t, object{"skills": 5}), 422, []string{"skills"}},
		"skills of numbers":      {eve(t, object{"skills": []int{5}}), 422, []string{"skills"}},
		"skills nested":          {eve(t, object{"skills": []any{[]string{"go"}}}), 422, []string{"skills"}},
		"no name":                {eve(t, object{"name": nil}), 422, []string{"name"}},
		"all missing":            {"{}", 422, []string{"name", "email", "password"}},
		"not confirmed":          {eve(t, object{"confirm_password": "another one, another one"}), 422, []string{"confirm_password"}},
		"SQL":                    {eve(t, object{"email": "' OR 1=1 --"}), 422, []string{"email"}},
		"a disabled one":         {eve(t, object{"disabled": true}), 400, nil},
		"line breaks in a name":  {eve(t, object{"name": "a\r\nSet-Cookie: x"}), 422, []string{"name"}},
		"a lone surrogate":       {`{"name":"\ud800","email":"x","password":"y"}`, 400, nil},
		"half a pair":            {`{"name":"\ud83d\u0041","email":"x","password":"y"}`, 400, nil},
		"a field twice":          {`{"role":"member","name":"Eve","role":"admin"}`, 400, nil},
		"twice but for case":     {`{"role":"member","name":"Eve","Role":"admin"}`, 400, nil},
		"twice but for a long s": {`{"skills":[],"\u017fkills":["a"]}`, 400, nil},
		"a whole pair, escapes":  {`{"name":"\ud83d\ude00 \\ud800","email":"x","password":"y"}`, 422, []string{"email", "password"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantBad(t, c.asRoot.JSON("POST", "/developers", b.body), b.status, b.fields...)
		})
	}
	if n := c.accounts(t); n != before {
		t.Errorf("%d accounts came into being", n-before)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	self, other := "/developers/"+c.ada.ID, "/developers/"+c.bob.ID
	d := wantGood(t, c.asAda.JSON("PATCH", self, `{"name":" Ada L. ","skills":[]}`), 200).(object)
	if d["name"] != "Ada L." || d["email"] != c.ada.Email || fmt.Sprint(d["skills"]) != "[]" {
		t.Errorf("%v", d)
	}
	d = wantGood(t, c.asAda.JSON("PATCH", self, `{"skills":null,"name":null,"email":null,"role":null}`), 200).(object)
	if d["name"] != "Ada L." {
		t.Errorf("null has changed something: %v", d)
	}
	wantGood(t, c.asAda.JSON("PATCH", self, `{}`), 200)
	wantBad(t, c.asAda.JSON("PATCH", other, `{"name":"X"}`), 403)
	wantBad(t, c.asAda.JSON("PATCH", self, `{"role":"admin"}`), 403)
	wantBad(t, c.asAda.JSON("PATCH", self, `{"disabled":false}`), 403)
	wantBad(t, c.asAda.JSON("PATCH", self, `{"name":"","email":"x"}`), 422, "name", "email")
	wantBad(t, c.asAda.JSON("PATCH", self, `{"email":"new@example.org"}`), 422, "current_password")
	wantBad(t, c.asAda.JSON("PATCH", self, `{"disabled":"no"}`), 422, "disabled")
	wantBad(t, c.asAda.JSON("PATCH", self, `null`), 400)
	wantBad(t, c.asAda.JSON("PATCH", self, `{"epoch":5}`), 400)
	wantBad(t, c.asRoot.JSON("PATCH", other, `{"password":"`+sitetest.Password+`"}`), 403)
	wantBad(t, c.asRoot.JSON("PATCH", other, `{"email":"root.own@example.org"}`), 403)
	wantBad(t, c.asRoot.JSON("PATCH", other, `{"role":"root"}`), 422, "role")
	wantBad(t, c.asRoot.JSON("PATCH", "/developers/"+c.root.ID, `{"role":"member"}`), 409)
	wantBad(t, c.stranger.JSON("PATCH", self, `{"name":"X"}`), 401)
	if a := c.asAda.Do("PATCH", self, ""); a.Status != 400 {
		t.Errorf("no body at all: %d", a.Status)
	}
	d = wantGood(t, c.asRoot.JSON("PATCH", other, `{"role":"admin","disabled":true}`), 200).(object)
	if d["role"] != "admin" || d["disabled"] != true {
		t.Errorf("%v", d)
	}
}

// TestChangePassword: with the current one, this session goes on under a new key and the others
// end.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	const next = "quiet heron walks at noon"
	change := func(current string) string { return body(t, object{"password": next, "current_password": current}) }
	phone, old := c.SignedIn(c.ada), c.asAda.Clone()
	wantBad(t, c.asAda.JSON("PATCH", "/developers/"+c.ada.ID, change("")), 422, "current_password")
	wantBad(t, c.asAda.JSON("PATCH", "/developers/"+c.ada.ID, change("not it")), 422, "current_password")
	wantBad(t, c.asAda.JSON("PATCH", "/developers/"+c.ada.ID, body(t, object{"password": "short", "current_password": sitetest.Password})), 422, "password")
	wantGood(t, c.asAda.JSON("PATCH", "/developers/"+c.ada.ID, change(sitetest.Password)), 200)
	wantGood(t, c.asAda.JSON("GET", "/logs", ""), 200)
	wantBad(t, phone.JSON("GET", "/logs", ""), 401)
	wantBad(t, old.JSON("GET", "/logs", ""), 401)
	if a := c.Visitor().SignIn(c.ada.Email, next); a.Status != http.StatusSeeOther {
		t.Errorf("sign-in with the new one: %d", a.Status)
	}
}

// TestNoSuchDeveloper: an id that nothing has is 404, whatever its form, and nothing comes into
// being.
func TestNoSuchDeveloper(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	before := c.accounts(t)
	for _, id := range []string{
		missing, "1", "x", strings.ToUpper(c.ada.ID), c.ada.ID + "0", c.ada.ID[1:], "%00", "..%2f" + c.ada.ID, "%27%20OR%201=1", "$ne", "null", "undefined", "-1",
	} {
		for _, v := range []*sitetest.Visitor{c.asRoot, c.asAda} {
			wantBad(t, v.JSON("PATCH", "/developers/"+id, `{"name":"Eve"}`), 404)
			wantBad(t, v.JSON("DELETE", "/developers/"+id, ""), 404)
		}
	}
	if n := c.accounts(t); n != before {
		t.Errorf("%d accounts, were %d", n, before)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	wantBad(t, c.asAda.JSON("DELETE", "/developers/"+c.bob.ID, ""), 403)
	wantBad(t, c.asRoot.JSON("DELETE", "/developers/"+c.root.ID, ""), 409)
	wantBad(t, c.stranger.JSON("DELETE", "/developers/"+c.bob.ID, ""), 401)
	d := wantGood(t, c.asRoot.JSON("DELETE", "/developers/"+c.bob.ID, ""), 200)
	if diff := cmp.Diff(object{"deleted_id": c.bob.ID}, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantBad(t, c.asRoot.JSON("DELETE", "/developers/"+c.bob.ID, ""), 404)
	wantGood(t, c.asAda.JSON("DELETE", "/developers/"+c.ada.ID, ""), 200)
	wantBad(t, c.asAda.JSON("GET", "/developers", ""), 401)
	if n := c.accounts(t); n != 1 {
		t.Errorf("%d accounts are left", n)
	}
}
