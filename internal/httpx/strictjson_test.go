package httpx_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

type person struct {
	Name   *string  `json:"name"`
	Role   string   `json:"role,omitempty"`
	Skills []string `json:"skills"`
}

func decodePerson(body string) (p person, err error) {
	err = httpx.DecodeJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), &p)
	return p, err
}

// TestDecodeJSON: what two readers may take for two things is 400, at whatever depth.
func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	const pair = `"\ud83d\ude00"`
	for _, body := range []string{
		"", "null", "[]", `"x"`, "{", `{"name":"x"`, `{"name":"x"}}`, `{"name":"x"} {}`, `{"name":"x"},`, "\ufeff{}", "{}\x00",
		"{\"name\":\"\xff\"}", "{\"\xff\":1}", "{\"name\":\"\xed\xa0\x80\"}", "{\"name\":\"\xc0\xaf\"}", "{\"name\":\"\xf4\x90\x80\x80\"}",
		`{"name":"\ud800"}`, `{"name":"\udc00\ud800"}`, `{"name":"\uD83D\u0041"}`, `{"name":"\ud83d"}`, `{"name":"\ud83dx"}`, `{"\ud800":1}`,
		`{"skills":["\ud800"]}`, `{"name":"\\\ud800"}`, `{"name":"` + `\ud83d\ud83d\ude00"}`,
		`{"name":"a","name":"b"}`, `{"name":"a","Name":"b"}`, `{"name":"a","n\u0061me":"b"}`, `{"role":"a","ROLE":"b"}`,
		`{"skills":[],"\u017fkills":[]}`, `{"s\u212aills":[]}`, `{"Name":"a"}`, `{"ROLE":"admin"}`, `{"x":1}`, `{"":1}`, `{"name.x":1}`, `{"x":{"a":1,"A":2}}`,
	} {
		if p, err := decodePerson(body); !fault.Is(err, fault.Malformed) {
			t.Errorf("%q is taken as %+v, %v", body, p, err)
		}
	}
	for body, want := range map[string]string{
		`{}`: "", ` {"name":"x"} ` + "\n": "x", `{"n\u0061me":"x"}`: "x", `{"name":` + pair + `}`: "😀", `{"name":"\\ud800"}`: `\ud800`,
		`{"name":null,"role":"name","skills":["name","Name","name"]}`: "",
	} {
		p, err := decodePerson(body)
		if got := ""; err != nil || p.Name != nil && *p.Name != want || p.Name == nil && want != got {
			t.Errorf("%q: %+v, %v, want %q", body, p, err, want)
		}
	}
	if _, err := decodePerson(`{"name":1}`); !fault.Is(err, fault.Invalid) || fault.From(err).Fields[0].Name != "name" {
		t.Errorf("a number for a name: %v", err)
	}
}

// TestJSONNames: an error says which field is meant, if it is of a name's form, and never what it holds.
func TestJSONNames(t *testing.T) {
	t.Parallel()
	const all = " This address takes a JSON object with name, role, skills."
	for body, want := range map[string]string{
		`{"rolle":"hunter"}`:                     `"rolle" is no field of this address.` + all,
		`{"Name":"hunter"}`:                      `"Name" is no field of this address.` + all,
		`{"name":"x","is-admin":"hunter","b":1}`: `"is-admin" is no field of this address.` + all,
		``:                                       `There is no body.` + all,
		" \n":                                    `There is no body.` + all,
		`{"name":"a","name":"hunter"}`:           `"name" came more than once.`,
		`{"name":{"hunter":1}}`:                  `The field "name" has the wrong type.`,
		`{"hunter 2":1}`:                         `A field of the body is no field of this address.` + all,
		`{"\u202ehunter":1}`:                     `A field of the body is no field of this address.` + all,
		`{"":"hunter"}`:                          `A field of the body is no field of this address.` + all,
		`["hunter"]`:                             `The body is not one JSON object.`,
		`{"name":"hunter"`:                       `The body is not one JSON object.`,
		`{"` + strings.Repeat("h", 25) + `":1}`:  `A field of the body is no field of this address.` + all,
	} {
		_, err := decodePerson(body)
		f := fault.From(err)
		if f == nil || f.Public != want || strings.Contains(f.Error()+f.Public, "hunter") {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	err := httpx.DecodeJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"a":1}`)), &struct{}{})
	if f := fault.From(err); f == nil || f.Public != `"a" is no field of this address. This address takes no fields.` {
		t.Errorf("where there are none: %v", err)
	}
}

// TestNoSuchAddress: below /api/ an address that is none is told to programs.
func TestNoSuchAddress(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, path := range []string{"/api/nonsense", "/api/people/x/nonsense", "/api/", "/api"} {
		for name, a := range map[string]*sitetest.Answer{
			"a stranger": c.Visitor().Get(path), "a member": c.SignedIn(c.ada).Get(path),
			"a token": withToken(c.Visitor(), c.Token(c.root, everything).Text, "POST", path, `{}`),
		} {
			if a.Status != 404 || !strings.HasPrefix(a.Body, `{"status":false,"error":"There is no such address`) {
				t.Errorf("%s, %s: %d %.200s", path, name, a.Status, a.Body)
			}
		}
	}
}

