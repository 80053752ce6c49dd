package server_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// The first lines say with whom the cookie is shared, and what would lock people out over there.
func TestGreetsBesideFlask(t *testing.T) {
	t.Parallel()
	const shared, note, before = "app, shared with a Flask application", "cannot read argon2id", "sessions in the Flask application's cookie app go on in ours"
	for name, c := range map[string]struct {
		sessions, form string
		key            bool
		says, not      []string
	}{
		"alone":               {"store", "", false, []string{"__Host-session (Secure)"}, []string{"a Flask application", "the Flask application"}},
		"shared":              {"flask", "", true, []string{shared}, []string{note, before}},
		"shared, with scrypt": {"flask", "scrypt", true, []string{shared}, []string{note}},
		"shared, argon2id":    {"flask", "argon2id", true, []string{shared, note}, nil},
		"off":                 {"store", "", true, []string{"__Host-session (Secure)", before}, []string{note, shared}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(filepath.Join(t.TempDir(), "data"))
			s.Sessions, s.Passwords.Form, s.FlaskCookie = c.sessions, c.form, "app"
			if c.key {
				s.Secrets.Flask.Key = []byte(flaskKey)
			}
			r := run(t, s)
			out := r.Out.String()
			for _, text := range c.says {
				if !strings.Contains(out, text) {
					t.Errorf("it does not say %q:\n%s", text, out)
				}
			}
			for _, text := range c.not {
				if strings.Contains(out, text) {
					t.Errorf("it says %q:\n%s", text, out)
				}
			}
			if strings.Contains(out+r.Log.String(), flaskKey) {
				t.Error("it tells the key")
			}
		})
	}
}
