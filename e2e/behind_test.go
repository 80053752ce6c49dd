package e2e_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// proxies are those before which deploy/ puts Doorbook: Debian's nginx and Caddy, and the newest
// Caddy.
func proxies() []string { return []string{"nginx", "Caddy", "new Caddy"} }

// behind is an application that a proxy of its own reaches, and asks Doorbook about.
type behind struct {
	s     *rig.Server
	app   *rig.Site // the application, at the proxy
	pages *rig.Site // Doorbook's own pages, there
	ada   *rig.Client
}

// rules are those of the application of startBehind.
const rules = `contact = "it@example.org"

[[app]]
name = "Wiki"
host = %q
allow = "signed-in"

[[app.rule]]
path = "/public"
allow = "anyone"

[[app.rule]]
path = "/ops"
groups = ["ops"]

[[app.rule]]
path = "/git"
allow = "signed-in"
basic = true
`

// startBehind starts the program, the application and a proxy, with the very file of deploy/.
func startBehind(t *testing.T, proxy string) *behind {
	t.Helper()
	g := rig.Proxied{Proxy: rig.FreeAddr(t), Doorbook: rig.FreeAddr(t), Application: rig.EchoApplication(t).Listener.Addr().String()}
	s := startGate(t, g)
	g.Start(t, proxy)
	return &behind{s: s, app: rig.NewSite(t, g.URL(), ""), pages: rig.NewSite(t, g.URL()+"/.doorbook", s.Token)}
}

// startGate starts the program alone.
func startGate(t *testing.T, g rig.Proxied, env ...string) *rig.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gate.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, rules, g.URL()), 0o600); err != nil {
		t.Fatal(err)
	}
	return rig.Start(t, rig.Options{Addr: g.Doorbook, Env: append([]string{
		"DOORBOOK_PUBLIC_URL=" + g.URL(), "DOORBOOK_GATE=" + file, "DOORBOOK_TRUSTED_PROXIES=127.0.0.1,::1", "DOORBOOK_REGISTRATION=open",
	}, env...)})
}

// opening are the headers of somebody who opens a page, and of a script that asks for something.
func opening() http.Header {
	return http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Accept": {"text/html,*/*;q=0.8"}}
}

func fetching(mode, dest string) http.Header {
	return http.Header{"Sec-Fetch-Mode": {mode}, "Sec-Fetch-Dest": {dest}, "Accept": {"*/*"}}
}

// TestR19 runs the files of deploy/ in the proxies that they are for.
func TestR19(t *testing.T) {
	t.Parallel()
	for _, proxy := range proxies() {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			b := startBehind(t, proxy)
			b.ada = b.pages.Admin()
			t.Run("R2 a sign-in on the way", b.signInOnTheWay)
			t.Run("R2 refused", b.refused)
			t.Run("R3 programs", b.programs)
			t.Run("R9 made up", b.madeUp)
			t.Run("R13 long answers", b.longAnswers)
			t.Run("R2 closed", b.closed) // the last one: it ends Doorbook
		})
	}
}

// signInOnTheWay: somebody opens a page of the application, signs in, is where they wanted to be, with
// the whole query, and the application is told who they are.
func (b *behind) signInOnTheWay(t *testing.T) {
	const page = "/wiki/a%2Fb?q=one&r=two%26three&s"
	c := b.pages.Client()
	a := c.At(b.app).Send("GET", page, "", opening())
	login, rest, _ := strings.Cut(a.Location(), "?next=")
	if back, _ := url.QueryUnescape(rest); a.Status != 303 || login != b.pages.URL+"/login" || back != page {
		t.Fatalf("a page: %d to %q, want to sign in at %s and back", a.Status, a.Location(), b.pages.URL)
	}
	if a.Body != "" && strings.Contains(a.Body, "X-Application") || len(a.Header["Set-Cookie"]) > 0 {
		t.Errorf("the answer before the sign-in: %v %s", a.Header, a.Body)
	}
	a = c.Form("/login?next="+rest, "/auth/login", rig.Fields("email", "ada@example.org", "password", rig.Password, "next", page))
	if a.Status != 303 || a.Location() != page {
		t.Fatalf("sign in: %d to %q, want to %q", a.Status, a.Location(), page)
	}
	a = c.At(b.app).Send("GET", page, "", opening())
	e, ok := a.Echoed()
	if a.Status != 200 || !ok || e.URI != page {
		t.Fatalf("signed in: %d, the application was asked for %q", a.Status, e.URI)
	}
	told(t, e, "Ada%20Lovelace", "ada@example.org")
	if id := e.Header.Get("X-Request-Id"); id == "" || countRequest(t, c, id) != 1 {
		t.Errorf("the request id %q of the application has %d entries", id, countRequest(t, c, id))
	}
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "Set-Cookie"} {
		if a.Header.Get(name) != "" {
			t.Errorf("the browser got %s: %q", name, a.Header.Get(name))
		}
	}
	a = c.At(b.app).Send("POST", "/wiki/save?x=1", "text=hello", rig.URLEncoded())
	if e, ok := a.Echoed(); a.Status != 200 || !ok || e.Method != "POST" || e.Body != "text=hello" {
		t.Errorf("a form: %d %+v", a.Status, e)
	}
}

