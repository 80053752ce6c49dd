package api_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// samples are bodies that are right on the routes that take fields. Who adds such a route adds one.
func samples() map[string]string {
	return map[string]string{
		"POST /api/sessions/{id}/name":           `{"name":"The laptop"}`,
		"POST /api/sessions/end":                 `{"all":false,"current_password":""}`,
		"POST /api/developers/{id}/sessions/end": `{"all":true}`,
		"PATCH /api/account":                     `{"name":"Somebody","skills":"a, b"}`,
		"POST /api/account/password":             `{"password":"` + sitetest.Password + `","current_password":"` + sitetest.Password + `"}`,
		"POST /api/account/close":                `{"current_password":"` + sitetest.Password + `"}`,
		"POST /api/tokens":                       `{"name":"deploy","scopes":["read","applications"],"days":7}`,
		"POST /api/people":                       `{"email":"new@example.org","name":"New","role":"member","groups":["a"]}`,
		"PATCH /api/people/{id}":                 `{"role":"member","disabled":true,"groups":"a, b"}`,
		"DELETE /api/people/{id}":                `{"email":"{email}"}`,
		"PATCH /api/registration":                `{"domains":["example.org"],"approval":true}`,
		"POST /developers":                       `{"name":"Eve","email":"eve@example.org","password":"` + sitetest.Password + `","skills":"a, b","role":"member","confirm_password":"` + sitetest.Password + `"}`,
		"PATCH /developers/{id}":                 `{"name":"Somebody","skills":["go"],"disabled":false}`,
	}
}

// document is the document as the site serves it.
func document(t *testing.T, s *sitetest.Site) object {
	t.Helper()
	a := s.Visitor().JSON("GET", "/openapi.json", "")
	var doc object
	if a.JSON(t, &doc); a.Status != 200 || doc["openapi"] != "3.1.0" {
		t.Fatalf("%d %.300s", a.Status, a.Body)
	}
	return doc
}

// jsonRoutes are the routes that speak JSON.
func jsonRoutes() []httpx.Route {
	return slices.DeleteFunc(httpx.Routes(), func(r httpx.Route) bool { return r.Form != httpx.JSON })
}

// described finds a route in the document, nil if it is not there.
func described(doc object, pattern string) object {
	method, path, _ := strings.Cut(pattern, " ")
	item, _ := doc["paths"].(object)[strings.ReplaceAll(path, "{$}", "")].(object)
	op, _ := item[strings.ToLower(method)].(object)
	return op
}

