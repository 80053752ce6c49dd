package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sealed"
)

// P9: safe by default.

// Guard: cookie.go, Cookie.withDefaults, build and removal; answer.go, Session.setDue.
func TestP09CookieAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		cookie     session.Cookie
		ordinary   string // after NAME=VALUE
		remembered string
		removal    string
	}{
		{
			"default",
			session.Cookie{},
			"__Host-session=*; Path=/; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=*; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"domain, strict",
			session.Cookie{Domain: "example.com", SameSite: http.SameSiteStrictMode},
			"__Secure-session=*; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Strict",
			"__Secure-session=*; Path=/; Domain=example.com; Max-Age=604800; HttpOnly; Secure; SameSite=Strict",
			"__Secure-session=; Path=/; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"plain HTTP",
			session.Cookie{PlainHTTP: true, SameSite: http.SameSiteDefaultMode},
			"session=*; Path=/; HttpOnly; SameSite=Lax",
			"session=*; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
			"session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; SameSite=Lax",
		},
		{
			"own name, embedded",
			session.Cookie{Name: "my-session", SameSite: http.SameSiteNoneMode},
			"my-session=*; Path=/; HttpOnly; Secure; SameSite=None",
			"my-session=*; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=None",
			"my-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=None",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) { c.Home.Cookie = test.cookie })
			b := w.browser()
			for _, visit := range []struct{ path, want string }{
				{"/in?as=ada", test.ordinary},
				{"/in?as=ada&remember=1", test.remembered},
				{"/out", test.removal},
			} {
				a := b.get(visit.path)
				if len(a.header["Set-Cookie"]) != 1 {
					t.Fatalf("%s: cookies %q", visit.path, a.header["Set-Cookie"])
				}
				line := a.header["Set-Cookie"][0]
				_, value, _ := strings.Cut(b.cookie, "=")
				if value != "" {
					line = strings.Replace(line, value, "*", 1)
				}
				check(t, visit.path, line, visit.want)
			}
		})
	}
}

// The cookie of a remembered session ends with its record, never later, and moves with it. Guard:
// answer.go, Session.setDue, Expires; internal/place/stored.go, stored.Use, Wanted.
func TestP09RememberedCookieEndsWithItsRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.Remembered = session.Lifetime{Idle: 10 * time.Hour, Absolute: 24 * time.Hour}
	})
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	for _, want := range []int{36000, 8 * 3600} { // after 8 hours, and after 16
		w.clock.add(8 * time.Hour)
		a := b.get("/who")
		cookies := (&http.Response{Header: a.header}).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("cookies: %v", cookies)
		}
		check(t, "Max-Age", cookies[0].MaxAge, want)
	}
}

// Guard: config.go, Config.withDefaults; cookie.go, Cookie.withDefaults.
func TestP09ImpossibleConfigs(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	tests := map[string]func(*session.Config){
		"no keys, with a store that stays": func(c *session.Config) { c.Keys, c.Home.Store = nil, &spy{Store: c.Home.Store} },
		"no keys, sealed":                  func(c *session.Config) { c.Keys, c.Home.Store, c.Home.Format = nil, nil, sealed.New() },
		"a ring of nothing":                func(c *session.Config) { c.Keys = &session.KeyRing{} },
		"a nil memory":                     func(c *session.Config) { c.Home.Store = (*memstore.Store)(nil) },
		"host with domain":                 func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__Host-x", Domain: "example.com"} },
		"host, other case":                 func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__hOST-x", Domain: "example.com"} },
		"host over plain HTTP":             func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__Host-x", PlainHTTP: true} },
		"secure over plain HTTP":           func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__Secure-x", PlainHTTP: true} },
		"secure, other case":               func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__SeCuRe-x", PlainHTTP: true} },
		"http prefix over plain HTTP":      func(c *session.Config) { c.Home.Cookie = session.Cookie{Name: "__Http-x", PlainHTTP: true} },
		"none over plain HTTP": func(c *session.Config) {
			c.Home.Cookie = session.Cookie{PlainHTTP: true, SameSite: http.SameSiteNoneMode}
		},
		"no such SameSite":        func(c *session.Config) { c.Home.Cookie.SameSite = 9 },
		"negative SameSite":       func(c *session.Config) { c.Home.Cookie.SameSite = -1 },
		"name with a space":       func(c *session.Config) { c.Home.Cookie.Name = "my session" },
		"name with =":             func(c *session.Config) { c.Home.Cookie.Name = "my=session" },
		"name with a line break":  func(c *session.Config) { c.Home.Cookie.Name = "a\r\nb" },
		"domain with a space":     func(c *session.Config) { c.Home.Cookie.Domain = "example com" },
		"domain with a semicolon": func(c *session.Config) { c.Home.Cookie.Domain = "example.com; Path=/x" },
		"negative idle":           func(c *session.Config) { c.Lifetime = session.Lifetime{Idle: -hour, Absolute: hour} },
		"idle only":               func(c *session.Config) { c.Lifetime = session.Lifetime{Idle: hour} },
		"absolute only":           func(c *session.Config) { c.Lifetime = session.Lifetime{Absolute: hour} },
		"absolute shorter":        func(c *session.Config) { c.Remembered = session.Lifetime{Idle: 2 * hour, Absolute: hour} },
		"a moment":                func(c *session.Config) { c.Lifetime = session.Lifetime{Idle: time.Millisecond, Absolute: hour} },
		"negative touch":          func(c *session.Config) { c.TouchEvery = -1 },
		"negative timeout":        func(c *session.Config) { c.SaveTimeout = -1 },
		"negative size":           func(c *session.Config) { c.MaxBytes = -1 },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			c := session.Config{Keys: ring(t, "one"), Home: session.Home{Store: memstore.New(memstore.Config{})}}
			if _, err := session.New(c); err != nil {
				t.Fatalf("before: %v", err)
			}
			spoil(&c)
			m, err := session.New(c)
			if err == nil || m != nil {
				t.Errorf("accepted: %v", err)
			}
		})
	}
}

