package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"github.com/doorbook/doorbook/e2e/apps"
	"github.com/doorbook/doorbook/e2e/rig"
)

// gateCookie is the session's cookie where the program stands before applications.
const gateCookie = "__Host-doorbook"

// zoe is the first administrator, whose name no header can carry as it is.
func zoe(t *testing.T, g *rig.Gate) *rig.Client {
	t.Helper()
	c := g.Server.Client()
	a := c.Form("/setup?token="+g.Token, "/setup", rig.Fields(
		"token", g.Token, "name", "Zoë Müller", "email", "zoe@example.org", "password", rig.Password))
	if a.Status != http.StatusSeeOther {
		t.Fatalf("setup: %d %s", a.Status, a.Body)
	}
	return c
}

// enterGate signs in as her, on the page that a window shows.
func enterGate(p *rig.Page) {
	p.Type("email", "zoe@example.org")
	p.Type("password", rig.Password)
	p.Click("button.primary")
}

// wanted is a page of an application that somebody wants to see, and all of its query.
const wanted = "/asked/a%20page?q=a+b&next=%2Flogin&to=https%3A%2F%2Fexample.org%2F%3Fc%3Dd&e=%26"

// TestGateStory: before an application that knows nothing of it, signed out one signs in and is where
// one wanted to be, is known there by name, signs out, and is out there; the book tells it.
func TestGateStory(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for name, start := range map[string]func(*testing.T) string{
		"without a login": func(t *testing.T) string { return rig.HelloExample(t) },
		"in Python":       func(t *testing.T) string { return rig.HelloPython(t) },
		"with WebSockets": func(t *testing.T) string { return rig.Application(t, &apps.Live{}) },
	} {
		t.Run(name, func(t *testing.T) {
			g := rig.StartGate(t, rig.Options{}, start(t))
			admin := zoe(t, g)
			for title, script := range map[string]bool{"with JavaScript": true, "without": false} {
				t.Run(title, func(t *testing.T) { gateStory(t, g, browser.On(t).Page(g, script)) })
			}
			bookOfGate(t, g, admin)
		})
	}
}

// TestGateStoryBehind is TestGateStory where a proxy has the application, and asks Doorbook, by the
// very files of deploy/.
func TestGateStoryBehind(t *testing.T) {
	t.Parallel()
	browser, hello := rig.NewBrowser(t), strings.TrimPrefix(rig.HelloExample(t), "http://")
	for _, proxy := range proxies() {
		t.Run(proxy, func(t *testing.T) {
			at := rig.Proxied{Proxy: rig.FreeAddr(t), Doorbook: rig.FreeAddr(t), Application: hello}
			s := startGate(t, at)
			at.Start(t, proxy)
			g := &rig.Gate{Site: rig.NewSite(t, at.URL(), s.Token), Server: s}
			admin := zoe(t, g)
			for title, script := range map[string]bool{"with JavaScript": true, "without": false} {
				t.Run(title, func(t *testing.T) { gateStory(t, g, browser.On(t).Page(g, script)) })
			}
			bookOfGate(t, g, admin)
		})
	}
}

// TestGateReload: at SIGHUP the file holds as a whole from the next request on, or not at all, which
// the log says.
func TestGateReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gate.toml")
	app := rig.HelloExample(t)
	write := func(rule string) {
		t.Helper()
		if err := os.WriteFile(file, fmt.Appendf(nil, "[[app]]\nto = %q\n%s\n", app, rule), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`allow = "anyone"`)
	g := rig.StartGate(t, rig.Options{Args: []string{"--gate", file}})
	status := func() int { return g.Client().Get("/").Status }
	if got := status(); got != http.StatusOK {
		t.Fatalf("at the start: %d", got)
	}
	write(`allow = "signed-in"`)
	if got := status(); got != http.StatusOK {
		t.Errorf("before the signal: %d", got)
	}
	g.Server.Signal(syscall.SIGHUP)
	if !rig.Until(func() bool { return status() == http.StatusUnauthorized }) {
		t.Errorf("after the signal: %d", status())
	}
	write(`allow = "everybody"`)
	g.Server.Signal(syscall.SIGHUP)
	if !rig.Until(func() bool { return strings.Contains(g.Server.Stderr(), file+":3: allow") }) {
		t.Errorf("the log does not say where the file is wrong:\n%s", g.Server.Stderr())
	}
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("with a broken file: %d", got)
	}
}

