package config_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/session"
)

const (
	keyOne = "0123456789abcdef-one-of-this-test"
	keyTwo = "0123456789abcdef-two-of-this-test"
)

func env(pairs ...string) config.Environment {
	e := config.Environment{}
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i]] = pairs[i+1]
	}
	return e
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env       config.Environment
		key       string
		fallbacks []string
	}{
		"none":            {env(), "", nil},
		"a key":           {env("DOORBOOK_SECRET_KEY", keyOne), keyOne, nil},
		"byte for byte":   {env("DOORBOOK_SECRET_KEY", " "+keyOne+" "), " " + keyOne + " ", nil},
		"a file":          {env("DOORBOOK_SECRET_KEY_FILE", file(t, keyOne+"\r\n")), keyOne, nil},
		"fallbacks":       {env("DOORBOOK_SECRET_KEY", keyOne, "DOORBOOK_SECRET_KEY_FALLBACKS", " "+keyTwo+" ,,"), keyOne, []string{keyTwo}},
		"fallbacks' file": {env("DOORBOOK_SECRET_KEY_FALLBACKS_FILE", file(t, keyOne+","+keyTwo+"\n")), "", []string{keyOne, keyTwo}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := config.ReadSecrets(c.env)
			if err != nil {
				t.Fatal(err)
			}
			var fallbacks []string
			for _, f := range s.Fallbacks {
				fallbacks = append(fallbacks, string(f))
			}
			if string(s.Key) != c.key || (s.Key == nil) != (c.key == "") || !cmp.Equal(fallbacks, c.fallbacks) {
				t.Errorf("key %q, fallbacks %q", s.Key, fallbacks)
			}
		})
	}
	for name, getenv := range map[string]config.Environment{
		"both":               env("DOORBOOK_SECRET_KEY", keyOne, "DOORBOOK_SECRET_KEY_FILE", file(t, keyOne)),
		"no file":            env("DOORBOOK_SECRET_KEY_FILE", "/nowhere/at/all"),
		"a folder":           env("DOORBOOK_SECRET_KEY_FILE", t.TempDir()),
		"an empty name":      env("DOORBOOK_SECRET_KEY_FILE", ""),
		"an empty value":     env("DOORBOOK_SECRET_KEY", ""),
		"empty fallbacks":    env("DOORBOOK_SECRET_KEY_FALLBACKS", ""),
		"empty, and a file":  env("DOORBOOK_SECRET_KEY", "", "DOORBOOK_SECRET_KEY_FILE", file(t, keyOne)),
		"an empty database":  env("DOORBOOK_DATABASE", ""),
		"an empty Flask key": env("DOORBOOK_FLASK_SECRET_KEY", ""),
		"an empty file":      env("DOORBOOK_SECRET_KEY_FILE", file(t, "\n\n")),
		"short":              env("DOORBOOK_SECRET_KEY", "short"),
		"short in a file":    env("DOORBOOK_SECRET_KEY_FILE", file(t, "short\n")),
		"a short fallback":   env("DOORBOOK_SECRET_KEY", keyOne, "DOORBOOK_SECRET_KEY_FALLBACKS", keyTwo+",short"),
		"both, fallbacks":    env("DOORBOOK_SECRET_KEY_FALLBACKS", keyOne, "DOORBOOK_SECRET_KEY_FALLBACKS_FILE", file(t, keyOne)),
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := config.ReadSecrets(getenv); err == nil {
				t.Errorf("taken: %q", s.Key)
			} else if strings.Contains(err.Error(), "of-this-test") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dir  string
		env  config.Environment
		want string
	}{
		{"data", env("XDG_DATA_HOME", "/xdg", "HOME", "/home/ada"), "data"},
		{"", env("XDG_DATA_HOME", "/xdg", "HOME", "/home/ada"), "/xdg/doorbook"},
		{"", env("XDG_DATA_HOME", "relative", "HOME", "/home/ada"), "/home/ada/.local/share/doorbook"},
		{"", env("HOME", "/home/ada"), "/home/ada/.local/share/doorbook"},
	} {
		if got, err := (config.Data{Dir: c.dir}).Path(c.env); err != nil || got != c.want {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
	for _, e := range []config.Environment{env(), env("HOME", ""), env("HOME", "."), env("HOME", "home/ada")} {
		if got, err := (config.Data{}).Path(e); err == nil || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%v: %q, %v", e, got, err)
		}
	}
}

func good() config.Serve {
	return config.Serve{Addr: "localhost:8080", Joins: config.Joins{Registration: "open"}, CookieSecure: "auto"}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"": "", "https://door.example.org": "https://door.example.org", "https://door.example.org/": "https://door.example.org",
		"HTTPS://door.example.org:8443//": "https://door.example.org:8443", "http://[::1]:80": "http://[::1]", "http://10.1.2.3": "http://10.1.2.3",
	} {
		s := good()
		s.PublicURL = url
		if err := s.Check(); err != nil || s.PublicURL != want {
			t.Errorf("%q becomes %q, %v", url, s.PublicURL, err)
		}
	}
	for name, spoil := range map[string]func(*config.Serve){
		"no port":             func(s *config.Serve) { s.Addr = "localhost" },
		"no address":          func(s *config.Serve) { s.Addr = "" },
		"an empty port":       func(s *config.Serve) { s.Addr = "localhost:" },
		"a port too high":     func(s *config.Serve) { s.Addr = "localhost:65536" },
		"a negative port":     func(s *config.Serve) { s.Addr = "localhost:-1" },
		"IPv6 unbracketed":    func(s *config.Serve) { s.Addr = "::1:8080" },
		"unknown":             func(s *config.Serve) { s.Registration = "opne" },
		"no approval":         func(s *config.Serve) { s.RegistrationApproval = "maybe" },
		"cookies":             func(s *config.Serve) { s.CookieSecure = "no" },
		"never, with https":   func(s *config.Serve) { s.CookieSecure, s.PublicURL = "never", "https://x.test" },
		"TLS without a key":   func(s *config.Serve) { s.TLSCert = "x" },
		"a key without TLS":   func(s *config.Serve) { s.TLSKey = "x" },
		"TLS at http":         func(s *config.Serve) { s.TLSCert, s.TLSKey, s.PublicURL = "x", "y", "http://x.test" },
		"never, with TLS":     func(s *config.Serve) { s.TLSCert, s.TLSKey, s.CookieSecure = "x", "y", "never" },
		"HSTS unknown":        func(s *config.Serve) { s.HSTS = "subdomain" },
		"HSTS both ways":      func(s *config.Serve) { s.HSTS, s.HSTSSubdomains = "none", true },
		"a prefix of two":     func(s *config.Serve) { s.CookiePrefix = "a b" },
		"a prefix of ours":    func(s *config.Serve) { s.CookiePrefix = "form" },
		"no scheme":           func(s *config.Serve) { s.PublicURL = "door.example.org" },
		"another scheme":      func(s *config.Serve) { s.PublicURL = "ftp://door.example.org" },
		"no host":             func(s *config.Serve) { s.PublicURL = "https://" },
		"only a port":         func(s *config.Serve) { s.PublicURL = "https://:443" },
		"a query":             func(s *config.Serve) { s.PublicURL = "https://x.test?a=b" },
		"a fragment":          func(s *config.Serve) { s.PublicURL = "https://x.test#a" },
		"a user":              func(s *config.Serve) { s.PublicURL = "https://ada@x.test" },
		"a space":             func(s *config.Serve) { s.PublicURL = "https://x .test" },
		"a line break":        func(s *config.Serve) { s.PublicURL = "https://x.test\n" },
		"a wrong port of URL": func(s *config.Serve) { s.PublicURL = "https://x.test:port" },
	} {
		s := good()
		spoil(&s)
		if err := s.Check(); err == nil {
			t.Errorf("%s is taken: %+v", name, s)
		}
	}
}

// TestSecure: cookies are Secure over TLS and on one's own machine, where browsers take them.
func TestSecure(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://door.example.org": true, "http://door.example.org": false, "http://localhost:8080": true, "http://LOCALHOST": true,
		"http://door.localhost:8080": true, "http://127.0.0.1:1": true, "http://127.9.9.9": true, "http://[::1]:8080": true,
		"http://10.0.0.1:8080": false, "http://0.0.0.0:8080": false, "http://[::]:8080": false, "http://localhost.evil.test": false,
		"http://notlocalhost": false, "http://127.0.0.1.evil.test": false, ":": false,
	} {
		s := good()
		if strings.HasPrefix(url, "https:") {
			s.PublicURL = url
		}
		if got := s.Secure(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
		s.CookieSecure = "never"
		if s.Secure(url) {
			t.Errorf("%s: Secure against the setting", url)
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	listening := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}
	for _, c := range []struct{ addr, public, want string }{
		{"localhost:0", "", "http://localhost:4711"},
		{"[::1]:0", "", "http://[::1]:4711"},
		{":0", "", "http://127.0.0.1:4711"},
		{":0", "https://door.example.org", "https://door.example.org"},
	} {
		s := config.Serve{Addr: c.addr, PublicURL: c.public}
		if got := s.URL(listening); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.addr, c.public, got, c.want)
		}
	}
	for _, c := range []struct {
		addr string
		ip   net.IP
	}{{":0", net.IPv6zero}, {":0", net.IPv4zero}, {"0.0.0.0:0", net.IPv4zero}, {"[::]:0", net.IPv6zero}, {"any:0", nil}} {
		s := config.Serve{Addr: c.addr, CookieSecure: "auto"}
		got := s.URL(&net.TCPAddr{IP: c.ip, Port: 4711})
		if c.ip != nil && (got != "http://localhost:4711" || s.Secure(got)) {
			t.Errorf("%s: %q, Secure: %v", c.addr, got, s.Secure(got))
		}
	}
	for _, c := range []struct{ addr, public, want string }{
		{"127.0.0.1:0", "", "http://127.0.0.1:4711"},
	} {
		s := config.Serve{Addr: c.addr, PublicURL: c.public}
		if got := s.URL(listening); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.addr, c.public, got, c.want)
		}
	}
}