// TestJSONChangesNothing: P7 and P8: a password is the one that was typed or none, and what is done
// is what the book says.
func TestJSONChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	root := c.SignedIn(c.root)
	for _, body := range []string{
		`{"name":"x","email":"x@example.org","password":"violet otter\ud800 sings"}`,
		`{"name":"x","email":"x@example.org","password":"violet otter sings","Password":"another otter sings"}`,
		`{"name":"x","email":"x@example.org","password":"violet otter sings","role":"member","Role":"admin"}`,
		`{"name":"x","email":"x@example.org","password":"violet otter sings","Role":"admin"}`,
		`{"name":"x","email":"x@example.org","password":"violet otter sings"} {}`,
	} {
		if a := root.JSON("POST", "/developers", body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, a.Status)
		}
	}
	if a := root.JSON("PATCH", "/developers/"+c.ada.ID, `{"role":"member","Role":"admin"}`); a.Status != http.StatusBadRequest {
		t.Errorf("a role twice: %d", a.Status)
	}
	list, err := c.DB.Accounts().List(t.Context(), "", 10)
	if err != nil || len(list) != 3 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
	if ada, err := c.DB.Accounts().ByID(t.Context(), c.ada.ID); err != nil || ada.Role != account.Member {
		t.Errorf("Ada is %q, %v", ada.Role, err)
	}
}

// TestQueries: what stands behind the ? of an address of ours is read as a whole or refused.
// Guard: admit.go, readableQuery.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	ada, stranger := c.SignedIn(c.ada), c.Visitor()
	for _, query := range []string{"%zz", "limit=%zz", "limit=1&x=%", "limit=1;type=error", ";", "limit=1&%f=1", "next=%2"} {
		for address, v := range map[string]*sitetest.Visitor{
			"/": ada, "/logs": ada, "/developers": ada, "/login": stranger, "/setup": stranger, "/auth/login": stranger,
		} {
			if a := v.Get(address + "?" + query); a.Status != http.StatusBadRequest {
				t.Errorf("%s?%s: %d", address, query, a.Status)
			}
		}
		if a := ada.Post("/auth/logout?"+query, nil); a.Status != http.StatusBadRequest {
			t.Errorf("signing out with ?%s: %d", query, a.Status)
		}
	}
	if a := ada.Get("/?utm_source=x&a=%26&b=%3B&c"); a.Status != http.StatusOK {
		t.Errorf("a query of somebody else's: %d", a.Status)
	}
	if a := stranger.Get("/nowhere?%zz"); a.Status != http.StatusNotFound {
		t.Errorf("an address that is none: %d", a.Status)
	}
	if a := stranger.Get("/healthz?%zz"); a.Status != http.StatusOK {
		t.Errorf("a probe: %d", a.Status)
	}
}

// FuzzDecodeJSON: what is taken says the same to a reader that keeps the first of two keys, to one
// that keeps the last, and to the book.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","role":"admin"}`, `{"role":"member","Role":"admin"}`, `{"name":"\ud800"}`, `{"name":"\ud83d\ude00","skills":["a"]}`, `{"a":[{"b":1}]} x`,
	} {
		f.Add(s)
	}
	keep := book.Keep{Body: []book.Field{{Name: "role", Kind: book.Text}}}
	f.Fuzz(func(t *testing.T, body string) {
		p, err := decodePerson(body)
		var told *fault.Error
		if err != nil {
			if !errors.As(err, &told) {
				t.Fatalf("%q: an error without a public text: %v", body, err)
			}
			return
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &all); err != nil || !utf8.ValidString(body) {
			t.Fatalf("%q is taken: %v", body, err)
		}
		var role string
		if raw, ok := all["role"]; ok {
			_ = json.Unmarshal(raw, &role)
		}
		if role != p.Role {
			t.Fatalf("%q: role %q, another reader has %q", body, p.Role, role)
		}
		var kept map[string]any
		_ = json.Unmarshal([]byte(book.RedactBody("application/json", []byte(body), false, keep)), &kept)
		if told, ok := kept["role"].(string); ok && role != "" && told != book.Inert(role, 512) {
			t.Fatalf("%q: role %q, the book has %q", body, role, told)
		}
	})
}
