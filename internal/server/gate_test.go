package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
)

// TestGateFits: applications that cannot work with the other settings are refused at the start.
// Guard: gate.go, Config.fits.
func TestGateFits(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*config.Serve){
		"DOORBOOK_PUBLIC_URL": func(s *config.Serve) { s.App = []string{"wiki.example.org=http://127.0.0.1:1"} },
		"--sessions flask": func(s *config.Serve) {
			s.App, s.PublicURL = []string{"wiki.example.org=http://127.0.0.1:1"}, "https://door.example.org"
			s.Sessions = config.SharedWithFlask
		},
		"DOORBOOK_TRUSTED_PROXIES": func(s *config.Serve) { s.App, s.PublicURL = []string{"wiki.example.org"}, "https://wiki.example.org" },
		"no host":                  func(s *config.Serve) { s.App = []string{"http://127.0.0.1:1", "http://127.0.0.1:2"} },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c := settings(filepath.Join(t.TempDir(), "data"))
			change(&c.Serve)
			if err := runToEnd(t, c); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// TestGateGreeting: the start names each application, where it is and whither it leads, and warns of
// registration that opens one to everybody. Guard: gate.go, greetGate.
func TestGateGreeting(t *testing.T) {
	t.Parallel()
	for registration, warned := range map[string]bool{"open": true, "invite": false, "": false} {
		t.Run(registration, func(t *testing.T) {
			t.Parallel()
			c := settings(filepath.Join(t.TempDir(), "data"))
			c.App, c.Registration = []string{"http://127.0.0.1:1"}, registration
			r := run(t, c)
			if err := r.wait(t); err != nil {
				t.Fatal(err)
			}
			site, below := strings.CutSuffix(r.URL, config.PagesPath)
			if want := "application   127.0.0.1:1 at " + site + "/ (http://127.0.0.1:1)"; !below || !strings.Contains(r.Out.String(), want) {
				t.Errorf("it says, without %q:\n%s", want, r.Out)
			}
			if got := strings.Contains(r.Log.String(), "everybody may make an account"); got != warned {
				t.Errorf("warned: %v\n%s", got, r.Log)
			}
		})
	}
}