// told fails unless the application was told of exactly this person.
func told(t *testing.T, e rig.Echo, name, email string) {
	t.Helper()
	user := e.Header.Get("Remote-User")
	if e.Header.Get("Remote-Name") != name || e.Header.Get("Remote-Email") != email || (user == "") != (email == "") {
		t.Errorf("the application was told: %v, want %q, %q", e.Header, name, email)
	}
	for name, lines := range e.Header {
		odd := strings.HasPrefix(strings.ToLower(name), "remote") && !slices.Contains([]string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups"}, name)
		if text := strings.Join(lines, "\n"); odd || strings.Contains(text, "mallory") || strings.Contains(text, "{http.") {
			t.Errorf("the application was told %s: %q", name, lines)
		}
		if text := strings.Join(lines, "\n"); strings.Contains(text, "doorbook") {
			t.Errorf("the application has seen a cookie of ours: %s", text)
		}
	}
}

// programs: what is no person opening a page is never sent to the sign-in page.
func (b *behind) programs(t *testing.T) {
	c := b.app.Client()
	for name, ask := range map[string]struct {
		method, path string
		header       http.Header
	}{
		"a script":                {"GET", "/data", fetching("cors", "empty")},
		"a script of this origin": {"POST", "/data", fetching("same-origin", "empty")},
		"an image":                {"GET", "/logo.png", fetching("no-cors", "image")},
		"the icon":                {"GET", "/favicon.ico", http.Header{"Accept": {"text/html"}}},
		"a program":               {"GET", "/data", http.Header{"Accept": {"*/*"}}},
		"git":                     {"GET", "/git/info/refs", http.Header{"Accept": {"*/*"}}},
	} {
		a := c.Send(ask.method, ask.path, "", ask.header)
		if _, ok := a.Echoed(); a.Status != 401 || a.Location() != "" || ok || !strings.Contains(a.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d to %q, %s: want 401 in JSON", name, a.Status, a.Location(), a.Body)
		}
		if asks := a.Header.Get("WWW-Authenticate"); strings.HasPrefix(asks, "Basic ") != (name == "git") {
			t.Errorf("%s: WWW-Authenticate %q", name, asks)
		}
	}
}

// madeUp: nothing that a visitor says of who they are, in any spelling, gets to the
// application, whoever they are; the status of its answers is its own.
func (b *behind) madeUp(t *testing.T) {
	ada := b.ada.At(b.app)
	stranger := b.app.Client()
	stranger.SetCookie("theirs", "1")
	ada.SetCookie("theirs", "1")
	for _, name := range []string{
		"Remote-User", "remote_user", "REMOTE-USER", "Remote_User", "Remote-Email", "remote_email", "Remote-Name", "Remote_Name",
		"Remote-Groups", "remote_groups", "Remote.User", "X-Request-Id",
	} {
		h := http.Header{name: {"mallory"}} // as it is written here
		a := stranger.Send("GET", "/public/x", "", h)
		if e, ok := a.Echoed(); a.Status != 200 || !ok {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		} else if told(t, e, "", ""); e.Header.Get("Cookie") != "theirs=1" {
			t.Errorf("the application's cookie: %q", e.Header.Get("Cookie"))
		}
		e, _ := ada.Send("GET", "/x", "", h).Echoed()
		if told(t, e, "Ada%20Lovelace", "ada@example.org"); e.Header.Get("Cookie") != "theirs=1" {
			t.Errorf("the application's cookie beside ours: %q", e.Header.Get("Cookie"))
		}
	}
	for _, status := range []int{401, 403, 404, 500} {
		a := ada.Send("GET", fmt.Sprintf("/x?status=%d", status), "", opening())
		if _, ok := a.Echoed(); a.Status != status || !ok {
			t.Errorf("the application says %d: %d", status, a.Status)
		}
	}
}

// refused: who is signed in and may not enter is told so on a page of ours; the question itself
// is asked by nobody from outside.
func (b *behind) refused(t *testing.T) {
	ada := b.ada.At(b.app)
	a := ada.Send("GET", "/ops/x", "", opening())
	if _, ok := a.Echoed(); a.Status != 403 || ok || !strings.Contains(a.Body, "<h1") || !strings.Contains(a.Body, "it@example.org") {
		t.Errorf("not theirs: %d %.300s", a.Status, a.Body)
	}
	_, quoted, _ := strings.Cut(a.Body, "quote this request: <code>")
	if id, _, _ := strings.Cut(quoted, "<"); id == "" || countRequest(t, b.ada, id) != 1 {
		t.Errorf("the request to quote, %q, has %d entries", id, countRequest(t, b.ada, id))
	}
	a = ada.Send("POST", "/ops/x", "a=b", rig.URLEncoded())
	if _, ok := a.Echoed(); a.Status != 403 || ok {
		t.Errorf("a form that is not theirs: %d %.300s", a.Status, a.Body)
	}
	a = ada.Send("GET", "/public/..%2Fops", "", opening())
	if _, ok := a.Echoed(); a.Status != 400 || ok {
		t.Errorf("what can be read in two ways: %d %.300s", a.Status, a.Body)
	}
	made := http.Header{
		"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/x"}, "X-Forwarded-Proto": {"http"},
		"X-Forwarded-Host": {strings.TrimPrefix(b.app.URL, "http://")}, "X-Original-Method": {"GET"}, "X-Original-Url": {b.app.URL + "/x"},
	}
	for _, path := range []string{"/forward", "/auth-request", "//forward", "/%66orward", "/x/../auth-request"} {
		a := ada.At(b.pages).Send("GET", path, "", made)
		if a.Status != 404 || a.Header.Get("Remote-User") != "" {
			t.Errorf("%s from outside: %d %v", path, a.Status, a.Header)
		}
	}
}

