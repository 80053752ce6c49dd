package flask_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
)

// The session of somebody who is signed in.
const typical = `{"_flashes":[{" t":["success","Welcome back, Alice"]}],"_permanent":true,"loggedin_user":` +
	`{"_id":"6560a1b2c3d4e5f60718293a","email":"alice@example.com","name":"Alice Liddell","skills":["python","flask","mongodb"]}}`

type developer struct {
	ID     string   `json:"_id"`
	Email  string   `json:"email"`
	Name   string   `json:"name"`
	Skills []string `json:"skills"`
}

// short is a session that no deflate makes smaller.
const short = `{"_permanent":true,"user_id":"6560a1b2c3d4e5f60718293a"}`

func newSigner(t testing.TB) *flask.Signer {
	t.Helper()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("a secret for the benchmark alone")})
	must(t, err)
	return signer
}

func BenchmarkDecode(b *testing.B) {
	signer, now := newSigner(b), time.Unix(1763800000, 0)
	plain := func(text string) string { return signPlain(signer, text, now) }
	for name, cookie := range map[string]string{
		"plain": plain(typical), "compressed": signer.Sign([]byte(typical), now), "short": plain(short),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text, _, _, err := signer.Verify(cookie, now, flask.DefaultMaxAge)
				must(b, err)
				_, err = flask.Split(text)
				must(b, err)
			}
		})
	}
	b.Run("floor", func(b *testing.B) { // two HMACs, base64 and encoding/json
		cookie := []byte(plain(typical))
		payload := base64.RawURLEncoding.EncodedLen(len(typical))
		b.ReportAllocs()
		for b.Loop() {
			sum(cookie[:len(cookie)-28])
			text, err := base64.RawURLEncoding.AppendDecode(nil, cookie[:payload])
			must(b, err)
			var values map[string]json.RawMessage
			must(b, json.Unmarshal(text, &values))
		}
	})
	b.Run("value", func(b *testing.B) {
		values, err := flask.Split([]byte(typical))
		must(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var user developer
			must(b, flask.Codec{}.Unmarshal(values["loggedin_user"], &user))
		}
	})
	b.Run("value-floor", func(b *testing.B) {
		values, err := flask.Split([]byte(typical))
		must(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var user developer
			must(b, json.Unmarshal(values["loggedin_user"], &user))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	signer, now := newSigner(b), time.Unix(1763800000, 0)
	for name, text := range map[string]string{"typical": typical, "short": short} {
		b.Run(name, func(b *testing.B) {
			values, err := flask.Split([]byte(text))
			must(b, err)
			b.ReportAllocs()
			for b.Loop() {
				text, err := flask.Join(values)
				must(b, err)
				signer.Sign(text, now)
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		values := map[string]json.RawMessage{}
		must(b, json.Unmarshal([]byte(typical), &values))
		b.ReportAllocs()
		for b.Loop() {
			text, err := json.Marshal(values)
			must(b, err)
			cookie := base64.RawURLEncoding.AppendEncode(nil, text)
			cookie = append(cookie, ".aSFzwA."...)
			_ = string(base64.RawURLEncoding.AppendEncode(cookie, sum(cookie)))
		}
	})
	user := developer{"6560a1b2c3d4e5f60718293a", "alice@example.com", "Alice Liddell", []string{"python", "flask", "mongodb"}}
	b.Run("value", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := flask.Codec{}.Marshal(user)
			must(b, err)
		}
	})
	b.Run("value-floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := json.Marshal(user)
			must(b, err)
		}
	})
}

// sum is the two HMACs of a cookie: one gives the key, one the signature.
func sum(message []byte) []byte {
	key := hmac.New(sha1.New, []byte("a secret for the benchmark alone"))
	key.Write([]byte(flask.DefaultSalt))
	mac := hmac.New(sha1.New, key.Sum(nil))
	mac.Write(message)
	return mac.Sum(nil)
}

// signPlain signs a text without compressing it.
func signPlain(signer *flask.Signer, text string, at time.Time) string {
	empty := signer.Sign(nil, at) // "." timestamp "." signature
	value := base64.RawURLEncoding.EncodeToString([]byte(text)) + empty[:len(empty)-28]
	return value + "." + base64.RawURLEncoding.EncodeToString(sum([]byte(value)))
}
