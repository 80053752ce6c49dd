package flask_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"math"
	"math/big"
	"os"
	"strconv"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session/flask"
)

// The files in testdata come from the real Flask, ItsDangerous and Python; "what" in their "meta"
// says what the fields are.

type keyText struct {
	Str   *string
	Hex   string
	Plain string
}

func (k keyText) bytes(t testing.TB) []byte {
	t.Helper()
	if k.Str != nil {
		return []byte(*k.Str)
	}
	b, err := hex.DecodeString(k.Hex)
	must(t, err)
	return b
}

type goldenKeys struct {
	Secret    keyText         `json:"secret_key"`
	Fallbacks json.RawMessage `json:"fallbacks"`
	Now       int64
}

// signer makes the signer of a case. The fallbacks may be a text by mistake, which Flask takes
// apart.
func (k goldenKeys) signer(t testing.TB) (*flask.Signer, error) {
	t.Helper()
	keys := flask.Keys{Secret: k.Secret.bytes(t)}
	var list []keyText
	if json.Unmarshal(k.Fallbacks, &list) != nil {
		var text keyText
		must(t, json.Unmarshal(k.Fallbacks, &text))
		for _, c := range text.Plain {
			keys.Fallbacks = append(keys.Fallbacks, []byte(string(c)))
		}
	}
	for _, f := range list {
		keys.Fallbacks = append(keys.Fallbacks, f.bytes(t))
	}
	return flask.NewSigner(keys)
}

type goldenCookie struct {
	goldenKeys
	ID               string
	Category         string
	Timestamp        int64
	MaxAge           int64 `json:"max_age"`
	Session, Decoded typed
	JSON             string
	Compressed       bool
	Cookie           string
	Encode           string
	Verify           goldenKeys
}

type goldenBad struct {
	goldenKeys
	ID, Category string
	Layer        string
	Cookie       *string
	CookieHeader *string `json:"cookie_header"`
	MaxAge       int64   `json:"max_age"`
	Flask        struct {
		Outcome string
		Session *typed
	}
	Expect string
}

func readGolden[T any](t testing.TB, file string) []T {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	must(t, err)
	var all struct{ Cases []T }
	must(t, json.Unmarshal(b, &all))
	if len(all.Cases) < 100 {
		t.Fatalf("only %d cases", len(all.Cases))
	}
	return all.Cases
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

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

// value gives the Go value that stands for a Python one.
func (v typed) value(t testing.TB) any {
	t.Helper()
	switch v.T {
	case "none":
		return nil
	case "bool":
		return string(v.V) == "true"
	case "int":
		if n, err := strconv.ParseInt(v.text(t), 10, 64); err == nil {
			return n
		}
		n, _ := new(big.Int).SetString(v.text(t), 10)
		return n
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
	case "list", "tuple":
		var items []typed
		must(t, json.Unmarshal(v.V, &items))
		all := []any{}
		for _, item := range items {
			all = append(all, item.value(t))
		}
		if v.T == "tuple" {
			return flask.Tuple(all)
		}
		return all
	case "dict":
		var items [][2]typed
		must(t, json.Unmarshal(v.V, &items))
		all := map[string]any{}
		for _, item := range items {
			all[item[0].text(t)] = item[1].value(t)
		}
		return all
	}
	t.Fatalf("type %q", v.T)
	return nil
}

// decoded reads the values of a session.
func decoded(t testing.TB, text []byte) map[string]any {
	t.Helper()
	values, err := flask.Split(text)
	must(t, err)
	all := map[string]any{}
	for key, b := range values {
		var v any
		must(t, flask.Codec{}.Unmarshal(b, &v))
		all[key] = v
	}
	return all
}

// same is cmp.Diff where floats are the same bit for bit, and NaN is NaN.
func same(want, got any) string {
	return cmp.Diff(want, got,
		cmp.Comparer(func(a, b float64) bool {
			return math.Float64bits(a) == math.Float64bits(b) || (math.IsNaN(a) && math.IsNaN(b))
		}),
		cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }))
}

func TestGoldenCookiesAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden[goldenCookie](t, "cookies_dev.json") {
		t.Run(c.ID, func(t *testing.T) {
			signer, err := c.Verify.signer(t)
			must(t, err)
			text, at, _, err := signer.Verify(c.Cookie, time.Unix(c.Verify.Now, 0), time.Duration(c.MaxAge)*time.Second)
			must(t, err)
			if string(text) != c.JSON || at.Unix() != c.Timestamp {
				t.Errorf("text %q at %d, want %q at %d", text, at.Unix(), c.JSON, c.Timestamp)
			}
			if diff := same(c.Decoded.value(t), decoded(t, text)); diff != "" {
				t.Error("values differ:", diff)
			}
			rejoined(t, text, c.Encode != "decode_only")
		})
	}
}

// rejoined takes a text apart and puts it together again.
func rejoined(t testing.TB, text []byte, identical bool) {
	t.Helper()
	values, err := flask.Split(text)
	must(t, err)
	again, err := flask.Join(values)
	must(t, err)
	if identical && !bytes.Equal(again, text) {
		t.Errorf("joined again: %q, was %q", again, text)
	}
	if diff := same(decoded(t, text), decoded(t, again)); diff != "" {
		t.Error("joined again, values differ:", diff)
	}
}

func TestGoldenCookiesAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden[goldenCookie](t, "cookies_dev.json") {
		if c.Encode == "decode_only" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			values := map[string][]byte{}
			for key, v := range c.Session.value(t).(map[string]any) {
				b, err := flask.Codec{}.Marshal(v)
				must(t, err)
				values[key] = b
			}
			text, err := flask.Join(values)
			must(t, err)
			if string(text) != c.JSON {
				t.Fatalf("text %q, want %q", text, c.JSON)
			}
			signer, err := flask.NewSigner(flask.Keys{Secret: c.Secret.bytes(t)})
			must(t, err)
			cookie := signer.Sign(text, time.Unix(c.Timestamp, 0))
			if c.Encode == "exact" && cookie != c.Cookie {
				t.Errorf("cookie %q, want %q", cookie, c.Cookie)
			}
			back, _, old, err := signer.Verify(cookie, time.Unix(c.Timestamp, 0), 0)
			if err != nil || old || !bytes.Equal(back, text) {
				t.Errorf("read again: %q, old %v, %v", back, old, err)
			}
			if len(cookie) > len(c.Cookie)*9/5 { // short texts are compressed quickly, not well
				t.Errorf("%d characters, and Flask needs %d", len(cookie), len(c.Cookie))
			}
		})
	}
}
