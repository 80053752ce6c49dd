package flask_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/flask"
)

// signed gives a cookie the right signature under "dev-secret-key", made by hand, in place of its
// last part.
func signed(cookie string) string {
	if i := strings.LastIndexByte(cookie, '.'); i >= 0 {
		cookie = cookie[:i]
	}
	key := hmac.New(sha1.New, []byte("dev-secret-key"))
	key.Write([]byte("cookie-session"))
	mac := hmac.New(sha1.New, key.Sum(nil))
	mac.Write([]byte(cookie))
	return cookie + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

var day = time.Unix(1763800000, 0)

func TestNewSignerRefusesKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]flask.Keys{
		"no secret":         {},
		"empty fallback":    {Secret: []byte("s"), Fallbacks: [][]byte{[]byte("old"), {}}},
		"a text as list":    {Secret: []byte("s"), Fallbacks: [][]byte{[]byte("o"), []byte("l"), []byte("d")}},
		"a wide character":  {Secret: []byte("s"), Fallbacks: [][]byte{[]byte("😀")}},
		"one among several": {Secret: []byte("s"), Fallbacks: [][]byte{[]byte("old"), []byte("x")}},
	} {
		if s, err := flask.NewSigner(keys); err == nil || s != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestWorkedExample is the real output of Flask for a session and a time.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("dev-secret-key")})
	must(t, err)
	const cookie = "eyJhZG1pbiI6ZmFsc2UsInVzZXJfaWQiOjQyfQ.aSFzwA.RplUhb50hVBDaOTO-gcckeIbEs4"
	if got := signer.Sign([]byte(`{"admin":false,"user_id":42}`), day); got != cookie {
		t.Errorf("%q", got)
	}
	const compressed = ".eJyrVkpUslJypANQqgUA0-4bgA.aSFzwA.9K3g4Nv2V-HB4x5DgBRYk5WJuMw"
	text, at, old, err := signer.Verify(compressed, day, 0)
	if want := `{"a":"` + strings.Repeat("A", 100) + `"}`; err != nil || string(text) != want || !at.Equal(day) || old {
		t.Errorf("%q, %v, %v, %v", text, at, old, err)
	}
	if again := signer.Sign(text, day); again[0] != '.' || len(again) > 2*len(compressed) {
		t.Errorf("%q", again)
	}
}

func TestFallbacksVerifyAndNeverSign(t *testing.T) {
	t.Parallel()
	oldest, err := flask.NewSigner(flask.Keys{Secret: []byte("oldest")})
	must(t, err)
	older, err := flask.NewSigner(flask.Keys{Secret: []byte("older")})
	must(t, err)
	current, err := flask.NewSigner(flask.Keys{Secret: []byte("new"), Fallbacks: [][]byte{[]byte("oldest"), []byte("older")}})
	must(t, err)
	for i, s := range []*flask.Signer{current, older, oldest} {
		text, _, old, err := current.Verify(s.Sign([]byte("{}"), day), day, 0)
		if err != nil || string(text) != "{}" || old != (i > 0) {
			t.Errorf("key %d: %q, %v, %v", i, text, old, err)
		}
		if _, _, _, err := s.Verify(current.Sign([]byte("{}"), day), day, 0); (err == nil) != (i == 0) {
			t.Errorf("signed with key %d: %v", i, err)
		}
	}
}

