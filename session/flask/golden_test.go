package flask_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/compare"
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

// same is compare.Diff where floats are the same bit for bit, and NaN is NaN.
func same(want, got any) string { return compare.Diff(exact(want), exact(got)) }

// exact returns a decoded value in a form that is deeply equal to itself.
func exact(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return "float64 NaN"
		}
		return [2]any{v, math.Float64bits(v)}
	case *big.Int:
		return [2]any{"big.Int", v.String()}
	case []any:
		return exactAll(v)
	case flask.Tuple:
		return [2]any{"tuple", exactAll(v)}
	case map[string]any:
		all := maps.Clone(v)
		for key, item := range all {
			all[key] = exact(item)
		}
		return all
	}
	return v
}

func exactAll(items []any) []any {
	all := slices.Clone(items) // nil stays nil
	for i, item := range all {
		all[i] = exact(item)
	}
	return all
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
