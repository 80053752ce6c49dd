package flask_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/flask"
)

func TestSplitJoin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`:                                              `{}`,
		` { "b" : 1 , "a" : [ 1 , -0 ] }`:                 `{"a":[1,0],"b":1}`,
		`{"\u0061":"\/\u00E9é` + "\x7f" + `"}`:            `{"a":"/\u00e9\u00e9\u007f"}`,
		`{"😀":1,"` + "\uffff" + `":2}`:                    `{"\uffff":2,"\ud83d\ude00":1}`,
		`{" di":{" t__":1}}`:                              `{" di":{" t__":1}}`,
		`{" t":1,"a":1E2,"b":1e400}`:                      `{" t":1,"a":100.0,"b":Infinity}`,
		`{"a":1,"a":2}`:                                   `{"a":2}`,
		`{"a":{" \u0074":[1]," t":[2]}}`:                  `{"a":{" t":[2]}}`,
		`{"a":1e22,"b":123456789012345680.0,"c":0.00001}`: `{"a":1e+22,"b":1.2345678901234568e+17,"c":1e-05}`,
	} {
		values, err := flask.Split([]byte(text))
		must(t, err)
		got, err := flask.Join(values)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
		if got, err := flask.Canonical([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%s: Canonical gives %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, ` `, `null`, `[]`, `"a"`, `1`, `{" t":[["a",1]]}`, `{" di":{"a":1}}`, `{" di":{" t__":1," b__":1}}`,
		`{"a":{" t":{" t":[1]}}}`,
		`{" di":{" di":{" t__":1}}}`, "\ufeff{}", `{"a":1}` + "\x00", `{"a":` + strings.Repeat("[", 256) + strings.Repeat("]", 256) + `}`,
		"{\"a\":\"\xed\xa0\x80\"}", `{"a":"\u00g0"}`, `{"a":tru}`, `{"a":-}`, `{"a":+1}`, `{"a":1e}`, `{'a':1}`,
		`{"a":1 2}`, `{1:1}`,
		"{\"a\":\"\x1f\"}", `{"a":{" u":"0000000000000000000000000000000g"}}`, `{"a":{" d":"Sat, 01 Jan 0000 00:00:00 GMT"}}`,
		`{"a":{" b":"aGk"}}`, "{\"a\":{\" b\":\"aG\\nk=\"}}", `{"a":{" d":"Sun, 22 Nov 2026 12:34:56 UTC"}}`,
		`{"a":{" d":"Mon, 22 Nov 2026 12:34:56 GMT"}}`,
	} {
		if values, err := flask.Split([]byte(text)); !errors.Is(err, flask.ErrMalformed) || values != nil {
			t.Errorf("%.60q: %v, %v", text, values, err)
		}
	}
}

// TestJoin: a value is one value and no deeper than Split reads, and a key is text.
func TestJoin(t *testing.T) {
	t.Parallel()
	lists := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, err := flask.Split([]byte(`{"a":` + lists(255) + `}`)); err != nil {
		t.Error("255 lists in a dict:", err)
	}
	for _, c := range []struct {
		what, key, value, want string
		err                    error
	}{
		{"a tag", " t", " 1 ", `{" di":{" t__":1}}`, nil},
		{"255 lists as a value", "a", lists(255), `{"a":` + lists(255) + `}`, nil},
		{"256 lists as a value", "a", lists(256), "", flask.ErrMalformed},
		{"two values in one", "a", `1,"b":2`, "", flask.ErrMalformed},
		{"a key that is no text", "\xff", "1", "", flask.ErrUnsupported},
	} {
		got, err := flask.Join(map[string][]byte{c.key: []byte(c.value)})
		if !errors.Is(err, c.err) || string(got) != c.want {
			t.Errorf("%s: %.60q, %v, want %.60q, %v", c.what, got, err, c.want, c.err)
		}
	}
}
