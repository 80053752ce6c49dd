package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestPathConfusion: no way of writing an address gets a stranger to what is behind it, nor a
// member to what is an administrator's.
func TestPathConfusion(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	secret := self(t, ada).ID
	private := func(answer string) bool {
		return strings.Contains(answer, "Ada Lovelace") || strings.Contains(answer, secret) || strings.Contains(answer, "ada@example.org")
	}
	paths := []string{"//", "/./", "/.", "/x/..", "/;a", "/%2f", "/?x=.css", "/#", "*"}
	for _, p := range []string{"logs", "developers"} {
		paths = append(paths, "//"+p, "/"+p+"/", "/"+strings.ToUpper(p), "/./"+p, "/x/../"+p, "/"+p+";a", "/"+p+"%2f", "/%6"+fmt.Sprintf("%x", p[0]&15)+p[1:],
			"/"+p+"%00", "/"+p+"?x=.css", "/"+p+"/.css", "/static/../"+p, "/static/%2e%2e/"+p, "/"+p+"%20", "/"+p+".json", "/healthz/../"+p, "/login/../"+p)
	}
	for _, path := range paths {
		answer := s.Raw("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
		status, _, _ := strings.Cut(answer, "\r\n")
		if strings.Contains(status, " 200 ") || strings.Contains(status, " 50") || private(answer) {
			t.Errorf("GET %s: %s", path, status)
		}
	}
	for _, h := range []http.Header{
		{"X-Original-Url": {"/logs"}},
		{"X-Rewrite-Url": {"/logs"}},
		{"X-Forwarded-Uri": {"/healthz"}},
		{"X-Middleware-Subrequest": {"middleware"}},
		{"X-Http-Method-Override": {"GET"}},
		{"User-Agent": {"kube-probe/1.30"}},
		{"X-Forwarded-User": {"ada@example.org"}},
		{"Remote-User": {"ada"}},
	} {
		for _, path := range []string{"/logs", "/developers", "/"} {
			if a := s.Client().Send("GET", path, "", h); a.Status == 200 || private(a.Body) {
				t.Errorf("%v: %s: %d", h, path, a.Status)
			}
		}
	}
	bob := s.Member("Bob", "bob@example.org")
	for _, path := range []string{"/developers", "//developers", "/developers/", "/%64evelopers"} {
		h := http.Header{"Content-Type": {"application/json"}, "X-Http-Method-Override": {"GET"}}
		body := `{"name":"Eve","email":"eve@example.org","password":"` + rig.Password + `"}`
		if a := bob.Send("POST", path, body, h); a.Status < 300 {
			t.Errorf("POST %s as a member: %d", path, a.Status)
		}
	}
}

// TestMethods: an address answers its own methods and no others.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	for _, path := range []string{"/", "/logs", "/developers", "/login", "/auth/logout", "/developers/" + strings.Repeat("0", 24), "/logs/" + strings.Repeat("0", 24) + "/", "/healthz", "/static/x"} {
		for _, method := range []string{"OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETX", "PUT", "DELETE", "PATCH", "POST"} {
			for who, cookie := range map[string]string{"a stranger": "", "Ada": "Cookie: " + ada.Cookies() + "\r\n"} {
				answer := s.Raw(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + cookie + "Content-Length: 0\r\n\r\n")
				status, _, _ := strings.Cut(answer, "\r\n")
				if strings.Contains(status, " 200 ") || strings.Contains(status, " 500 ") || strings.Contains(status, " 204 ") {
					t.Errorf("%s %s as %s: %s", method, path, who, status)
				}
				odd := method == "TRACE" || method == "OPTIONS" || method == "PROPFIND" || method == "get" || method == "GETX"
				if odd && !strings.Contains(status, " 405 ") {
					t.Errorf("%s %s as %s: %s, want 405", method, path, who, status)
				}
			}
		}
	}
	// HEAD tells a stranger no more than GET, and a visitor the same length.
	for _, path := range []string{"/", "/logs", "/login", "/nothing"} {
		c := s.Client()
		c.Get("/login")
		get, head := c.Get(path), c.Send("HEAD", path, "", nil)
		sameLength := get.Header.Get("Content-Length") == head.Header.Get("Content-Length") || get.Status == 303 // whose body only GET has
		if get.Status != head.Status || head.Body != "" || !sameLength {
			t.Errorf("%s: GET %d with %s bytes, HEAD %d with %s", path, get.Status, get.Header.Get("Content-Length"), head.Status, head.Header.Get("Content-Length"))
		}
	}
	// HEAD takes no flash message.
	c := s.Client()
	c.Register("Flo", "flo@example.org", rig.Password)
	c.Send("HEAD", "/", "", nil)
	if a := c.Get("/"); !strings.Contains(a.Body, "Your account is made") {
		t.Error("HEAD took the message")
	}
	if a := c.Get("/"); strings.Contains(a.Body, "Your account is made") {
		t.Error("the message is shown twice")
	}
}

