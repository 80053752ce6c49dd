package flask_test

import (
	"encoding/json"
	"errors"
	"html/template"
	"math"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/compare"
)

var _ session.Codec = flask.Codec{}

type (
	base   struct{ ID, Over int }
	Shared struct{ City string }
	Other  struct {
		Town string `json:"City"`
	}
	Third   struct{ City string }
	level   int
	upper   struct{ name string }
	wrapped struct{ T time.Time }
)

// MarshalJSON and UnmarshalJSON speak plain JSON.
func (u upper) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]string{" t": u.name}) }

func (u *upper) UnmarshalJSON(b []byte) error {
	var m map[string]string
	err := json.Unmarshal(b, &m)
	u.name = m[" t"]
	return err
}

func huge(digits int) *big.Int {
	n, _ := new(big.Int).SetString(strings.Repeat("9", digits), 10)
	return n
}

// TestValues writes Go values, and reads them back into the same type.
func TestValues(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 34, 56, 0, time.UTC)
	addr := netip.MustParseAddr("10.0.0.1")
	for _, tt := range []struct {
		value any // a pointer to it
		want  string
	}{
		{ptr(true), `true`},
		{ptr(-42), `-42`},
		{ptr(level(7)), `7`},
		{ptr(uint64(math.MaxUint64)), `18446744073709551615`},
		{ptr(1.0), `1.0`},
		{ptr(1e16), `1e+16`},
		{ptr(float32(0.1)), `0.1`},
		{ptr(math.Inf(-1)), `-Infinity`},
		{ptr(math.NaN()), `NaN`},
		{ptr(math.Copysign(0, -1)), `-0.0`},
		{ptr("é\U0001f600\"\\\b\x7f<"), `"\u00e9\ud83d\ude00\"\\\b\u007f<"`},
		{ptr("half \xed\xa0\x80"), `"half \ud800"`},
		{ptr([]byte("hi")), `{" b":"aGk="}`},
		{ptr([]byte{}), `{" b":""}`},
		{ptr([]byte(nil)), `null`},
		{ptr([2]byte{1, 2}), `[1,2]`},
		{ptr([]string{"a", "b"}), `["a","b"]`},
		{ptr([]string{}), `[]`},
		{ptr([]string(nil)), `null`},
		{ptr(flask.Tuple{"a", int64(1), nil}), `{" t":["a",1,null]}`},
		{ptr([]flask.Tuple{{"success", "Welcome"}}), `[{" t":["success","Welcome"]}]`},
		{ptr(map[string]int{"b": 1, "a": 2}), `{"a":2,"b":1}`},
		{ptr(map[level]bool{10: true, 9: false}), `{"10":true,"9":false}`},
		{ptr(map[netip.Addr]int{addr: 1}), `{"10.0.0.1":1}`},
		{ptr(map[string]int{" t": 1}), `{" di":{" t__":1}}`},
		{ptr(map[string]any{" di": map[string]any{" t__": int64(1)}}), `{" di":{" di__":{" t__":1}}}`},
		{ptr(map[string]int{" t": 1, "x": 2}), `{" t":1,"x":2}`},
		{ptr(struct {
			X int `json:" u"`
		}{1}), `{" di":{" u__":1}}`},
		{ptr(template.HTML("<b>")), `{" m":"<b>"}`},
		{ptr(flask.UUID{0x12, 15: 0xff}), `{" u":"120000000000000000000000000000ff"}`},
		{ptr(at), `{" d":"Sun, 22 Nov 2026 12:34:56 GMT"}`},
		{ptr(time.Time{}), `null`},
		{ptr(wrapped{at}), `{"T":{" d":"Sun, 22 Nov 2026 12:34:56 GMT"}}`},
		{ptr(huge(4300)), strings.Repeat("9", 4300)},
		{ptr(*huge(30)), strings.Repeat("9", 30)},
		{ptr(json.Number("12345678901234567890")), `12345678901234567890`},
		{ptr(json.RawMessage(`{"a":[1,2.5,"x"]}`)), `{"a":[1,2.5,"x"]}`},
		{ptr(addr), `"10.0.0.1"`},
		{ptr(upper{"x"}), `{" di":{" t__":"x"}}`},
		{ptr(ptr(5)), `5`},
		{ptr((*int)(nil)), `null`},
		{ptr(any([]any{int64(1), "x", 2.0, huge(20), at, flask.UUID{1}})), `[1,"x",2.0,99999999999999999999,` +
			`{" d":"Sun, 22 Nov 2026 12:34:56 GMT"},{" u":"01000000000000000000000000000000"}]`},
		{ptr(struct {
			Shared
			Other
		}{Shared{"Oslo"}, Other{"Bergen"}}), `{"City":"Bergen"}`},
		{ptr(struct {
			Third
			Shared
			Own int
		}{Own: 1}), `{"Own":1}`},
		{
			ptr(struct {
				base
				*Shared
				Over  string  `json:"over"`
				Name  string  `json:"name,omitempty"`
				Skip  int     `json:"-"`
				Zero  wrapped `json:",omitzero"`
				Quiet []int   `json:",omitempty"`
				Any   any
				HTML  template.HTML
			}{base: base{ID: 1, Over: 2}, Shared: &Shared{"Oslo"}, Over: "x", Any: flask.Tuple{int64(1)}, HTML: "<i>"}),
			`{"Any":{" t":[1]},"City":"Oslo","HTML":{" m":"<i>"},"ID":1,"Over":2,"over":"x"}`,
		},
	} {
		b, err := flask.Codec{}.Marshal(deref(tt.value))
		if err != nil || string(b) != tt.want {
			t.Errorf("%T: %s, %v, want %s", tt.value, b, err, tt.want)
			continue
		}
		if viaPointer, err := (flask.Codec{}).Marshal(tt.value); err != nil || string(viaPointer) != tt.want {
			t.Errorf("pointer to %T: %s, %v, want %s", tt.value, viaPointer, err, tt.want)
		}
		back := fresh(tt.value)
		if err := (flask.Codec{}).Unmarshal(b, back); err != nil {
			t.Errorf("%T: %v", tt.value, err)
			continue
		}
		again, err := flask.Codec{}.Marshal(back)
		if err != nil || string(again) != tt.want {
			t.Errorf("%T read and written: %s, %v, want %s", tt.value, again, err, tt.want)
		}
	}
}