// Guard: keyring.go, NewKeyRing, checkSecret, published.
func TestP09WeakKeys(t *testing.T) {
	t.Parallel()
	good := string(secret("good"))
	published := "8d31312aa6efba09119e9ecb1246e32ba5f6fd862a90bc107298d809d902cbce"
	tests := map[string][]string{
		"none":                    {},
		"empty":                   {""},
		"one of two empty":        {good, ""},
		"short":                   {good[:31]},
		"one byte":                {strings.Repeat("x", 64)},
		"few bytes":               {"abcdefgabcddefgaabbccdegfgfedcbagfedc"},
		"zero":                    {strings.Repeat("\x00", 32)},
		"a short one, repeated":   {strings.Repeat("changeme-please!", 4)},
		"repeated in part":        {strings.Repeat("a 20-byte password, ", 2)[:32]},
		"repeated, cut":           {strings.Repeat("a 20-byte password, ", 4)[:50]},
		"published":               {published},
		"published, upper case":   {strings.ToUpper(published)},
		"published, as bytes":     {string(unhex(published))},
		"published, with newline": {published + "\n"},
		"published behind a good": {good, published},
		"published, short":        {"super-secret-key"},
		"published, spelled":      {"73757065722d7365637265742d6b6579"},
		"twice":                   {good, good},
	}
	for name, secrets := range tests {
		t.Run(name, func(t *testing.T) {
			var given [][]byte
			for _, s := range secrets {
				given = append(given, []byte(s))
			}
			keys, err := session.NewKeyRing(given...)
			if !errors.Is(err, session.ErrWeakKey) || keys != nil {
				t.Errorf("got %v", err)
			}
			if err != nil && len(secrets) > 0 && len(secrets[0]) > 8 && strings.Contains(err.Error(), secrets[0]) {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
	if _, err := session.NewKeyRing([]byte(good[:31])); !strings.Contains(err.Error(), "has 31 bytes") {
		t.Errorf("a short key is refused with %q", err)
	}
	for name, s := range map[string]string{"32 bytes": good, "64 hexadecimal digits": "e2c1" + published[4:], "a sentence": "a key of 32 bytes for benchmarks", "ends as it begins": good[:28] + good[:4]} {
		if _, err := session.NewKeyRing([]byte(s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func unhex(s string) []byte {
	raw := make([]byte, len(s)/2)
	for i := range raw {
		const digits = "0123456789abcdef"
		raw[i] = byte(strings.IndexByte(digits, s[2*i])<<4 | strings.IndexByte(digits, s[2*i+1]))
	}
	return raw
}

// Guard: keyring.go, NewKeyRing, bytes.Clone.
func TestP09KeysAreCopied(t *testing.T) {
	t.Parallel()
	given := secret("one")
	keys, err := session.NewKeyRing(given)
	if err != nil {
		t.Fatal(err)
	}
	before := keys.Signer("x").Sum([]byte("message"))
	clear(given)
	check(t, "sum", keys.Signer("x").Sum([]byte("message")), before)
}

// Guard: keyring.go, KeyRing.Signer, the purpose; Signer.Verify.
func TestP09Signer(t *testing.T) {
	t.Parallel()
	keys := ring(t, "one", "two")
	s := keys.Signer("a purpose")
	for _, message := range []string{"", "short", strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("x", 10_000)} {
		sum := s.Sum([]byte(message))
		for n, want := range map[int]bool{32: true, 24: true, 16: true, 15: false, 0: false} {
			if _, ok := s.Verify([]byte(message), sum[:n]); ok != want {
				t.Errorf("a mac of %d bytes: %t", n, ok)
			}
		}
		if _, ok := s.Verify([]byte(message), append(sum[:], 0)); ok {
			t.Error("a mac of 33 bytes is accepted")
		}
		if _, ok := s.Verify([]byte(message+"x"), sum[:]); ok {
			t.Error("another message is accepted")
		}
		if _, ok := keys.Signer("another purpose").Verify([]byte(message), sum[:]); ok {
			t.Error("another purpose is accepted")
		}
		old := ring(t, "two").Signer("a purpose").Sum([]byte(message))
		if i, ok := s.Verify([]byte(message), old[:]); !ok || i != 1 {
			t.Errorf("the second key: %d %t", i, ok)
		}
	}
}

// With a store whose sessions end with the process the keys may do so, too: each Manager draws its
// own.
func TestP09KeysOfAMemory(t *testing.T) {
	t.Parallel()
	store := memstore.New(memstore.Config{})
	a, b := newWorld(t, func(c *session.Config) { c.Keys, c.Home.Store = nil, store }), newWorld(t, func(c *session.Config) { c.Keys, c.Home.Store = nil, store })
	visitor := a.signedIn("ada")
	check(t, "subject", visitor.get("/who").body, "ada")
	visitor.w = b
	check(t, "subject before other keys", visitor.get("/who").body, "")
}