// TestLongInputs: what is too long is refused before it costs anything.
func TestLongInputs(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	for range 5 { // until the garbage of hashing passwords is as much as it gets
		s.Client().SignIn("ada@example.org", rig.Password)
	}
	before := s.RSS()
	c := s.Client()
	token := rig.FormToken(c.Get("/login").Body)
	var keys strings.Builder
	for i := range 10_001 {
		fmt.Fprintf(&keys, "&k%d=", i)
	}
	form := func(email, password string) string {
		return rig.Fields("csrf_token", token, "name", "L", "email", email, "password", password).Encode()
	}
	for _, tt := range []struct {
		name, path, body string
		status           []int
	}{
		{"a password of 1 KB", "/auth/login", form("l@example.org", strings.Repeat("x", 1<<10)), []int{422}},
		{"a password of 60 KB", "/auth/login", form("l@example.org", strings.Repeat("x", 60<<10)), []int{422}},
		{"a password of 1 MB", "/auth/login", form("l@example.org", strings.Repeat("x", 1<<20)), []int{413}},
		{"a password of 50 MB", "/auth/register", form("l@example.org", strings.Repeat("x", 50<<20)), []int{413}},
		{"an address of 1 MB", "/auth/login", form(strings.Repeat("x", 1<<20), "x"), []int{413}},
		{"an address of 60 KB", "/auth/register", form(strings.Repeat("x", 60<<10), rig.Password), []int{422}},
		{"129 characters", "/auth/register", form("l@example.org", strings.Repeat("plum ", 25)+"tree"), []int{422}},
		{"10,001 keys", "/auth/login", form("l@example.org", "x") + keys.String(), []int{400, 413, 422}},
	} {
		begun := s.CPU()
		a, err := c.Do("POST", tt.path, tt.body, rig.URLEncoded())
		if err != nil {
			if len(tt.body) < 1<<20 {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue // the server need not read megabytes before it hangs up
		}
		ok := false
		for _, status := range tt.status {
			ok = ok || a.Status == status
		}
		if !ok {
			t.Errorf("%s: %d, want %v", tt.name, a.Status, tt.status)
		}
		if worked := s.CPU() - begun; worked > 3*time.Second {
			t.Errorf("%s: the program worked %s", tt.name, worked)
		}
	}
	deep := strings.Repeat(`{"name":`, 12_000)
	for name, body := range map[string]string{"deep": deep, "deep list": `{"skills":` + strings.Repeat("[", 60_000), "large": `{"name":"` + strings.Repeat("x", 1<<20) + `"}`} {
		a, err := ada.Do("POST", "/developers", body, http.Header{"Content-Type": {"application/json"}})
		if err == nil && (a.Status < 400 || a.Status > 499) {
			t.Errorf("%s JSON: %d", name, a.Status)
		}
	}
	long := strings.Repeat("a", 20<<10)
	for _, path := range []string{"/" + long, "/login?next=/" + long, "/logs?before=" + long, "/login?" + strings.Repeat("a=b&", 5000)} {
		if a := ada.Get(path); a.Status >= 500 {
			t.Errorf("a long address: %d", a.Status)
		}
	}
	if a := c.Register("X", "exactly@example.org", strings.Repeat("plum tree ", 12)+"orbital9"); a.Status != 303 {
		t.Errorf("a password of 128 characters: %d", a.Status)
	}
	if grown := s.RSS() - before; grown > 50<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

// TestSlowClients: whoever sends slowly is cut off and holds up nobody.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	// Raw comes back when the server closes the connection.
	if answer := s.Raw("GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: "); strings.Contains(answer, " 200 ") {
		t.Errorf("half a request was answered: %s", answer)
	}
}

// TestHeaderInjection: nothing that a visitor sends makes a line of its own in an answer's header.
func TestHeaderInjection(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	for _, path := range []string{
		"/%0d%0aSet-Cookie:x=1", "/?a=%0d%0aSet-Cookie:x=1", "/login?next=/%0d%0aSet-Cookie:x=1", "/login?next=%0d%0a/x",
		"/%E5%98%8A%E5%98%8DSet-Cookie:x=1", "//evil.test/%0d%0aSet-Cookie:x=1", "/%0aX-Evil:1",
	} {
		a := s.Client().Get(path)
		for _, c := range a.Header.Values("Set-Cookie") {
			if strings.HasPrefix(c, "x=") {
				t.Errorf("%s sets %s", path, c)
			}
		}
		if a.Header.Get("X-Evil") != "" || strings.Contains(a.Location(), "evil.test/") && !strings.HasPrefix(a.Location(), "/") {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}