func TestUnmarshalNatural(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		`null`: nil, `true`: true, `1`: int64(1), `9223372036854775808`: new(big.Int).SetUint64(1 << 63), `1.0`: 1.0, `-0`: int64(0),
		`"\ud800"`: "\xed\xa0\x80", `[]`: []any{}, `{}`: map[string]any{}, `{" t":[]}`: flask.Tuple{}, `{" b":""}`: []byte{},
		`{" d":"Thu, 01 Jan 0099 00:00:00 GMT"}`: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		`{" d":"` + century(68) + `"}`:           time.Date(2068, 6, 1, 0, 0, 0, 0, time.UTC),
		`{" d":"` + century(69) + `"}`:           time.Date(1969, 6, 1, 0, 0, 0, 0, time.UTC),
		`{" d":"` + century(100) + `"}`:          time.Date(100, 6, 1, 0, 0, 0, 0, time.UTC),
		` {"a" : 1,"a":[2] } `:                   map[string]any{"a": []any{int64(2)}},
	} {
		var got any
		err := flask.Codec{}.Unmarshal([]byte(text), &got)
		if diff := same(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

// century is how Flask writes the first of June of a year.
func century(year int) string {
	return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat)
}

func TestUnmarshalInto(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		into any
		want any // nil: it does not fit
	}{
		{`{" t":[1,2]}`, new([]int), []int{1, 2}},
		{`[1,"x"]`, new(flask.Tuple), flask.Tuple{int64(1), "x"}},
		{`[1,2,3]`, new([2]int), [2]int{1, 2}},
		{`{" m":"<b>"}`, new(string), "<b>"},
		{`"<b>"`, new(template.HTML), nil},
		{`null`, ptr(template.HTML("x")), template.HTML("x")},
		{`1`, new(float64), 1.0},
		{`1.0`, new(int), nil},
		{`256`, new(uint8), nil},
		{`-1`, new(uint), nil},
		{`9223372036854775808`, new(int64), nil},
		{`"x"`, new(int), nil},
		{`1`, new(string), nil},
		{`{"a":1}`, new([]int), nil},
		{`[1]`, new(struct{}), nil},
		{`"aGk="`, new([]byte), nil},
		{`{" u":"00000000000000000000000000000001"}`, new(string), nil},
		{`"00000000-0000-0000-0000-000000000001"`, new(flask.UUID), flask.UUID{15: 1}},
		{`"2026-11-22T12:34:56Z"`, new(time.Time), time.Date(2026, 11, 22, 12, 34, 56, 0, time.UTC)},
		{`NaN`, new(json.RawMessage), nil},
		{`{"name":"x","NAME":"y"}`, new(struct{ Name string }), struct{ Name string }{"x"}},
		{`{" d":"Sun, 22 Nov 2026 12:34:56 GMT"}`, new(json.RawMessage), json.RawMessage(`"2026-11-22T12:34:56Z"`)},
	} {
		err := flask.Codec{}.Unmarshal([]byte(tt.text), tt.into)
		if tt.want == nil {
			if !errors.Is(err, flask.ErrMismatch) {
				t.Errorf("%s into %T: %v", tt.text, tt.into, err)
			}
			continue
		}
		if diff := compare.Diff(tt.want, deref(tt.into)); err != nil || diff != "" {
			t.Errorf("%s into %T: %v %s", tt.text, tt.into, err, diff)
		}
	}
	if err := (flask.Codec{}).Unmarshal([]byte(`1`), 5); !errors.Is(err, flask.ErrMismatch) {
		t.Error("no pointer:", err)
	}
	if err := (flask.Codec{}).Unmarshal([]byte(`1`), nil); !errors.Is(err, flask.ErrMismatch) {
		t.Error("nil:", err)
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	type loop struct{ Next *loop }
	self := &loop{}
	self.Next = self
	var pointer any
	pointer = &pointer
	deep := any(1)
	for range 300 {
		deep = []any{deep}
	}
	for name, v := range map[string]any{
		"a function": func() {}, "a channel": make(chan int), "complex": 1i, "a struct": struct{ F func() }{},
		"bad UTF-8": "\xff", "a pair in two halves": "\xed\xa0\xbd\xed\xb8\x80", "a key": map[string]int{"\xff": 1},
		"loop": self, "a pointer to itself": pointer, "deep": deep, "digits": huge(4301), "negative": new(big.Int).Neg(huge(4301)),
		"year": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "float keys": map[float64]int{1: 1}, "no number": json.Number(`"x"`),
		"raw": json.RawMessage(`{`), "raw tail": json.RawMessage(`1,"admin":true`),
	} {
		if b, err := (flask.Codec{}).Marshal(v); !errors.Is(err, flask.ErrUnsupported) || b == nil && err == nil {
			t.Errorf("%s: %.50q, %v", name, b, err)
		}
	}
}