// longAnswers: a connection that is taken over, and an answer that has no end, pass for who is
// signed in.
func (b *behind) longAnswers(t *testing.T) {
	ada := b.ada.At(b.app)
	address := strings.TrimPrefix(b.app.URL, "http://")
	h := fetching("websocket", "empty")
	if status, _ := rig.Upgrade(t, address, "/socket", h); status != 401 {
		t.Errorf("a stranger's socket: %d", status)
	}
	h.Set("Cookie", ada.Cookies())
	if status, said := rig.Upgrade(t, address, "/socket", h); status != 101 || said != "you said hello\n" {
		t.Errorf("a socket: %d %q", status, said)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.app.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", ada.Cookies())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "data: first\n" { // the next one never comes
		t.Errorf("events: %d %q %v", res.StatusCode, line, err)
	}
}

// closed: with Doorbook gone nobody passes, not even those who were signed in.
func (b *behind) closed(t *testing.T) {
	ada := b.ada.At(b.app)
	if _, ok := ada.Get("/x").Echoed(); !ok {
		t.Error("before: no answer of the application")
	}
	b.s.Kill()
	own := ada.At(b.pages).Send("GET", "/login", "", opening())
	for _, path := range []string{"/x", "/public/x"} {
		a := ada.Send("GET", path, "", opening())
		if _, ok := a.Echoed(); a.Status < 500 || ok || own.Status != a.Status {
			t.Errorf("%s without Doorbook: %d, its own page %d %s", path, a.Status, own.Status, a.Body)
		}
	}
}

// TestR2StoreAway: who is signed in cannot be known, so nobody passes; when it can, they do again.
func TestR2StoreAway(t *testing.T) {
	t.Parallel()
	f := rig.StartFerret(t)
	g := rig.Proxied{Doorbook: rig.FreeAddr(t), Application: rig.EchoApplication(t).Listener.Addr().String()}
	before := map[string]*rig.Site{} // all of them before one Doorbook, for a database takes its time
	for _, proxy := range proxies() {
		g.Proxy = rig.FreeAddr(t)
		g.Start(t, proxy)
		before[proxy] = rig.NewSite(t, g.URL(), "")
	}
	s := startGate(t, g, "DOORBOOK_DATABASE="+f.URL(databaseUser, databasePassword, "behind"))
	ada := rig.NewSite(t, g.URL()+"/.doorbook", s.Token).Admin()
	passes := func(want bool) {
		t.Helper()
		var all sync.WaitGroup
		for proxy, site := range before {
			all.Go(func() {
				a, err := ada.At(site).Do("GET", "/x", "", opening())
				if _, ok := a.Echoed(); err != nil || ok != want || a.Status != 200 && a.Status < 500 {
					t.Errorf("%s: %d, the application's: %v (%v) %s", proxy, a.Status, ok, err, a.Body)
				}
			})
		}
		all.Wait()
	}
	passes(true)
	f.Kill()
	passes(false)
	f.Again()
	ready(t, s)
	passes(true)
}
