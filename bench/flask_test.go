package bench_test

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
)

// flaskSession is a session as Flask spells it, all ASCII and with its keys in order.
type flaskSession struct{ name, text string }

const signedInText = `{"_permanent":true,"csrf_token":"6e1f4a0c9b8d7e5f3a2b1c0d9e8f7a6b5c4d3e2f","loggedin_user":` +
	`{"_id":"6560a1b2c3d4e5f60718293a","email":"alice@example.com","name":"Alice Liddell","skills":["python","flask","mongodb"]}}`

// flaskSessions are one that no compression makes shorter, that of somebody who is signed in, whose
// cookie Flask makes a seventh shorter by it, and one with much in it, which would have 1.8 kB
// without.
func flaskSessions() []flaskSession {
	basket := strings.Repeat(`{"article":"hat, black, size 7","count":2,"price":"12.50"},`, 19)
	return []flaskSession{
		{"small", `{"_permanent":true,"user_id":"6560a1b2c3d4e5f60718293a"}`},
		{"signed-in", signedInText},
		{"large", strings.Replace(signedInText, `"csrf_token"`, `"basket":[`+basket[:len(basket)-1]+`],"csrf_token"`, 1)},
	}
}

// flaskUser is what the original application keeps of the person who is signed in.
type flaskUser struct {
	ID     string   `json:"_id"`
	Email  string   `json:"email"`
	Name   string   `json:"name"`
	Skills []string `json:"skills"`
}

func alice() flaskUser {
	return flaskUser{"6560a1b2c3d4e5f60718293a", "alice@example.com", "Alice Liddell", []string{"python", "flask", "mongodb"}}
}

func (u flaskUser) equal(v flaskUser) bool {
	return u.ID == v.ID && u.Email == v.Email && u.Name == v.Name && slices.Equal(u.Skills, v.Skills)
}

const flaskUserKey = "loggedin_user"

func newFlaskSigner(tb testing.TB) *flask.Signer {
	tb.Helper()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte(secretKey)})
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

// BenchmarkFlaskRead takes the entries out of a cookie of Flask's. What itsdangerous reads has all
// its values decoded.
func BenchmarkFlaskRead(b *testing.B) {
	signer, theirs := newFlaskSigner(b), newItsdangerous(b)
	for _, s := range flaskSessions() {
		b.Run(s.name, func(b *testing.B) {
			cookie := theirs.write(b, s.text)
			now := time.Now()
			b.Run("impl=doorbook", func(b *testing.B) {
				timed(b, func() error {
					text, _, _, err := signer.Verify(cookie, now, flask.DefaultMaxAge)
					if err == nil {
						_, err = flask.Split(text)
					}
					return err
				})
			})
			floors(b, s, func(compressed bool) func() error {
				cookie := flaskFloorCookie(s.text, compressed)
				return func() error { _, err := flaskFloorRead(cookie); return err }
			})
			b.Run("impl=itsdangerous", func(b *testing.B) { theirs.time(b, question{Do: "read", Cookie: cookie}) })
		})
	}
}

// BenchmarkFlaskWrite makes a cookie of Flask's of entries whose values are encoded already.
// itsdangerous encodes them too.
func BenchmarkFlaskWrite(b *testing.B) {
	signer, theirs, now := newFlaskSigner(b), newItsdangerous(b), time.Now()
	for _, s := range flaskSessions() {
		b.Run(s.name, func(b *testing.B) {
			values, err := flask.Split([]byte(s.text))
			if err != nil {
				b.Fatal(err)
			}
			b.Run("impl=doorbook", func(b *testing.B) {
				timed(b, func() error {
					text, err := flask.Join(values)
					if err == nil {
						signer.Sign(text, now)
					}
					return err
				})
			})
			floors(b, s, func(compressed bool) func() error {
				var values map[string]json.RawMessage
				if err := json.Unmarshal([]byte(s.text), &values); err != nil {
					b.Fatal(err)
				}
				return func() error {
					text, err := json.Marshal(values)
					flaskFloorSign(text, compressed)
					return err
				}
			})
			b.Run("impl=itsdangerous", func(b *testing.B) { theirs.time(b, question{Do: "write", Text: s.text}) })
		})
	}
}