// TestOpenAPIRoutes: the document and the policy know the same routes, with the same parameters, and
// each has its words. Guard: operations.go.
func TestOpenAPIRoutes(t *testing.T) {
	t.Parallel()
	doc := document(t, sitetest.New(t))
	left := map[string]bool{}
	for path, item := range doc["paths"].(object) {
		for method := range item.(object) {
			left[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, route := range jsonRoutes() {
		op := described(doc, route.Pattern)
		if op == nil || op["summary"] == "" {
			t.Errorf("%s: add a row to operations() in internal/api/operations.go: what it does, the type that its body is "+
				"decoded into, the type of its data, its good status", route.Pattern)
			continue
		}
		delete(left, strings.ReplaceAll(route.Pattern, "{$}", ""))
		want := []string{}
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(route.Pattern, -1) {
			want = append(want, m[1])
		}
		got := []string{}
		list, _ := op["parameters"].([]any)
		for _, p := range list {
			if p := p.(object); p["in"] == "path" {
				got = append(got, p["name"].(string))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: parameters (-want +got):\n%s", route.Pattern, diff)
		}
	}
	for pattern := range left {
		t.Errorf("%s is described, and is no route: take its row out of internal/api/operations.go", pattern)
	}
}

// TestOpenAPIBodies: each field that is described is taken, no other is, and what a handler decodes
// into is what the document was made of.
func TestOpenAPIBodies(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	doc := document(t, c.Site)
	for _, route := range jsonRoutes() {
		method, _, _ := strings.Cut(route.Pattern, " ")
		if method == http.MethodGet {
			continue
		}
		fields := []string{}
		if op := described(doc, route.Pattern); op != nil && op["requestBody"] != nil {
			schema := dig(op, "requestBody", "content", "application/json", "schema")
			fields = slices.Sorted(maps.Keys(schema["properties"].(object)))
		}
		ask := func(body string) int { return c.send(t, c.asRoot, route.Pattern, nil, body).Status }
		for _, field := range fields {
			if status := ask(`{"` + field + `":null}`); status == http.StatusBadRequest {
				t.Errorf("%s: the field %s is described, and refused", route.Pattern, field)
			}
		}
		if status := ask(`{"nonsense":null}`); status != http.StatusBadRequest && status != http.StatusNotFound {
			t.Errorf("%s: a field that is not described: %d", route.Pattern, status)
		}
	}
}

// TestOpenAPIDecodes: whatever is decoded is a type that a row of operations names. It reads the
// code, for a handler that decodes into another type can be told in no other way.
func TestOpenAPIDecodes(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("operations.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	decoded := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name == "noFields" {
				continue
			}
			for _, kind := range decodes(f) {
				decoded++
				if !strings.Contains(string(rows), "in: "+kind+"{}") && !regexp.MustCompile(`in: +`+kind+`\{\}`).Match(rows) {
					t.Errorf("%s, %s: give what DecodeJSON reads into a type with a name (it is %q), and name it as \"in\" of its row "+
						"in operations.go", name, f.Name.Name, kind)
				}
			}
		}
	}
	if decoded < 4 {
		t.Errorf("%d handlers decode a body", decoded)
	}
}

// decodes are the types of what a function gives to httpx.DecodeJSON, as they were declared.
func decodes(f *ast.FuncDecl) (kinds []string) {
	declared := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			kind, _ := n.Type.(*ast.Ident)
			for _, name := range n.Names {
				if declared[name.Name] = "none"; kind != nil {
					declared[name.Name] = kind.Name
				}
			}
		case *ast.CallExpr:
			called, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || called.Sel.Name != "DecodeJSON" {
				return true
			}
			kind := "none"
			if of, ok := n.Args[1].(*ast.UnaryExpr); ok {
				if name, ok := of.X.(*ast.Ident); ok {
					kind = declared[name.Name]
				}
			}
			kinds = append(kinds, kind)
		}
		return true
	})
	return kinds
}

// TestOpenAPIAnswers asks every route rightly and in ways that are refused, as everybody, and holds
// each answer against what the document says of its status. Each route must do once what it is for.
func TestOpenAPIAnswers(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	doc := document(t, c.Site)
	for _, route := range jsonRoutes() {
		op := described(doc, route.Pattern)
		if op == nil {
			continue // TestOpenAPIRoutes tells
		}
		c := c
		if strings.HasPrefix(route.Pattern, "POST /api/account/") { // after which they are not who they were
			c = newCast(t)
		}
		good := 0
		check := func(what string, a *sitetest.Answer) {
			t.Helper()
			if a.Status < 300 {
				good++
			}
			for _, wrong := range documented(doc, op, a) {
				t.Errorf("%s, %s: %s\n%.400s", route.Pattern, what, wrong, a.Body)
			}
		}
		body := samples()[route.Pattern]
		if method, _, _ := strings.Cut(route.Pattern, " "); method != http.MethodGet && body == "" {
			body = `{}`
		}
		bearer := func(d account.Developer, scopes account.Scopes) *sitetest.Visitor {
			v := c.Visitor()
			v.Bearer = c.Token(d, scopes).Text
			return v
		}
		for _, who := range []struct {
			name string
			v    *sitetest.Visitor
		}{
			{"admin", c.SignedIn(c.root)},
			{"member", c.SignedIn(c.ada)},
			{"stranger", c.Visitor()},
			{"an admin's token", bearer(c.root, account.ScopeRead|account.ScopeWrite)},
			{"a token that may nothing", bearer(c.ada, account.ScopeApplications)},
		} {
			a := c.send(t, who.v, route.Pattern, c.target(t, route.Pattern), body)
			check(who.name, a)
			ended := a.Status == 401 && route.Pattern == "POST /api/account/password" // by the admin before
			if who.name == "an admin's token" && (a.Status == 403 || ended) == slices.ContainsFunc(op["security"].([]any), hasToken) {
				t.Errorf("%s, %s: %d, and the document says %v: \"person\" of its row is for what is refused to tokens",
					route.Pattern, who.name, a.Status, op["security"])
			}
			c.Clock.Turn(time.Minute)
		}
		for what, a := range c.refused(t, route.Pattern, body) {
			check(what, a)
		}
		if good == 0 {
			t.Errorf("%s was never answered well: give a right body to samples(), or what it is to act upon to target(), in "+
				"internal/api/openapi_test.go", route.Pattern)
		}
	}
}

