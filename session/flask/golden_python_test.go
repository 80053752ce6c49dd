package flask_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"math"
	"math/big"
	"strconv"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/doorbook/doorbook/session/flask"
)

// typed is a Python value as the golden files write it.
type typed struct {
	T     string
	V     json.RawMessage
	Bits  string
	UTF16 string `json:"utf16be"`
	Unix  int64
}

func (v typed) text(t testing.TB) (s string) {
	t.Helper()
	if v.V != nil {
		must(t, json.Unmarshal(v.V, &s))
		return s
	}
	raw, err := hex.DecodeString(v.UTF16)
	must(t, err)
	var b []byte
	for i := 0; i < len(raw); i += 2 {
		r := rune(raw[i])<<8 | rune(raw[i+1])
		if i+3 < len(raw) {
			if pair := utf16.DecodeRune(r, rune(raw[i+2])<<8|rune(raw[i+3])); pair != '�' {
				b = append(b, string(pair)...)
				i += 2
				continue
			}
		}
		if utf16.IsSurrogate(r) {
			b = append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
			continue
		}
		b = append(b, string(r)...)
	}
	return string(b)
}

// value returns the Go value that stands for a Python one.
func (v typed) value(t testing.TB) any {
	t.Helper()
	switch v.T {
	case "none":
		return nil
	case "bool":
		return string(v.V) == "true"
	case "int":
		return v.integer(t)
	case "float":
		bits, err := strconv.ParseUint(v.Bits, 16, 64)
		must(t, err)
		return math.Float64frombits(bits)
	case "str":
		return v.text(t)
	case "markup":
		return template.HTML(v.text(t))
	case "bytes":
		b, err := hex.DecodeString(v.text(t))
		must(t, err)
		return b
	case "uuid":
		var u flask.UUID
		b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(v.text(t)), []byte("-"), nil)))
		must(t, err)
		copy(u[:], b)
		return u
	case "datetime":
		return time.Unix(v.Unix, 0).UTC()
	case "list":
		return v.list(t)
	case "tuple":
		return flask.Tuple(v.list(t))
	case "dict":
		return v.dict(t)
	}
	t.Fatalf("type %q", v.T)
	return nil
}

// integer returns an int64, or a big.Int of what is larger.
func (v typed) integer(t testing.TB) any {
	t.Helper()
	if n, err := strconv.ParseInt(v.text(t), 10, 64); err == nil {
		return n
	}
	n, _ := new(big.Int).SetString(v.text(t), 10)
	return n
}

func (v typed) list(t testing.TB) []any {
	t.Helper()
	var items []typed
	must(t, json.Unmarshal(v.V, &items))
	all := []any{}
	for _, item := range items {
		all = append(all, item.value(t))
	}
	return all
}

func (v typed) dict(t testing.TB) map[string]any {
	t.Helper()
	var items [][2]typed
	must(t, json.Unmarshal(v.V, &items))
	all := map[string]any{}
	for _, item := range items {
		all[item[0].text(t)] = item[1].value(t)
	}
	return all
}
