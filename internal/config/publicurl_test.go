package config_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
)

// TestPublicURL: the spellings of an address are one, and what is none is refused.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://Door.example.org:80/":        "http://door.example.org",
		"HTTPS://DOOR.EXAMPLE.ORG:443":       "https://door.example.org",
		"https://door.example.org:":          "https://door.example.org",
		"https://door.example.org.":          "https://door.example.org",
		"https://door.example.org:80":        "https://door.example.org:80",
		"http://door.example.org:0443":       "http://door.example.org:443",
		"https://bücher.example":             "https://xn--bcher-kva.example",
		"https://BÜCHER.example:8443/":       "https://xn--bcher-kva.example:8443",
		"https://XN--Bcher-KVA.example":      "https://xn--bcher-kva.example",
		"https://straße.example":             "https://xn--strae-oqa.example",
		"https://例え。テスト":                     "https://xn--r8jz45g.xn--zckzah",
		"http://[2001:DB8:0:0::1]:80":        "http://[2001:db8::1]",
		"http://[0:0:0:0:0:0:0:1]:8080":      "http://[::1]:8080",
		"http://10.1.2.3":                    "http://10.1.2.3",
		"http://nas:8080":                    "http://nas:8080",
		"http://my_app:8080":                 "http://my_app:8080",
		"https://example.org/door":           "https://example.org/door",
		"https://example.org/Door/in/":       "https://example.org/Door/in",
		"https://example.org//":              "https://example.org",
		"https://example.org/a-b_c.d~e/f..g": "https://example.org/a-b_c.d~e/f..g",
	} {
		got, err := config.PublicURL(text)
		if err != nil || got != want {
			t.Errorf("%q becomes %q, %v, want %q", text, got, err, want)
		}
		if again, err := config.PublicURL(got); err != nil || again != got {
			t.Errorf("%q becomes %q, %v", got, again, err)
		}
	}
	for _, text := range []string{
		"", "x", "door.example.org", "//door.example.org", "ftp://door.example.org", "https:door.example.org", "https:///door", "https://",
		"https://:443", "https://x.test:0", "https://x.test:65536", "https://x.test:-1", "https://x.test:http", "https://x.test:80:80",
		"https://ada@x.test", "https://@x.test", "https://x.test?", "https://x.test/?a", "https://x.test#", "https://x.test/#a",
		"https://x .test", " https://x.test", "https://x.test\n", "https://x..test", "https://.x.test", "https://-x.test", "https://x-.test",
		"https://*.x.test", "https://x.test,y.test", "https://x/y.test:z/\\", "https://a\\b", "https://x%2etest", "https://" + strings.Repeat("a", 64) + ".test",
		"https://" + strings.Repeat("a.", 130) + "test", "http://1.2.3", "http://1.2.3.256", "http://010.1.1.1", "http://1.2.3.4.5", "http://127.1", "http://0x7f.1",
		"http://[::1", "http://::1", "http://[fe80::1%25eth0]", "http://[1.2.3.4]", "http://[::g]", "https://xn--a.example", "https://xn--.test", "https://\u202ex.test",
		"https://x.test/a//b", "https://x.test/../a", "https://x.test/./a", "https://x.test/a/..", "https://x.test/a b", "https://x.test/%61", "https://x.test/{id}",
		"https://x.test/caf\u00e9", "https://x.test/a;b", "https://x.test/a\\b", "https://x.test/" + strings.Repeat("a", 128),
	} {
		if got, err := config.PublicURL(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

func TestHostList(t *testing.T) {
	t.Parallel()
	got, err := config.Edge{Hosts: " Door.example.org, bücher.example ,,[2001:DB8::1],door.lan."}.HostList()
	if want := []string{"door.example.org", "xn--bcher-kva.example", "2001:db8::1", "door.lan"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, list := range []string{"https://x.test", "x.test:80", "*.x.test", "x test", "x.test/door", "a..b", "x;y"} {
		s := good()
		s.Hosts = list
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "--hosts") {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// FuzzPublicURL: what is taken is written in one way, and leads a browser to the same place.
func FuzzPublicURL(f *testing.F) {
	for _, s := range []string{"http://Door.example.org:80/", "https://bücher.example/a", "http://[::1]:8080", "http://1.2.3.4/x/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := config.PublicURL(text)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme+"://"+u.Host+u.Path != got || u.Host == "" || strings.ToLower(u.Host) != u.Host {
			t.Fatalf("%q becomes %q, %v", text, got, err)
		}
		if again, err := config.PublicURL(got); err != nil || again != got {
			t.Fatalf("%q becomes %q, and that %q, %v", text, got, again, err)
		}
	})
}