// refused asks a route in ways that are wrong.
func (c *cast) refused(t *testing.T, pattern, body string) map[string]*sitetest.Answer {
	t.Helper()
	root := c.SignedIn(c.root)
	return map[string]*sitetest.Answer{
		"nobody there":           c.send(t, root, pattern, nil, body),
		"a bad query":            c.send(t, root, pattern+"?limit=x&%zz", nil, body),
		"no field that there is": c.send(t, root, pattern, c.target(t, pattern), `{"nonsense":1}`),
		"wrong types":            c.send(t, root, pattern, nil, `{"name":1,"all":"x","scopes":1}`),
		"no JSON":                c.send(t, root, pattern, nil, `x`, "Content-Type", "text/plain"),
		"too much":               c.send(t, root, pattern, nil, strings.Repeat(" ", httpx.DefaultMaxBody+1)),
		"the same header, twice": c.send(t, root, pattern, nil, "", "Authorization", "x", "Authorization", "y"),
	}
}

func hasToken(one any) bool { return one.(object)["token"] != nil }

// target makes what a route is to act upon: of the admin, where a session or a token of one's own is
// named, else of somebody new. It gives the parameters of the path.
func (c *cast) target(t *testing.T, pattern string) map[string]string {
	t.Helper()
	someone := c.Developer(fmt.Sprintf("Target %d at %d", c.accounts(t), c.Clock.Now().Unix()), account.Member)
	for part, state := range map[string]account.State{"/approve": account.Waiting, "/invitation": account.Invited} {
		if !strings.HasSuffix(pattern, part) {
			continue
		}
		if _, err := c.DB.Accounts().Update(t.Context(), account.Actor{}, someone.ID, account.Change{State: &state}, c.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	session := func(d account.Developer) string {
		c.SignedIn(d)
		list, err := c.Sessions.List(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		return list[0].ID.String()
	}
	switch _, path, _ := strings.Cut(pattern, " "); {
	case strings.HasPrefix(path, "/api/sessions/{id}"):
		return map[string]string{"id": session(c.root)}
	case strings.HasPrefix(path, "/api/tokens/{id}"):
		return map[string]string{"id": c.Token(c.root, account.ScopeRead).ID}
	case strings.HasPrefix(path, "/logs/"):
		return map[string]string{"id": c.Entries(book.Request)[0].ID}
	case strings.HasPrefix(path, "/api/developers/{id}"):
		return map[string]string{"id": someone.ID, "session": session(someone), "token": c.Token(someone, account.ScopeRead).ID}
	}
	return map[string]string{"id": someone.ID, "email": someone.Email}
}

// send asks a route; a parameter that is not given names nothing.
func (c *cast) send(
	t *testing.T, v *sitetest.Visitor, pattern string, parameters map[string]string, body string, headers ...string,
) *sitetest.Answer {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	path = regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(strings.ReplaceAll(path, "{$}", ""), func(name string) string {
		if value := parameters[strings.Trim(name, "{}")]; value != "" {
			return value
		}
		return missing
	})
	if method == http.MethodGet {
		body = ""
	}
	body = strings.ReplaceAll(body, "{email}", parameters["email"])
	if body != "" && !slices.Contains(headers, "Content-Type") {
		headers = append(headers, "Content-Type", "application/json")
	}
	return v.Do(method, path, body, headers...)
}

// documented says what of an answer is not as the document has it.
func documented(doc, op object, a *sitetest.Answer) []string {
	response, ok := op["responses"].(object)[strconv.Itoa(a.Status)].(object)
	if !ok {
		return []string{fmt.Sprintf("the status %d is not described: name it in \"says\" of its row in operations.go", a.Status)}
	}
	if to, ok := response["$ref"].(string); ok {
		response = follow(doc, to)
	}
	schema := dig(response, "content", "application/json", "schema")
	if schema == nil {
		return []string{"its body is not described"}
	}
	var value any
	if err := json.Unmarshal([]byte(a.Body), &value); err != nil {
		return []string{err.Error()}
	}
	return fits(doc, schema, value, "")
}

func dig(o object, path ...string) object {
	for _, name := range path {
		o, _ = o[name].(object)
	}
	return o
}

func follow(doc object, to string) object {
	return dig(doc, strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
}

// fits says where a value is not what a schema says, as far as the document's schemas go. A word that
// is not known here is told, so that none is passed over.
func fits(doc, schema object, value any, at string) (wrong []string) {
	if to, ok := schema["$ref"].(string); ok {
		if schema = follow(doc, to); schema == nil {
			return []string{at + ": " + to + " is not there"}
		}
	}
	for word, is := range schema {
		switch fit, known := wordFits(word, is, value); {
		case !known:
			wrong = append(wrong, at+": this test does not know "+word)
		case !fit:
			wrong = append(wrong, fmt.Sprintf("%s: %v is not of %s %v", at, value, word, is))
		}
	}
	if list, ok := value.([]any); ok {
		items, _ := schema["items"].(object)
		for i, one := range list {
			wrong = append(wrong, fits(doc, items, one, fmt.Sprint(at, "/", i))...)
		}
	}
	if o, ok := value.(object); ok {
		wrong = append(wrong, fieldsFit(doc, schema, o, at)...)
	}
	return wrong
}

// wordFits reports whether a value is as one word of a schema says, and whether the word is known.
func wordFits(word string, is, value any) (fit, known bool) {
	switch word {
	case "type":
		kind := typeOf(value)
		return slices.Contains(types(is), kind) || kind == "integer" && slices.Contains(types(is), "number"), true
	case "const":
		return value == is, true
	case "enum":
		return slices.Contains(is.([]any), value), true
	case "format":
		text, _ := value.(string)
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && is == "date-time", true
	case "required", "items", "properties", "additionalProperties", "description": // see fits and fieldsFit
		return true, true
	}
	return false, false
}

// fieldsFit is fits of the fields of an object.
func fieldsFit(doc, schema, o object, at string) (wrong []string) {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if o[name.(string)] == nil {
			wrong = append(wrong, fmt.Sprintf("%s: no field %v", at, name))
		}
	}
	properties, _ := schema["properties"].(object)
	for name, value := range o {
		property, known := properties[name].(object)
		if !known {
			if schema["additionalProperties"] == false {
				wrong = append(wrong, at+": the field "+name+" is not described")
			}
			property, known = schema["additionalProperties"].(object)
		}
		if known {
			wrong = append(wrong, fits(doc, property, value, at+"/"+name)...)
		}
	}
	return wrong
}

func types(is any) (names []string) {
	if list, ok := is.([]any); ok {
		for _, name := range list {
			names = append(names, name.(string))
		}
		return names
	}
	return []string{is.(string)}
}

func typeOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
