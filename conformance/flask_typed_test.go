package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// typed is a value with its Python type; flask/typed.py says how each stands in JSON.
type typed struct {
	T     string `json:"t"`
	V     any    `json:"v,omitempty"`       // bool, string, []*typed or [][2]*typed
	Bits  string `json:"bits,omitempty"`    // of a float
	UTF16 string `json:"utf16be,omitempty"` // of a text with lone surrogates
	Aware bool   `json:"aware,omitempty"`   // of a datetime
	Unix  *int64 `json:"unix,omitempty"`
}

func (v *typed) UnmarshalJSON(b []byte) error {
	type plain typed // without this method
	raw := struct {
		*plain
		V json.RawMessage `json:"v"`
	}{plain: (*plain)(v)}
	if err := json.Unmarshal(b, &raw); err != nil || len(raw.V) == 0 {
		return err
	}
	switch v.T {
	case "list", "tuple":
		return into[[]*typed](v, raw.V)
	case "dict":
		return into[[][2]*typed](v, raw.V)
	case "bool":
		return into[bool](v, raw.V)
	default:
		return into[string](v, raw.V)
	}
}

func into[T any](v *typed, b []byte) error {
	var value T
	err := json.Unmarshal(b, &value)
	v.V = value
	return err
}

// String is a text that two values share if and only if they are the same session data: the order
// of a dict's keys does not count, and a time is the moment in whole seconds, as Flask keeps it.
func (v *typed) String() string {
	switch {
	case v == nil:
		return "nothing"
	case v.UTF16 != "":
		return v.T + " utf16be " + v.UTF16
	case v.T == "float":
		return "float " + v.Bits
	case v.T == "datetime":
		return fmt.Sprint("datetime ", *v.Unix)
	}
	switch inner := v.V.(type) {
	case nil:
		return v.T
	case []*typed:
		return v.T + fmt.Sprint(inner)
	case [][2]*typed:
		lines := make([]string, len(inner))
		for i, pair := range inner {
			lines[i] = pair[0].String() + ": " + pair[1].String()
		}
		slices.Sort(lines)
		return v.T + "{" + strings.Join(lines, ", ") + "}"
	default:
		return fmt.Sprintf("%s %q", v.T, fmt.Sprint(inner))
	}
}
