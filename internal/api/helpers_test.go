package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const missing = "000000000000000000000000" // an id that nothing has

// cast is a site with a member, another one and an admin, each in a browser.
type cast struct {
	*sitetest.Site
	ada, bob, root          account.Developer
	asAda, asRoot, stranger *sitetest.Visitor
}

func newCast(t *testing.T) *cast {
	t.Helper()
	s := sitetest.New(t)
	c := &cast{
		Site: s, ada: s.Developer("Ada", account.Member), bob: s.Developer("Bob", account.Member),
		root: s.Developer("Root", account.Admin), stranger: s.Visitor(),
	}
	c.asAda, c.asRoot = s.SignedIn(c.ada), s.SignedIn(c.root)
	return c
}

// object is a JSON object, field by field.
type object = map[string]any

// wantGood fails unless the answer is the envelope of success, and gives its data.
func wantGood(t *testing.T, a *sitetest.Answer, status int) any {
	t.Helper()
	var got object
	a.JSON(t, &got)
	if a.Status != status || got["status"] != true || got["error"] != nil {
		t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	for name := range got {
		if name != "status" && name != "data" && name != "next" {
			t.Errorf("the envelope has a field %q", name)
		}
	}
	common(t, a)
	return got["data"]
}

// wantBad fails unless the answer is the envelope of failure with these fields told.
func wantBad(t *testing.T, a *sitetest.Answer, status int, fields ...string) {
	t.Helper()
	var got struct {
		Status *bool             `json:"status"`
		Error  string            `json:"error"`
		Fields map[string]string `json:"fields"`
	}
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil || got.Status == nil || *got.Status || got.Error == "" {
		t.Errorf("not the envelope (%v): %s", err, a.Body)
	}
	if a.Status != status {
		t.Errorf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	told := map[string]bool{}
	for name := range got.Fields {
		told[name] = true
	}
	want := map[string]bool{}
	for _, name := range fields {
		want[name] = true
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	for _, inside := range []string{"json:", "struct", "account.", "sqlite", "Go ", "unmarshal", "offset", "goroutine"} {
		if strings.Contains(a.Body, inside) {
			t.Errorf("the answer tells of the inside: %s", a.Body)
		}
	}
	common(t, a)
}

// common is what every answer of the interface is.
func common(t *testing.T, a *sitetest.Answer) {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", kind)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", a.Header)
	}
	for _, secret := range []string{"argon2", `"password_hash":`, "PasswordHash", sitetest.Hash[30:]} {
		if strings.Contains(a.Body, secret) {
			t.Errorf("the answer holds %q: %s", secret, a.Body)
		}
	}
}

// accounts is how many developers there are.
func (c *cast) accounts(t *testing.T) int {
	t.Helper()
	list, err := c.DB.Accounts().List(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func body(t *testing.T, fields object) string {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// eve is somebody new who breaks no rule, with some fields replaced; nil takes one away.
func eve(t *testing.T, change object) string {
	t.Helper()
	fields := object{"name": "Eve", "email": "eve@example.org", "password": sitetest.Password, "skills": []string{"go", "sql"}}
	for name, v := range change {
		if fields[name] = v; v == nil {
			delete(fields, name)
		}
	}
	return body(t, fields)
}
