package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// object is a JSON object of the document.
type object = map[string]any

// openapi serves the document that describes the interface (OpenAPI 3.1). It tells nothing of what
// is stored, so anybody may read it.
func (a *API) openapi(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
	httpx.WriteJSON(w, http.StatusOK, a.document)
	return nil
}

// openAPI makes the document of the policy (httpx.Routes), of operations, and of the types that are
// read and written.
func openAPI() json.RawMessage {
	schemas := schemas{}
	paths := map[string]object{}
	for pattern, op := range operations() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.ReplaceAll(path, "{$}", "")
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(method)] = schemas.operation(routeOf(pattern), path, op)
	}
	schemas["Failure"] = object{
		"type": "object", "required": []string{"status", "error"}, "additionalProperties": false,
		"properties": object{
			"status": object{"const": false},
			"error":  object{"type": "string", "description": "What is wrong, for people."},
			"fields": object{
				"type": "object", "additionalProperties": object{"type": "string"},
				"description": "What is wrong with which field.",
			},
		},
	}
	document, err := json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Doorbook", "version": "1",
			"description": "Who may come in, and what they did. Good answers are {\"status\": true, \"data\": …}, others " +
				"{\"status\": false, \"error\": \"…\"}. Cookies are for browsers; programs bring a token. " +
				"People are looked after below /api/people; /developers are the routes of the original Flask application, kept for programs " +
				"that come from it.",
		},
		"servers": []object{{"url": "."}}, // beside this document, also below a path
		"paths":   paths,
		"components": object{
			"schemas": schemas,
			"responses": object{"failure": object{
				"description": "Refused, or failed.", "content": content(ref("schemas", "Failure")),
			}},
			"securitySchemes": object{
				"token":   object{"type": "http", "scheme": "bearer", "bearerFormat": "dbk_…"},
				"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-session"},
			},
		},
	})
	if err != nil {
		panic("api: " + err.Error()) // it holds nothing that JSON has no form for
	}
	return document
}

// routeOf is the line of the policy for a pattern.
func routeOf(pattern string) httpx.Route {
	for _, route := range httpx.Routes() {
		if route.Pattern == pattern {
			return route
		}
	}
	return httpx.Route{Pattern: pattern} // a test tells of it
}

// operation describes one route.
func (s schemas) operation(route httpx.Route, path string, op operation) object {
	method, _, _ := strings.Cut(route.Pattern, " ")
	out := object{"operationId": op.id, "summary": op.does, "responses": s.responses(route, op), "security": security(method, route, op)}
	if op.more != "" {
		out["description"] = op.more
	}
	var parameters []object
	for _, name := range pathParameters(path) {
		parameters = append(parameters, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range op.query {
		schema := s.of(q.kind)
		if q.words != nil {
			schema["enum"] = q.words
		}
		parameters = append(parameters, object{"name": q.name, "in": "query", "description": q.does, "schema": schema})
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	if op.in != nil {
		body := s.body(op.in)
		if op.must != nil {
			body["required"] = op.must
		}
		out["requestBody"] = object{"required": !op.optional, "content": content(body)}
	}
	return out
}

// security says who may ask: by a token of the scope for the method, unless the route takes a
// person, or by a session.
func security(method string, route httpx.Route, op operation) []object {
	list := []object{}
	if route.Who == httpx.Anyone {
		list = append(list, object{})
	}
	if route.Fresh == 0 && !op.person {
		scope := account.ScopeWrite
		if method == http.MethodGet {
			scope = account.ScopeRead
		}
		list = append(list, object{"token": scope.Names()})
	}
	return append(list, object{"session": []string{}})
}

// responses are the statuses of a route: those that follow from what it is, and those that the
// operation names.
func (s schemas) responses(route httpx.Route, op operation) object {
	method, path, _ := strings.Cut(route.Pattern, " ")
	says := append([]int{400, 401, 403, 421, 500, 503}, op.says...)
	if len(pathParameters(path)) > 0 {
		says = append(says, 404)
	}
	if method != http.MethodGet {
		says = append(says, 413, 415)
	}
	if op.in != nil {
		says = append(says, 422)
	}
	if route.Fresh != 0 {
		says = append(says, 422, 429)
	}
	out := object{}
	for _, status := range says {
		out[strconv.Itoa(status)] = ref("responses", "failure")
	}
	good := object{"description": "Done."}
	switch {
	case op.file:
		good["content"] = content(s.of(op.out))
	case op.out != nil:
		good["content"] = content(s.envelope(op))
	case path == "/openapi.json":
		good["content"] = content(object{"type": "object"})
	}
	out[strconv.Itoa(max(op.status, http.StatusOK))] = good
	return out
}

func (s schemas) envelope(op operation) object {
	properties := object{"status": object{"const": true}, "data": s.of(op.out)}
	if op.paged {
		properties["next"] = object{"type": "string", "description": "Where the next page begins; absent on the last one."}
	}
	return object{
		"type": "object", "required": []string{"status", "data"}, "properties": properties, "additionalProperties": false,
	}
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// pathParameters are the names in braces in a path.
func pathParameters(path string) (names []string) {
	for _, m := range parameter.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return slices.Clip(names)
}

func content(schema object) object { return object{"application/json": object{"schema": schema}} }

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }
