package bench_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/gorilla/securecookie"
)

// sealers gives the implementations that keep the data encrypted in the cookie, each anew.
func sealers(tb testing.TB) []contestant {
	return []contestant{
		{"gorilla", overHTTP{newGorilla().handler}, false},
		{"doorbook", overHTTP{newSealed(tb).handler}, true},
	}
}

func newSealed(tb testing.TB) doorbook {
	return withConfig(tb, session.Config{Home: session.Home{Format: sealed.New()}})
}

// BenchmarkSealedRead reads one of three strings that are sealed in the cookie.
func BenchmarkSealedRead(b *testing.B) { run(b, sealers(b), fill, read) }

// BenchmarkSealedReadWrite reads one of three strings that are sealed in the cookie, and stores
// another anew.
func BenchmarkSealedReadWrite(b *testing.B) { run(b, sealers(b), fill, readWrite) }

// BenchmarkSealedForged is a request with a cookie as long as a sealed one that nobody sealed.
func BenchmarkSealedForged(b *testing.B) {
	for _, c := range sealers(b) {
		if c.name == "gorilla" {
			continue // it gives the handler an error, which its work takes for wrong
		}
		b.Run("impl="+c.name, func(b *testing.B) {
			repeat(b, c.peer.pass(absent, forged(b, c.peer, false)))
		})
	}
}

// The payload whose sealed size is measured: a key and its JSON text of 200 bytes together.
const payloadKey, payloadBytes = "data", 200

func payload() string { return strings.Repeat("x", payloadBytes-len(payloadKey)-len(`""`)) }

// sealing gives what makes the value of a cookie that holds the payload, by implementation.
func sealing(tb testing.TB) map[string]func() string {
	valueOf := func(h http.Handler) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		cookies := w.Result().Cookies()
		if w.Code != 200 || len(cookies) != 1 {
			tb.Fatalf("status %d and %d cookies", w.Code, len(cookies))
		}
		return cookies[0].Value
	}
	ours := newSealed(tb).m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		session.Key[string](payloadKey).Set(session.From(r.Context()), payload())
	}))
	store := newGorilla().store
	gorilla := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := store.Get(r, "session")
		s.Values[payloadKey] = payload()
		if err := s.Save(r, w); err != nil {
			tb.Error(err)
		}
	})
	codec := securecookie.New([]byte("an authentication key of gorilla"), []byte(secretKey))
	codec.SetSerializer(securecookie.NopEncoder{})
	bare := bytes.Repeat([]byte("x"), payloadBytes)
	return map[string]func() string{
		"doorbook": func() string { return valueOf(ours) },
		"gorilla":  func() string { return valueOf(gorilla) },
		// What is left of gorilla's when nothing at all is spent on names and types.
		"securecookie": func() string {
			value, err := codec.Encode("session", bare)
			if err != nil {
				tb.Error(err)
			}
			return value
		},
	}
}

// BenchmarkSealedSize measures how long the cookie's value is for a payload of 200 bytes.
func BenchmarkSealedSize(b *testing.B) {
	for impl, seal := range sealing(b) {
		b.Run("impl="+impl, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = len(seal())
			}
			b.ReportMetric(float64(size), "cookie-bytes")
		})
	}
}

// TestSealedSize: what is sealed around a payload of 200 bytes stays below 140 characters.
func TestSealedSize(t *testing.T) {
	for impl, seal := range sealing(t) {
		size := len(seal())
		t.Logf("%s: %d bytes", impl, size)
		if impl == "doorbook" && size > 340 || impl != "doorbook" && size < payloadBytes*4/3 {
			t.Errorf("%s: a cookie of %d bytes for a payload of %d", impl, size, payloadBytes)
		}
	}
}