// BenchmarkFlaskReadValue reads who is signed in out of a cookie, into a struct: all that a handler
// waits for.
func BenchmarkFlaskReadValue(b *testing.B) {
	signer, now := newFlaskSigner(b), time.Now()
	cookie := flaskFloorCookie(signedInText, false)
	b.Run("impl=doorbook", func(b *testing.B) {
		timed(b, func() error {
			text, _, _, err := signer.Verify(cookie, now, flask.DefaultMaxAge)
			if err != nil {
				return err
			}
			values, err := flask.Split(text)
			if err != nil {
				return err
			}
			var user flaskUser
			return flask.Codec{}.Unmarshal(values[flaskUserKey], &user)
		})
	})
	b.Run("impl=floor", func(b *testing.B) {
		timed(b, func() error {
			values, err := flaskFloorRead(cookie)
			if err != nil {
				return err
			}
			var user flaskUser
			return json.Unmarshal(values[flaskUserKey], &user)
		})
	})
}

// timed times f, with the time of the processors beside that on the clock.
func timed(b *testing.B, f func() error) {
	b.Helper()
	b.ReportAllocs()
	before := processorTime()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	if used := processorTime() - before; used > 0 {
		b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
}

// floors times the floor, which never compresses; and for a session that Flask compresses also one
// that does it with compress/zlib.
func floors(b *testing.B, s flaskSession, prepare func(compressed bool) func() error) {
	b.Helper()
	b.Run("impl=floor", func(b *testing.B) { timed(b, prepare(false)) })
	if s.name != "small" {
		b.Run("impl=floor+zlib", func(b *testing.B) { timed(b, prepare(true)) })
	}
}

// The floor: two HMACs (one makes the key, one the signature), base64, and encoding/json. It looks
// at neither the time nor the spelling, and knows no tags.

func flaskFloorRead(cookie string) (values map[string]json.RawMessage, err error) {
	raw := []byte(cookie)
	end := bytes.LastIndexByte(raw, '.')
	var want [sha1.Size + 1]byte
	if n, err := base64.RawURLEncoding.Decode(want[:], raw[end+1:]); err != nil || !hmac.Equal(want[:n], flaskFloorSum(raw[:end])) {
		return nil, flask.ErrSignature
	}
	payload := raw[:bytes.LastIndexByte(raw[:end], '.')]
	body, compressed := bytes.CutPrefix(payload, []byte("."))
	text, err := base64.RawURLEncoding.AppendDecode(nil, body)
	if err != nil {
		return nil, err
	}
	if compressed {
		z, err := zlib.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	return values, json.Unmarshal(text, &values)
}

func flaskFloorCookie(text string, compressed bool) string {
	return flaskFloorSign([]byte(text), compressed)
}

func flaskFloorSign(text []byte, compressed bool) string {
	var cookie []byte
	if compressed {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(text) // a Buffer does not fail
		_ = w.Close()
		text, cookie = z.Bytes(), append(cookie, '.')
	}
	cookie = base64.RawURLEncoding.AppendEncode(cookie, text)
	cookie = append(cookie, '.')
	now := time.Now().Unix()
	cookie = base64.RawURLEncoding.AppendEncode(cookie, []byte{byte(now >> 24), byte(now >> 16), byte(now >> 8), byte(now)})
	sum := flaskFloorSum(cookie)
	return string(base64.RawURLEncoding.AppendEncode(append(cookie, '.'), sum))
}

func flaskFloorSum(message []byte) []byte {
	key := hmac.New(sha1.New, []byte(secretKey))
	key.Write([]byte(flask.DefaultSalt))
	mac := hmac.New(sha1.New, key.Sum(nil))
	mac.Write(message)
	return mac.Sum(nil)
}
