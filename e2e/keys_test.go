package e2e_test

import (
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

const (
	oldKey = "the first key of this house and 32 bytes or more of it"
	newKey = "the second key of this house and 32 bytes or more too"
)

// TestKeyChange: a sign-in page that was opened before a restart with a new key, while the old one
// is kept, still submits, and nobody is signed out. With the old key taken away everybody is.
func TestKeyChange(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_SECRET_KEY=" + oldKey}})
	in := s.Admin()
	late := s.Client()
	token := rig.FormToken(late.Get("/login").Body)
	page := rig.FormToken(in.Get("/").Body)
	s.Stop()

	s = s.Again(rig.Options{Env: []string{"DOORBOOK_SECRET_KEY=" + newKey, "DOORBOOK_SECRET_KEY_FALLBACKS=" + oldKey}})
	late.Base, in.Base = s.URL, s.URL
	if a := late.Send("POST", "/auth/login", rig.Fields("csrf_token", token, "email", "ada@example.org", "password", rig.Password).Encode(), rig.URLEncoded()); a.Status != 303 {
		t.Errorf("a sign-in page from before: %d, want 303", a.Status)
	}
	if a := in.Get("/"); a.Status != 200 {
		t.Errorf("a session from before: %d", a.Status)
	}
	if a := in.Clone().Send("POST", "/auth/logout", rig.Fields("csrf_token", page).Encode(), rig.URLEncoded()); a.Status != 303 {
		t.Errorf("a sign-out button from before: %d, want 303", a.Status)
	}
	stays := s.Client()
	stays.SignIn("ada@example.org", rig.Password)
	gone := rig.FormToken(s.Client().Get("/login").Body)
	s.Stop()

	s = s.Again(rig.Options{Env: []string{"DOORBOOK_SECRET_KEY=" + newKey}})
	stays.Base, late.Base = s.URL, s.URL
	if a := stays.Get("/"); a.Status != 200 {
		t.Errorf("a session that was made under the new key: %d", a.Status)
	}
	s.Stop()
	s = s.Again(rig.Options{Env: []string{"DOORBOOK_SECRET_KEY=" + oldKey}})
	stays.Base = s.URL
	if a := stays.Get("/"); a.Status != 303 {
		t.Errorf("a session under a key that is no longer there: %d, want 303", a.Status)
	}
	if a := s.Client().Send("POST", "/auth/login", rig.Fields("csrf_token", gone, "email", "x", "password", "y").Encode(), rig.URLEncoded()); a.Status != 403 {
		t.Errorf("a form of nobody: %d, want 403", a.Status)
	}
}

// TestRestart: whoever was signed in still is, with nothing set and the key in its file.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	c := s.Admin()
	s.Stop()
	s = s.Again(rig.Options{})
	c.Base = s.URL
	if a := c.Get("/"); a.Status != 200 {
		t.Errorf("after a restart: %d", a.Status)
	}
}
