package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// schemas are the JSON Schemas of the types that are written, by the type's name.
type schemas map[string]object

// of returns the schema of a value's type as it is written.
func (s schemas) of(value any) object { return s.typed(reflect.TypeOf(value)) }

// body returns the schema of a struct that a body is read into. Fields that the struct does not have
// are refused.
func (s schemas) body(value any) object {
	properties, _ := s.properties(reflect.TypeOf(value))
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func (s schemas) typed(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[skills](): // a list, or the comma list of the original's form
		return object{"type": []string{"array", "string"}, "items": object{"type": "string"}}
	case reflect.TypeFor[account.Role]():
		return object{"type": "string", "enum": []account.Role{account.Member, account.Admin}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.typed(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.typed(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		return s.named(t)
	}
	panic("api: no schema of " + t.String()) // seen by whoever adds such a field, at the first start
}

// named keeps the schema of a struct under its name, and refers to it.
func (s schemas) named(t reflect.Type) object {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if s[name] == nil {
		s[name] = object{} // it may hold itself
		properties, required := s.properties(t)
		s[name] = object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	return ref("schemas", name)
}

// properties are the fields of a struct by their JSON names, and those that are always written.
func (s schemas) properties(t reflect.Type) (properties object, required []string) {
	properties, required = object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" {
			continue
		}
		properties[name] = s.typed(f.Type)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	return properties, required
}
