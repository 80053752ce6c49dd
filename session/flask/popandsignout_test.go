package flask_test

import (
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

// Popping what says who is signed in, and signing out, is a sign-out.
func TestSignOutAfterPoppingWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	user := session.Key[string]("user")
	for name, store := range map[string]bool{"store": true, "no store": false} {
		change := []func(*flask.Config, *session.Config){func(f *flask.Config, _ *session.Config) {
			f.Subject = func(v flask.Values) (s string) { v.Get("user", &s); return s }
		}}
		if !store {
			change = append(change, without)
		}
		w := newWorld(t, change...)
		a := w.get("", func(s *session.Session) string { s.SignIn("ada"); user.Set(s, "ada"); return "" })
		if a.StatusCode != 200 {
			t.Fatal(a.StatusCode)
		}
		c := cookieOf(a)
		a = w.get(c.Value, func(s *session.Session) string { user.Pop(s); s.SignOut(); return "" })
		if a.StatusCode != 200 {
			t.Errorf("%s: signing out is answered by %d", name, a.StatusCode)
		}
	}
}