// TestReached: a verb that makes links says the address that the server says, and whether it is one that
// somebody has set.
func TestReached(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in      config.Reached
		want    string
		guessed bool
	}{
		{config.Reached{Addr: "localhost:8080"}, "http://localhost:8080", true},
		{config.Reached{Addr: ":8080"}, "http://localhost:8080", true},
		{config.Reached{Addr: "0.0.0.0:8080", TLSCert: "x"}, "https://localhost:8080", true},
		{config.Reached{Addr: "[::]:8080"}, "http://localhost:8080", true},
		{config.Reached{Addr: "[2001:db8::1]:8080"}, "http://[2001:db8::1]:8080", true},
		{config.Reached{Addr: "door.example.org:https", TLSCert: "x"}, "https://door.example.org:443", true},
		{config.Reached{Addr: "nonsense", PublicURL: "https://Door.example.org/a/"}, "https://door.example.org/a", false},
		{config.Reached{Addr: "localhost:0"}, "", true},
		{config.Reached{Addr: "nonsense"}, "", true},
		{config.Reached{PublicURL: "nonsense"}, "", false},
	} {
		got, guessed, err := c.in.URL()
		if got != c.want || guessed != c.guessed || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %q, %v, %v", c.in, got, guessed, err)
		}
		if err != nil || !guessed {
			continue
		}
		_, port, _ := strings.Cut(got, "://")
		_, port, _ = net.SplitHostPort(port)
		n, _ := net.LookupPort("tcp", port)
		host, _, _ := net.SplitHostPort(c.in.Addr)
		ip := net.ParseIP(host)
		if host == "" {
			ip = net.IPv6zero
		}
		server := config.Serve{Addr: c.in.Addr, Edge: config.Edge{TLSCert: c.in.TLSCert}}
		if said := server.URL(&net.TCPAddr{IP: ip, Port: n}); said != got {
			t.Errorf("%+v: %q, and the server says %q", c.in, got, said)
		}
	}
}

// TestAddressLeft: a verb that is told nothing says the address that the server has left, and any
// other setting that is said here comes first.
func TestAddressLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	unsaid := config.Reached{Addr: "localhost:8080"}
	check := func(in config.Reached, want string, wantGuessed bool) {
		t.Helper()
		if got, guessed, err := in.URLIn(dir); got != want || guessed != wantGuessed || err != nil {
			t.Errorf("%+v: %q, %v, %v; want %q, %v", in, got, guessed, err, want, wantGuessed)
		}
	}
	check(unsaid, "http://localhost:8080", true)
	for _, guessed := range []bool{true, false} {
		if err := config.LeaveAddress(dir, "https://door.example.org/.doorbook", guessed); err != nil {
			t.Fatal(err)
		}
		check(unsaid, "https://door.example.org/.doorbook", guessed)
	}
	check(config.Reached{Addr: "localhost:9090"}, "http://localhost:9090", true)
	check(config.Reached{Addr: "localhost:8080", TLSCert: "x"}, "https://localhost:8080", true)
	check(config.Reached{Addr: "localhost:8080", PublicURL: "https://a.example"}, "https://a.example", false)
	check(config.Reached{Addr: "localhost:8080", Gate: config.Gate{File: "x"}}, "http://localhost:8080/.doorbook", true)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, config.AddressFile), []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(unsaid, "http://localhost:8080", true)
	if err := config.LeaveAddress(filepath.Join(dir, "none"), "https://a.example", false); err != nil {
		t.Error(err)
	}
}

// TestKeys: the environment's key comes first, the fallbacks after it; weak ones are refused, and
// so is one given twice.
func TestKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring, _, err := config.Keys(config.Secrets{Key: []byte(keyOne), Fallbacks: [][]byte{[]byte(keyTwo)}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := session.NewKeyRing([]byte(keyOne))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ring.Signer("x").Sum([]byte("y")), alone.Signer("x").Sum([]byte("y")); got != want {
		t.Error("the first key does not sign")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a key file was made without need: %v", left)
	}
	for _, s := range []config.Secrets{
		{Key: []byte("short")}, {Key: []byte{}}, {Key: []byte(keyOne), Fallbacks: [][]byte{[]byte(keyOne)}}, {Fallbacks: [][]byte{[]byte("short")}},
	} {
		if _, _, err := config.Keys(s, t.TempDir()); !errors.Is(err, session.ErrWeakKey) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestHSTSFor: the switch of old says the same as the choice.
func TestHSTSFor(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]config.Edge{
		"host": {}, "none": {HSTS: "none"}, "subdomains": {HSTS: "host", HSTSSubdomains: true},
	} {
		if got := e.HSTSFor(); got != want {
			t.Errorf("%+v: %s, want %s", e, got, want)
		}
	}
}