func TestSaltAndDigest(t *testing.T) {
	t.Parallel()
	secret := []byte("s")
	usual, err := flask.NewSigner(flask.Keys{Secret: secret})
	must(t, err)
	for name, keys := range map[string]flask.Keys{
		"salt": {Secret: secret, Salt: "another"}, "digest": {Secret: secret, Digest: sha256.New},
	} {
		other, err := flask.NewSigner(keys)
		must(t, err)
		cookie := other.Sign([]byte("{}"), day)
		if _, _, _, err := other.Verify(cookie, day, 0); err != nil {
			t.Error(name, err)
		}
		if _, _, _, err := usual.Verify(cookie, day, 0); !errors.Is(err, flask.ErrSignature) {
			t.Error(name, "is not part of the signature:", err)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	usual := newSigner(t)
	lenient := usual.Limit(flask.Limits{Leeway: 5 * time.Second})
	for _, tt := range []struct {
		signer *flask.Signer
		after  time.Duration // from signing to reading
		maxAge time.Duration
		want   error
	}{
		{usual, 0, 0, nil},
		{usual, time.Minute, time.Minute, nil},
		{usual, time.Minute, time.Minute + time.Second - 1, nil}, // a fraction of a second does not count
		{usual, time.Minute + time.Second, time.Minute, flask.ErrExpired},
		{usual, time.Minute, time.Minute - 1, flask.ErrExpired},
		{usual, -time.Second, time.Hour, flask.ErrFuture},
		{lenient, -5 * time.Second, time.Hour, nil},
		{lenient, -6 * time.Second, time.Hour, flask.ErrFuture},
		{lenient, time.Minute + time.Second, time.Minute, flask.ErrExpired},
		{usual, flask.DefaultMaxAge, flask.DefaultMaxAge, nil},
		{usual, -100 * 365 * 24 * time.Hour, time.Hour, flask.ErrFuture},
		{usual, 0, -time.Second, flask.ErrExpired},
	} {
		_, _, _, err := tt.signer.Verify(usual.Sign([]byte("{}"), day), day.Add(tt.after), tt.maxAge)
		if !errors.Is(err, tt.want) {
			t.Errorf("%v after, of %v: %v, want %v", tt.after, tt.maxAge, err, tt.want)
		}
	}
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("dev-secret-key")})
	must(t, err)
	for stamp, want := range map[string]error{
		"":             flask.ErrExpired, // 1970
		"aSFzwA":       nil,
		"AGkhc8A":      flask.ErrMalformed, // a leading zero
		"AA":           flask.ErrMalformed,
		"aSFzwB":       flask.ErrMalformed, // a spare bit
		"aSFzwA==":     flask.ErrMalformed,
		"aSFzw\nA":     flask.ErrMalformed,
		"f_________8":  flask.ErrFuture, // 2^63-1
		"gAAAAAAAAAA":  flask.ErrFuture, // 2^63
		"__________8":  flask.ErrFuture, // 2^64-1
		"AQAAAAAAAAAA": flask.ErrMalformed,
	} {
		if _, _, _, err := signer.Verify(signed("e30."+stamp+".x"), day, time.Hour); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", stamp, err, want)
		}
	}
	if got := signer.Sign([]byte("{}"), time.Time{}); got != signed("e30..x") {
		t.Errorf("before 1970: %q", got)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	signer := newSigner(t).Limit(flask.Limits{Cookie: 100, JSON: 50})
	const incompressible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if _, _, _, err := signer.Verify(strings.Repeat("x.", 51), day, 0); !errors.Is(err, flask.ErrMalformed) {
		t.Error("a long cookie:", err)
	}
	for _, text := range []string{incompressible, strings.Repeat("ab", 2000)} {
		cookie := signer.Sign([]byte(text), day)
		if _, _, _, err := signer.Limit(flask.Limits{JSON: 50}).Verify(cookie, day, 0); !errors.Is(err, flask.ErrMalformed) {
			t.Errorf("a text of %d: %v", len(text), err)
		}
		if _, _, _, err := signer.Limit(flask.Limits{JSON: len(text)}).Verify(cookie, day, 0); err != nil {
			t.Errorf("a text at the limit: %v", err)
		}
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				text, _, _, err := signer.Verify(signer.Sign([]byte(typical), day), day, 0)
				if err != nil || string(text) != typical {
					t.Errorf("%q, %v", text, err)
				}
			}
		}()
	}
	wg.Wait()
}
