package config_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/config"
)

const (
	flaskKey  = "DOORBOOK_FLASK_SECRET_KEY"
	flaskOld  = "DOORBOOK_FLASK_SECRET_KEY_FALLBACKS"
	goodKey   = "a key of a Flask application"
	olderKey  = "the one before: 0123456789"
	sixteen   = "0123456789abcdeX"
	published = "_5#y2L\"F4Q8z\n\xec]/" // of Flask's quickstart
)

func TestFlaskKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env       config.Environment
		key       string
		fallbacks []string
	}{
		"none":                  {env(), "", nil},
		"a key":                 {env(flaskKey, goodKey), goodKey, nil},
		"the shortest":          {env(flaskKey, sixteen), sixteen, nil},
		"byte for byte":         {env(flaskKey, " "+goodKey+"\t"), " " + goodKey + "\t", nil},
		"as bytes":              {env(flaskKey, "hex:"+hex.EncodeToString([]byte("\x00\xff\n"+goodKey))), "\x00\xff\n" + goodKey, nil},
		"as bytes, in capitals": {env(flaskKey, "hex:"+strings.ToUpper(hex.EncodeToString([]byte(goodKey)))), goodKey, nil},
		"hexadecimal text":      {env(flaskKey, hex.EncodeToString([]byte(goodKey))), hex.EncodeToString([]byte(goodKey)), nil},
		"a file":                {env(flaskKey+"_FILE", file(t, goodKey+"\n")), goodKey, nil},
		"a file with a comma":   {env(flaskKey+"_FILE", file(t, goodKey+",x\r\n")), goodKey + ",x", nil},
		"fallbacks":             {env(flaskKey, goodKey, flaskOld, olderKey+" , hex:"+hex.EncodeToString([]byte(sixteen))), goodKey, []string{olderKey, sixteen}},
		"fallbacks' file":       {env(flaskKey, goodKey, flaskOld+"_FILE", file(t, olderKey+"\n")), goodKey, []string{olderKey}},
		"both files":            {env(flaskKey+"_FILE", file(t, goodKey), flaskOld+"_FILE", file(t, olderKey+","+sixteen)), goodKey, []string{olderKey, sixteen}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := config.ReadSecrets(c.env)
			if err != nil {
				t.Fatal(err)
			}
			var fallbacks []string
			for _, key := range s.Flask.Fallbacks {
				fallbacks = append(fallbacks, string(key))
			}
			if string(s.Flask.Key) != c.key || (s.Flask.Key == nil) != (c.key == "") {
				t.Errorf("key %q, want %q", s.Flask.Key, c.key)
			}
			if diff := cmp.Diff(c.fallbacks, fallbacks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What anybody could sign with is refused in words that say which setting it is, and never what was
// in it.
func TestFlaskKeysRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    config.Environment
		says   []string
		secret string
	}{
		"weak":                    {env(flaskKey, "fifteen-bytes-x"), []string{flaskKey + ":", "15", "16"}, "fifteen"},
		"weak, as bytes":          {env(flaskKey, "hex:"+hex.EncodeToString([]byte("fifteen-bytes-x"))), []string{flaskKey + ":", "15"}, "66696674"},
		"one character":           {env(flaskKey, "é"), []string{flaskKey + ":"}, "é"},
		"published":               {env(flaskKey, published), []string{flaskKey + ":", "public"}, "y2L"},
		"published, as bytes":     {env(flaskKey, "hex:"+hex.EncodeToString([]byte(published))), []string{flaskKey + ":", "public"}, "y2L"},
		"published, short":        {env(flaskKey, "dev"), []string{flaskKey + ":", "public"}, `"dev"`},
		"the series' own":         {env(flaskKey, "8d31312aa6efba09119e9ecb1246e32ba5f6fd862a90bc107298d809d902cbce"), []string{"public"}, "8d31312a"},
		"the series' own, before": {env(flaskKey, "03df06392079d7b37dce3c1c460de7c7"), []string{"public"}, "03df0639"},
		"not hexadecimal":         {env(flaskKey, "hex:0123456789abcdefg0123456789abcdef"), []string{flaskKey + ":", "hexadecimal"}, "0123456"},
		"half a byte":             {env(flaskKey, "hex:"+strings.Repeat("a", 33)), []string{"hexadecimal"}, "aaaa"},
		"hex of nothing":          {env(flaskKey, "hex:"), []string{flaskKey + ":"}, "hex:\""},
		"a weak fallback":         {env(flaskKey, goodKey, flaskOld, olderKey+",short"), []string{flaskOld + ":"}, "short,"},
		"an empty fallback":       {env(flaskKey, goodKey, flaskOld, olderKey+","), []string{flaskOld}, olderKey},
		"empty ones between":      {env(flaskKey, goodKey, flaskOld, olderKey+",,"+sixteen), []string{flaskOld}, olderKey},
		"a key, spelled out":      {env(flaskKey, goodKey, flaskOld, "k,e,y"), []string{flaskOld}, "k,e"},
		"a published fallback":    {env(flaskKey, goodKey, flaskOld, "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"), []string{flaskOld, "public"}, "192b9bdd"},
		"fallbacks alone":         {env(flaskOld, olderKey), []string{flaskOld, flaskKey}, olderKey},
		"twice":                   {env(flaskKey, goodKey, flaskKey+"_FILE", file(t, goodKey)), []string{flaskKey}, goodKey},
		"a file that is missing":  {env(flaskKey+"_FILE", "/no/such/file"), []string{flaskKey}, goodKey},
		"an empty file":           {env(flaskKey+"_FILE", file(t, "\n")), []string{flaskKey}, goodKey},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := config.ReadSecrets(c.env)
			if err == nil {
				t.Fatalf("taken: %d bytes, %d fallbacks", len(s.Flask.Key), len(s.Flask.Fallbacks))
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%v does not say %q", err, word)
				}
			}
			if strings.Contains(err.Error(), c.secret) {
				t.Errorf("%v repeats the key", err)
			}
		})
	}
}

func TestSessionsSetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sessions string
		fine     bool
	}{{"", true}, {"store", true}, {"flask", true}, {"Flask", false}, {"cookie", false}, {"flask ", false}} {
		s := config.Serve{Addr: "localhost:0", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto", Sessions: c.sessions}
		if err := s.Check(); (err == nil) != c.fine {
			t.Errorf("%q: %v", c.sessions, err)
		}
	}
}

// While a Flask application shares the cookie it reads the hashes, too: nobody must have to think
// of that.
func TestFormOfPasswords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ form, sessions, want string }{
		{"", "", "argon2id"},
		{"", "store", "argon2id"},
		{"", "flask", "pbkdf2"},
		{"scrypt", "flask", "scrypt"},
		{"argon2id", "flask", "argon2id"},
		{"pbkdf2", "store", "pbkdf2"},
	} {
		if got := (config.Passwords{Form: c.form}).Of(c.sessions); got != c.want {
			t.Errorf("%q with sessions %q: %q, want %q", c.form, c.sessions, got, c.want)
		}
	}
}

func TestFlaskCookieName(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"": true, "session": true, "app.session": true, "__Host-session": true,
		"form": false, "device": false, "__Host-form": false, "__Host-device": false, "a b": false, "a;b": false, "sé": false,
	} {
		s := config.Serve{Addr: "localhost:1", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto", FlaskCookie: name}
		if err := s.Check(); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "--flask-cookie") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Who only looks into a cookie may do so with any key.
func TestAnyFlaskKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  config.Environment
		want string
	}{
		"none":   {env(), ""},
		"weak":   {env(flaskKey, "dev"), "dev"},
		"bytes":  {env(flaskKey, "hex:00ff"), "\x00\xff"},
		"a file": {env(flaskKey+"_FILE", file(t, "dev\n")), "dev"},
	} {
		if key, err := config.AnyFlaskKeys(c.env); err != nil || string(key.Key) != c.want {
			t.Errorf("%s: %q, %v", name, key, err)
		}
	}
	for name, env := range map[string]config.Environment{
		"no bytes": env(flaskKey, "hex:0g"), "both": env(flaskKey, "dev", flaskKey+"_FILE", file(t, "dev")),
	} {
		if key, err := config.AnyFlaskKeys(env); err == nil || key.Key != nil {
			t.Errorf("%s: %q", name, key)
		}
	}
}