// bookOfGate: of each request to the application the book has who made it, of which application, by
// which rule, with the names in its query and without what stood there.
func bookOfGate(t *testing.T, g *rig.Gate, admin *rig.Client) {
	t.Helper()
	type entry struct {
		Type, URL, Application, Host, Rule string
		Status                             int
		User                               string `json:"developer_id"`
	}
	passed, away := 0, 0
	for _, e := range rig.Data[[]entry](t, admin.Open("/logs")) {
		if !strings.HasPrefix(e.URL, "/asked/a%20page?q=[redacted]") {
			continue
		}
		if e.Application == "" || e.Host != strings.TrimPrefix(g.URL, "http://") || strings.Contains(e.URL, "example.org") {
			t.Errorf("%+v", e)
		}
		switch e.Status {
		case http.StatusOK:
			passed++
		case http.StatusSeeOther, http.StatusUnauthorized:
			away++
		}
	}
	if passed != 2 || away != 6 { // with JavaScript and without: before, after, and the old cookie
		t.Errorf("%d passed and %d turned away", passed, away)
	}
}

func gateStory(t *testing.T, g *rig.Gate, p *rig.Page) {
	t.Helper()
	p.Open(wanted)
	if at := p.Where(); !strings.HasPrefix(at, rig.PagesPath+"/login?next=") {
		t.Fatalf("signed out, one is at %s", at)
	}
	enterGate(p)
	if at, text := p.Where(), p.Text(); at != wanted || !strings.Contains(text, "Hello, Zoë Müller.") ||
		!strings.Contains(text, wanted[strings.Index(wanted, "?"):]) {
		t.Fatalf("signed in, one is at %s: %s", at, text)
	}
	cookie := p.Cookie(gateCookie)
	if cookie == nil || !cookie.HTTPOnly || !cookie.Secure || cookie.SameSite != "Lax" || cookie.Path != "/" {
		t.Fatalf("session cookie %+v", cookie)
	}
	p.Open(rig.PagesPath + "/")
	if text := p.Text(); !strings.Contains(text, "/asked/a%20page?q=[redacted]&next=[redacted]") {
		t.Errorf("the book, as a page: %s", text)
	}
	if leave(p); p.Where() != rig.PagesPath+"/login" {
		t.Errorf("after signing out one is at %s", p.Where())
	}
	if p.Open(wanted); !strings.HasPrefix(p.Where(), rig.PagesPath+"/login?next=") {
		t.Errorf("signed out again, one is at %s: %s", p.Where(), p.Text())
	}
	thief := g.Client()
	thief.SetCookie(gateCookie, cookie.Value)
	if a := thief.Get(wanted); a.Status != http.StatusUnauthorized || strings.Contains(a.Body, "Zoë") {
		t.Errorf("the old cookie: %d %s", a.Status, a.Body)
	}
}

