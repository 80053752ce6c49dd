package httpx_test

import (
	"net/http"
	"testing"
)

// TestForget: signing out takes back what the browser has of the person, and leaves what is none of
// the person's. Guard: signout.go, Forget.
func TestForget(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	v := c.Visitor()
	v.Get("/login")
	v.Post("/auth/login", credentials(c.ada.Email))
	v.Get("/")
	v.Cookies["sid"] = "another program's"
	was := v.Session()
	a := v.Post("/auth/logout", nil)
	if a.Status != http.StatusSeeOther || a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("%d, Clear-Site-Data %q", a.Status, a.Header.Get("Clear-Site-Data"))
	}
	if v.Session() == was || v.Cookies["__Host-device"] == "" || v.Cookies["sid"] == "" {
		t.Errorf("left are %v", v.Cookies)
	}
	if a := v.Get("/login"); a.Header.Get("Clear-Site-Data") != "" {
		t.Error("other pages clear, too")
	}
}
