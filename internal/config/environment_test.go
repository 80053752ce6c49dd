package config_test

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
)

// TestUnknown: a setting that is misspelt would be left open silently. What others put into the
// environment is no mistake.
func TestUnknown(t *testing.T) {
	t.Parallel()
	const (
		refused = "refused"
		told    = "told"
	)
	for _, c := range []struct{ name, value, want, meant string }{
		{"DOORBOOK_REGISTRATON", "closed", refused, "DOORBOOK_REGISTRATION"},
		{"DOORBOOK_REGISTRATIONS", "closed", refused, "DOORBOOK_REGISTRATION"},
		{"DOORBOOK_RESGITRATION", "closed", refused, "DOORBOOK_REGISTRATION"},
		{"DOORBOOK_REGISTER", "", told, ""},
		{"doorbook_registration", "closed", refused, "DOORBOOK_REGISTRATION"},
		{"DOORBOOKREGISTRATION", "closed", refused, "DOORBOOK_REGISTRATION"},
		{"DOORBOOK_PUBLICURL", "https://x.test", refused, "DOORBOOK_PUBLIC_URL"},
		{"DOORBOOK_PUBLIC_URI", "https://x.test", refused, "DOORBOOK_PUBLIC_URL"},
		{"DOORBOOK_ADDRESS", ":1", refused, "DOORBOOK_ADDR"},
		{"DOORBOOK_SECRETKEY", keyOne, refused, "DOORBOOK_SECRET_KEY"},
		{"DOORBOOK_SECRET_KEYS", keyOne, refused, "DOORBOOK_SECRET_KEY"},
		{"DOORBOOK_SECRET_KEY_FILES", "/f", refused, "DOORBOOK_SECRET_KEY_FILE"},
		{"DOORBOOK_SECRET_KEY_FALLBACK", keyOne, refused, "DOORBOOK_SECRET_KEY_FALLBACKS"},
		{"DOORBOOK_DATABASE_FIEL", "/f", refused, "DOORBOOK_DATABASE_FILE"},
		{"DOORBOOK_TRUSTED_PROXY", "::1", refused, "DOORBOOK_TRUSTED_PROXIES"},
		{"DOORBOOK_ADD", ":1", refused, "DOORBOOK_ADDR"},
		{"DOORBOOK_HOTSS", "x.test", refused, "DOORBOOK_HOSTS"},
		{"DOORBOOK_FROBNICATE", "x", told, ""},
		{"DOORBOOK_VERSION", "1.0", told, ""}, // what stands beside ours in many a compose file
		{"DOORBOOK_TAG", "latest", told, ""},
		{"DOORBOOK_USER", "1000", told, ""},
		{"DOORBOOK_UID", "1000", told, ""},
		{"DOORBOOK_HOME", "/srv", told, ""}, // not DOORBOOK_ACME
		{"DOORBOOK_NAME", "x", told, ""},
		{"DOORBOOK_", "x", told, ""},
		{"DOORBOOK_PORT", "8080", refused, "DOORBOOK_ADDR"},
		{"DOORBOOK_HOST", "0.0.0.0", refused, "DOORBOOK_ADDR"},
		{"DOORBOOK_URL", "https://example.org", refused, "DOORBOOK_PUBLIC_URL"},

		{"DOORBOOK_PORT", "tcp://10.0.0.1:8080", "", ""},
		{"DOORBOOK_SERVICE_HOST", "10.0.0.1", "", ""},
		{"DOORBOOK_SERVICE_PORT", "8080", "", ""},
		{"DOORBOOK_SERVICE_PORT_HTTP", "8080", "", ""},
		{"DOORBOOK_PORT_8080_TCP", "tcp://10.0.0.1:8080", "", ""},
		{"DOORBOOK_PORT_8080_TCP_PROTO", "tcp", "", ""},
		{"DOORBOOK_PORT_8080_TCP_PORT", "8080", "", ""},
		{"DOORBOOK_PORT_8080_TCP_ADDR", "10.0.0.1", "", ""},
		{"DOORBOOK_DATA_PORT", "tcp://10.0.0.1:80", "", ""},
		{"DOORBOOK_WEB_SERVICE_HOST", "10.0.0.1", "", ""},
		{"DOORBOOK_REGISTRATION", "closed", "", ""},
		{"DOORBOOK_SECRET_KEY_FILE", "/f", "", ""},
		{"DOORBOOKS_ARE_NICE", "x", "", ""},
		{"OTHER_REGISTRATON", "closed", "", ""},
		{"HOME", "/", "", ""},
	} {
		lines, err := env(c.name, c.value).Unknown()
		got := ""
		switch {
		case err != nil:
			got = refused
			if text := err.Error(); !strings.HasPrefix(text, c.name+" ") || !strings.HasSuffix(text, ": "+c.meant+" is meant") || strings.Contains(text, keyOne) {
				t.Errorf("%s: %v", c.name, err)
			}
		case len(lines) == 1 && strings.HasPrefix(lines[0], c.name+" "):
			got = told
		case len(lines) > 0:
			t.Errorf("%s: %q", c.name, lines)
		}
		if got != c.want {
			t.Errorf("%s=%s: %q, want %q (%v)", c.name, c.value, got, c.want, err)
		}
	}
	_, err := env("DOORBOOK_ADRR", "", "DOORBOOK_DTA", "").Unknown()
	if err == nil || strings.Count(err.Error(), "is meant") != 2 {
		t.Errorf("of two mistakes: %v", err)
	}
}

// TestReadEnvironment: of a name that is there twice the first counts, as for the system.
func TestReadEnvironment(t *testing.T) {
	t.Parallel()
	e := config.ReadEnvironment([]string{"A=1", "A=2", "B=", "C=x=y", "D"})
	if e["A"] != "1" || e["C"] != "x=y" || len(e) != 4 {
		t.Errorf("%q", e)
	}
}

// TestFlagFromEnvironment: empty means unset, but for a secret.
func TestFlagFromEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env        config.Environment
		verb, flag string
		want       string
		ok, fails  bool
	}{
		{env("DOORBOOK_ADDR", ":1"), config.VerbServe, "addr", ":1", true, false},
		{env("DOORBOOK_ADDR", ""), config.VerbServe, "addr", "", false, false},
		{env("DOORBOOK_ADDR", ":1"), config.VerbUserAdd, "addr", "", false, false},
		{env("DOORBOOK_DATA", "x"), config.VerbUserAdd, "data", "x", true, false},
		{env(), config.VerbImportFlask, "dry-run", "", false, false},
		{env("DOORBOOK_IMPORT_FROM", ""), config.VerbImportFlask, "from", "", false, true},
		{env("DOORBOOK_IMPORT_FROM_FILE", ""), config.VerbImportFlask, "from", "", false, true},
		{env("DOORBOOK_IMPORT_FROM_FILE", file(t, "mongodb://h/d\n")), config.VerbImportFlask, "from", "mongodb://h/d", true, false},
	} {
		got, ok, err := c.env.Flag(c.verb, c.flag)
		if got != c.want || ok != c.ok || (err != nil) != c.fails {
			t.Errorf("%v %s: %q, %v, %v", c.env, c.flag, got, ok, err)
		}
	}
}