// TestGateLasting: what an application sends on and on ends with the session that it goes on with.
func TestGateLasting(t *testing.T) {
	t.Parallel()
	live := &apps.Live{}
	g := rig.StartGate(t, rig.Options{}, rig.Application(t, live))
	zoe(t, g)
	p := rig.NewBrowser(t).Page(g, true)
	p.Open("/")
	enterGate(p)
	const both = "document.querySelector('#socket').innerText + ', ' + document.querySelector('#events').innerText"
	shows := func(want string) {
		t.Helper()
		if !rig.Until(func() bool { return rig.Eval[string](p, both) == want }) {
			t.Fatalf("the page shows %q, want %q", rig.Eval[string](p, both), want)
		}
	}
	shows("hello Zoë Müller, hello Zoë Müller")
	if n := live.Open.Load(); n != 2 {
		t.Errorf("%d are open", n)
	}
	same := g.Server.Client() // another window of the same browser
	same.SetCookie(gateCookie, p.Cookie(gateCookie).Value)
	header := http.Header{"Cookie": {same.Cookies()}, "Origin": {g.URL}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	socket, answer, err := websocket.Dial(ctx, strings.Replace(g.URL, "http", "ws", 1)+"/socket", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatalf("a socket of a program: %v, %v", err, answer)
	}
	defer socket.CloseNow()
	if _, said, err := socket.Read(ctx); err != nil || string(said) != "hello Zoë Müller" {
		t.Errorf("it says %q, %v", said, err)
	}
	if a := same.SignOut(); a.Status != http.StatusSeeOther {
		t.Fatalf("signing out: %d %s", a.Status, a.Body)
	}
	if _, _, err := socket.Read(ctx); err == nil {
		t.Error("the socket of a program goes on")
	}
	shows("closed, closed")
	if !rig.Until(func() bool { return live.Open.Load() == 0 }) {
		t.Errorf("the application has %d open", live.Open.Load())
	}
	header.Del("Cookie")
	if _, _, err := websocket.Dial(ctx, strings.Replace(g.URL, "http", "ws", 1)+"/socket", &websocket.DialOptions{HTTPHeader: header}); err == nil {
		t.Error("a stranger has a socket")
	}
}

// TestGateTold: an application in Python knows who asks by what the door says, however the visitor
// writes the same headers.
func TestGateTold(t *testing.T) {
	t.Parallel()
	g := rig.StartGate(t, rig.Options{}, rig.HelloPython(t))
	c := zoe(t, g).At(g)
	for _, name := range []string{"Remote-User", "Remote_User", "REMOTE-USER", "remote_email", "Remote-Groups"} {
		c.Header[name] = []string{"mallory"}
	}
	a := c.Get("/told")
	if a.Status != 200 || strings.Contains(a.Body, "mallory") || !strings.Contains(a.Body, `"HTTP_REMOTE_EMAIL":"zoe@example.org"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := c.Get("/"); a.Body != "Hello, Zoë Müller." || a.Header.Get("Content-Security-Policy") != "" || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s\n%v", a.Body, a.Header)
	}
	document, err := os.ReadFile("../docs/applications.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("apps/hello.py")
	if err != nil {
		t.Fatal(err)
	}
	shown, _, _ := strings.Cut(string(program), "\n\n\n# The rest")
	if !strings.Contains(string(document), "```python\n"+shown+"\n```\n") {
		t.Error("docs/applications.md shows another program in Python")
	}
}

// TestGateShut: killed, nobody gets through; started anew, whoever was signed in still is and nobody
// else; with its application away it says so, and does not let people think that they are signed out.
func TestGateShut(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(&apps.Live{})
	defer app.Close()
	addr := rig.FreeAddr(t)
	g := rig.StartGate(t, rig.Options{Addr: addr}, app.URL)
	c := zoe(t, g).At(g)
	look := func(when string, who *rig.Client, status int) rig.Answer {
		t.Helper()
		a := who.Get("/page")
		if a.Status != status || (status != 200) == strings.Contains(a.Body, "Hello") {
			t.Errorf("%s: %d %s", when, a.Status, a.Body)
		}
		return a
	}
	look("signed in", c, 200)
	g.Server.Kill()
	if a, err := c.Do(http.MethodGet, "/page", "", nil); err == nil {
		t.Errorf("killed, it answers %d %s", a.Status, a.Body)
	}
	g = g.Again(t, rig.Options{Addr: addr}, app.URL)
	look("started anew", c, 200)
	look("a stranger then", g.Client(), 401)
	app.Close()
	if a := look("the application away", c, 502); a.RequestID() == "" {
		t.Errorf("no request id: %v", a.Header)
	}
	look("the application away, a stranger", g.Client(), 401)
	if a := g.Server.Client().Get("/readyz"); a.Status != 200 {
		t.Errorf("the application away, it is not ready: %d %s", a.Status, a.Body)
	}
}

// TestGateDatabaseAway: with the accounts' database away nobody gets through to the application, and
// nobody is told that they are signed out; when it is back everything goes on.
func TestGateDatabaseAway(t *testing.T) {
	t.Parallel()
	f := rig.StartFerret(t)
	env := []string{"DOORBOOK_DATABASE=" + f.URL(databaseUser, databasePassword, "gate")}
	g := rig.StartGate(t, rig.Options{Env: env}, rig.Application(t, &apps.Live{}))
	c := zoe(t, g).At(g)
	if a := c.Get("/page"); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for name, way := range map[string]struct{ away, back func() }{
		"silent": {func() { f.Signal(syscall.SIGSTOP) }, func() { f.Signal(syscall.SIGCONT) }},
		"gone":   {func() { f.Kill() }, func() { f.Again() }},
	} {
		t.Run(name, func(t *testing.T) {
			way.away()
			for _, path := range []string{"/page", "/socket", "/events"} {
				if a := c.Get(path); a.Status != http.StatusServiceUnavailable || a.RequestID() == "" || a.Header.Get("Location") != "" {
					t.Errorf("%s: %d %s", path, a.Status, a.Body)
				}
			}
			if a := g.Client().Get("/page"); a.Status == 200 || strings.Contains(a.Body, "Hello") {
				t.Errorf("a stranger: %d %s", a.Status, a.Body)
			}
			way.back()
			if !rig.Until(func() bool { return c.Get("/page").Status == 200 }) {
				t.Error("it does not go on")
			}
		})
	}
}
