package view_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/web/view"
)

// hostile is everything a stranger might try in one string.
const hostile = `<script>alert(1)</script>" onload='x' javascript:alert(2) ` + "\u202e\u200b\x1b[31m\x00\xff &amp;"

func signedOut() view.Page {
	return view.Page{
		FormToken: "form-token", RequestID: "0123456789abcdef", RegistrationOpen: true,
		Assets: view.Assets{CSS: "/static/1/app.css", JS: "/static/2/app.js", Icon: "/static/3/icon.svg"},
	}
}

func signedIn() view.Page {
	p := signedOut()
	p.User = &view.User{Name: "Ada Lovelace", Email: "ada@example.org", Role: "admin"}
	return p
}

// allHostile is a page in which every string is hostile, where a stranger could have had a hand in
// it.
func allHostile() view.Page {
	return view.Page{
		Title: hostile, Description: hostile, FormToken: hostile, RequestID: hostile,
		User:    &view.User{Name: hostile, Email: hostile, Role: hostile},
		Flashes: []view.Flash{{Category: hostile, Text: hostile}},
	}
}

func rows(n int) []view.EntryRow {
	at := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	out := make([]view.EntryRow, n)
	for i := range out {
		out[i] = view.EntryRow{
			ID: "65f0c0de" + strings.Repeat("0", 15) + strconv.FormatInt(int64(i%36), 36), Type: "request", Time: at.Add(-time.Duration(i) * time.Minute),
			Method: "GET", Path: "/developers?x=1", Status: 200 + 100*(i%4), User: "Ada Lovelace", Addr: "203.0.113.7",
			Duration: 1234 * time.Microsecond, RequestID: "9c01d2e47f3ab5a6",
		}
	}
	return out
}

func fullPlot() view.Plot {
	start := time.Date(2026, 7, 30, 14, 0, 0, 0, time.UTC)
	p := view.NewPlot(start, time.Hour, 24)
	for i := range 24 {
		b := &p.Bars[i]
		b.OK, b.Redirect, b.ClientError, b.ServerError = 100+i, i, i%5, i%3
	}
	return p
}

func hostileRow() view.EntryRow {
	return view.EntryRow{
		ID: hostile, Type: hostile, Time: time.Unix(0, 0), Method: hostile, Path: hostile, Status: 500,
		User: hostile, UserGone: true, Addr: hostile, Duration: time.Second, Words: []view.Word{{Text: hostile, Chosen: true}, {Text: hostile}, {Text: hostile, Mark: hostile}}, RequestID: hostile,
	}
}

// devices are this one and a new one.
func devices() []view.Device {
	at := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	return []view.Device{
		{ID: "65f0c0de0000000000000001", Name: "Firefox on Linux", UserAgent: "Firefox", Addr: "203.0.113.7", SignedIn: at, LastSeen: at, FirstSeen: at.Add(-time.Hour), Current: true},
		{ID: "65f0c0de0000000000000002", Name: "Safari on iPhone", Addr: "2001:db8::1", SignedIn: at, LastSeen: at, FirstSeen: at, New: true, Known: true, Browser: "Safari on iPhone"},
		{ID: "65f0c0de0000000000000003", Name: "the kitchen", Given: "the kitchen", Browser: "Chrome on Linux", SignedIn: at, LastSeen: at, FirstSeen: at, Known: true},
	}
}

func hostileDevice() view.Device {
	return view.Device{
		ID: hostile, Name: hostile, Given: hostile, Browser: hostile, Known: true, UserAgent: hostile, Addr: hostile, New: true,
	}
}

// someTokens are one that lets in and one that does not.
func someTokens() []view.Token {
	at := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	return []view.Token{
		{ID: "65f0c0de0000000000000001", Name: "deploy", Scopes: []string{"read", "write"}, Live: true, Made: at, Ends: at.AddDate(0, 1, 0), Used: at, From: "203.0.113.7"},
		{ID: "65f0c0de0000000000000002", Name: "nightly", Scopes: []string{"read"}, State: "ended", Made: at, Ends: at},
	}
}

func hostileToken(live bool) view.Token {
	return view.Token{ID: hostile, Name: hostile, Scopes: []string{hostile}, Live: live, State: hostile, From: hostile, Used: time.Unix(1, 0)}
}

// ended are sessions that are over, by somebody and by themselves.
func ended() []view.EndedDevice {
	at := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	return []view.EndedDevice{
		{Name: "the kitchen", Browser: "Chrome on Linux", Addr: "203.0.113.7", SignedIn: at, LastSeen: at, Ended: at, Why: "password changed by", By: "Bob"},
		{Name: "Safari on iPhone", Browser: "Safari on iPhone", SignedIn: at, LastSeen: at, Ended: at, Why: "not used for 2 hours"},
	}
}

// pages is every page three ways: full, empty, and hostile.
func pages() map[string]templ.Component {
	problems := []view.Problem{{Field: "email", Text: "Mail."}, {Field: "password", Text: "Pass."}, {Field: "", Text: "All."}, {Field: "no_such", Text: "None."}}
	bad := []view.Problem{{Field: "email", Text: hostile}, {Field: hostile, Text: hostile}}
	all := aboutOneself(problems, bad)
	maps.Copy(all, peoplePages(problems, bad))
	maps.Copy(all, map[string]templ.Component{
		"layout zero":          view.Layout(view.Page{Title: "x"}),
		"applications zero":    view.Applications(view.ApplicationsPage{}),
		"applications":         view.Applications(applications("Wiki", problems)),
		"applications hostile": view.Applications(applications(hostile, bad)),
		"login of an errand":   view.Login(view.LoginPage{Page: signedOut(), Errand: view.Errand{App: hostile, Unsent: true}, Next: "/x"}),
		"confirm zero":         view.Confirm(view.ConfirmPage{}),
		"confirm hostile":      view.Confirm(view.ConfirmPage{Page: allHostile(), Errand: view.Errand{App: hostile, Unsent: true}, Next: hostile, Problems: bad}),
		"not for you zero":     view.NotForYou(view.NotForYouPage{}),
		"not for you":          view.NotForYou(view.NotForYouPage{Page: signedIn(), App: "Wiki", Contact: "it@example.org", ContactAt: "mailto:it@example.org"}),
		"not for you hostile":  view.NotForYou(view.NotForYouPage{Page: allHostile(), App: hostile, Part: true, Contact: hostile}),
		"no answer":            view.ErrorPage(view.ErrorPageData{Page: signedIn(), Status: 502, Again: "/page", Onward: []view.Link{{Text: hostile, Path: hostile, Theirs: true}}}),
		"dashboard of tiles":   view.Dashboard(view.DashboardPage{Page: signedIn(), Apps: []view.Tile{{Name: hostile, URL: "https://wiki.example.org/", Shown: hostile}}}),
		"login zero":           view.Login(view.LoginPage{}),
		"login full":           view.Login(view.LoginPage{Page: signedOut(), Form: view.LoginForm{Email: "ada@example.org"}, Next: "/developers?x=1", Problems: problems}),
		"login hostile":        view.Login(view.LoginPage{Page: allHostile(), Form: view.LoginForm{Email: hostile}, Next: hostile, Problems: bad}),
		"register zero":        view.Register(view.RegisterPage{}),
		"register full":        view.Register(view.RegisterPage{Page: signedOut(), Form: view.RegisterForm{Name: "Ada", Email: "a@b.c", Skills: "go"}, Problems: problems}),
		"register hostile":     view.Register(view.RegisterPage{Page: allHostile(), Form: view.RegisterForm{Name: hostile, Email: hostile, Skills: hostile}, Problems: bad}),
		"setup zero":           view.Setup(view.SetupPage{}),
		"setup full":           view.Setup(view.SetupPage{Page: signedOut(), Token: "link-token", Form: view.SetupForm{Name: "Ada", Email: "a@b.c"}, Problems: problems}),
		"setup hostile":        view.Setup(view.SetupPage{Page: allHostile(), Token: hostile, Form: view.SetupForm{Name: hostile, Email: hostile}, Problems: bad}),
		"setup over zero":      view.SetupOver(view.Page{}),
		"setup over full":      view.SetupOver(signedOut()),
		"dashboard zero":       view.Dashboard(view.DashboardPage{}),
		"dashboard full":       view.Dashboard(view.DashboardPage{Page: signedIn(), Entries: rows(20), Plot: fullPlot(), First: true, Origin: "http://localhost:8080"}),
		"dashboard hostile":    view.Dashboard(view.DashboardPage{Page: allHostile(), Entries: []view.EntryRow{hostileRow(), {}}, Origin: hostile, Plot: view.Plot{Bars: make([]view.Bar, 2)}}),
		"sessions zero":        view.Sessions(view.SessionsPage{}),
		"sessions full":        view.Sessions(view.SessionsPage{Page: signedIn(), Devices: devices(), Ended: ended(), More: true, Now: time.Unix(1785504245, 0)}),
		"sessions wrong":       view.Sessions(view.SessionsPage{Page: signedIn(), Devices: devices(), Problems: []view.Problem{{Field: "name", Text: "Name."}}, Wrong: "65f0c0de0000000000000002", Typed: "x"}),
		"sessions hostile":     view.Sessions(view.SessionsPage{Page: allHostile(), Devices: []view.Device{hostileDevice()}, Ended: []view.EndedDevice{{Name: hostile, Browser: hostile + "x", Addr: hostile, Why: hostile, By: hostile}, {}}, Problems: bad, Wrong: hostile, Typed: hostile}),
		"tokens zero":          view.Tokens(view.TokensPage{}),
		"tokens full":          view.Tokens(view.TokensPage{Page: signedIn(), Tokens: someTokens(), Now: time.Unix(1785504245, 0)}),
		"tokens hostile":       view.Tokens(view.TokensPage{Page: allHostile(), Tokens: []view.Token{hostileToken(true), hostileToken(false)}}),
		"new token zero":       view.NewToken(view.NewTokenPage{}),
		"new token full":       view.NewToken(view.NewTokenPage{Page: signedIn(), Name: "deploy", Scopes: []string{"read"}, Days: 30, Lives: []int{7, 30}, Password: true, Problems: []view.Problem{{Field: "scopes", Text: "Choose."}, {Field: "name", Text: "Name."}}}),
		"new token hostile":    view.NewToken(view.NewTokenPage{Page: allHostile(), Name: hostile, Scopes: []string{hostile}, Problems: bad}),
		"made token zero":      view.MadeToken(view.MadeTokenPage{}),
		"made token full":      view.MadeToken(view.MadeTokenPage{Page: signedIn(), Token: someTokens()[0], Text: "dbk_TEXT"}),
		"made token hostile":   view.MadeToken(view.MadeTokenPage{Page: allHostile(), Token: hostileToken(true), Text: hostile}),
		"end zero":             view.EndSessions(view.EndSessionsPage{}),
		"end full":             view.EndSessions(view.EndSessionsPage{Page: signedIn(), Devices: devices(), All: true, Password: true, Problems: problems}),
		"end hostile":          view.EndSessions(view.EndSessionsPage{Page: allHostile(), Devices: []view.Device{hostileDevice()}, Password: true, Problems: bad}),
		"disowned zero":        view.Disowned(view.Page{}),
		"disowned full":        view.Disowned(signedIn()),
		"disowned hostile":     view.Disowned(allHostile()),
		"wrong host zero":      view.WrongHost("", ""),
		"wrong host full":      view.WrongHost("0123456789abcdef", "door.example.org:8080"),
		"wrong host hostile":   view.WrongHost(hostile, hostile),
		"error zero":           view.ErrorPage(view.ErrorPageData{}),
		"error full":           view.ErrorPage(view.ErrorPageData{Page: signedIn(), Status: 404, Wait: "2 minutes"}),
		"error hostile":        view.ErrorPage(view.ErrorPageData{Page: allHostile(), Status: 500, Heading: hostile, Text: hostile, Wait: hostile, Onward: []view.Link{{Text: hostile, Path: hostile}, {Text: "x", Path: "javascript:alert(1)"}, {Text: "y", Path: "//evil"}, {Text: "z", Path: `/\evil`}}}),
	})
	return all
}

func TestStructureOfEveryPage(t *testing.T) {
	t.Parallel()
	for name, c := range pages() {
		t.Run(name, func(t *testing.T) {
			html := render(t, c)
			if name == "layout zero" { // its one h1 is the page's own
				html = strings.Replace(html, "</main>", "<h1>x</h1></main>", 1)
			}
			checkStructure(t, html)
		})
	}
}

func TestHostileStringsAreText(t *testing.T) {
	t.Parallel()
	for name, c := range pages() {
		if !strings.HasSuffix(name, "hostile") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			html := render(t, c)
			for _, raw := range []string{"<script>alert", `" onload`, "' onload", `href="javascript`, `href="//`} {
				if strings.Contains(html, raw) {
					t.Errorf("%q came through as markup", raw)
				}
			}
			if !strings.Contains(html, "&lt;script&gt;alert(1)") {
				t.Error("the hostile text is not shown at all")
			}
		})
	}
}

func TestEntriesShowWhatIsHidden(t *testing.T) {
	t.Parallel()
	const raw, shown = "\u202e\u200b\x1b[3\x00\xff", `\u202e\u200b\u001b[3\u0000\xff`
	html := render(t, view.Dashboard(view.DashboardPage{Entries: []view.EntryRow{{
		ID: raw, Type: raw, Method: raw, Path: raw, Status: 500, User: raw, Addr: raw, RequestID: raw,
		Words: []view.Word{{Text: raw}, {Text: raw, Chosen: true}, {Text: raw, Mark: raw}},
	}}}))
	// The method, its copy for cards, the path, four times in the words, the request id, the user
	// and the address.
	if n := strings.Count(html, shown); n != 10 {
		t.Errorf("%s is shown %d times, want 10", shown, n)
	}
	if i := strings.IndexAny(html, "\u202e\u200b\x1b\x00"); i >= 0 {
		t.Errorf("%q came through as itself", html[max(i-40, 0):i+8])
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    templ.Component
		want string
	}{
		{"nameless", view.Layout(view.Page{}), "Doorbook"},
		{"login", view.Login(view.LoginPage{}), "Sign in – Doorbook"},
		{"login wrong", view.Login(view.LoginPage{Problems: []view.Problem{{Text: "x"}}}), "Error: Sign in – Doorbook"},
		{"register wrong", view.Register(view.RegisterPage{Problems: []view.Problem{{Text: "x"}}}), "Error: Create an account – Doorbook"},
		{"setup wrong", view.Setup(view.SetupPage{Problems: []view.Problem{{Text: "x"}}}), "Error: Set up Doorbook – Doorbook"},
		{"error page", view.ErrorPage(view.ErrorPageData{Status: 404}), "Error: There is nothing here – Doorbook"},
		{"own", view.Dashboard(view.DashboardPage{Page: view.Page{Title: "Mine", Error: true}}), "Error: Mine – Doorbook"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if html := render(t, tt.c); !strings.Contains(html, "<title>"+tt.want+"</title>") {
				t.Errorf("no title %q in %.300s", tt.want, html)
			}
		})
	}
}

func TestFlashesInOrderWithTheirRoles(t *testing.T) {
	t.Parallel()
	p := view.Page{Flashes: []view.Flash{{"success", "one"}, {"info", "two"}, {"warning", "three"}, {"error", "four"}, {"odd", "five"}}}
	html := render(t, view.Layout(p))
	at := 0
	for _, want := range []string{
		`data-kind="success" role="status">one<`, `data-kind="info" role="status">two<`, `data-kind="warning" role="alert">three<`,
		`data-kind="error" role="alert">four<`, `data-kind="info" role="status">five<`,
	} {
		i := strings.Index(html[at:], want)
		if i < 0 {
			t.Fatalf("%s is missing or out of order", want)
		}
		at += i
	}
}

func TestNavigation(t *testing.T) {
	t.Parallel()
	in := render(t, view.Dashboard(view.DashboardPage{Page: signedIn()}))
	for _, want := range []string{`action="/auth/logout"`, `value="form-token"`, `href="/" aria-current="page"`, "Ada Lovelace", ">admin<"} {
		if !strings.Contains(in, want) {
			t.Errorf("signed in: no %s", want)
		}
	}
	if strings.Contains(in, `href="/login"`) || strings.Contains(in, `href="/register"`) {
		t.Error("signed in: asked to sign in")
	}
	out := render(t, view.Register(view.RegisterPage{Page: signedOut()}))
	if !strings.Contains(out, `href="/register" aria-current="page"`) || !strings.Contains(out, `href="/login"`) || strings.Contains(out, "/auth/logout") {
		t.Error("signed out: wrong links")
	}
	closed := signedOut()
	closed.RegistrationOpen = false
	if html := render(t, view.Login(view.LoginPage{Page: closed})); strings.Contains(html, "/register") {
		t.Error("registration is closed, and yet linked to")
	}
	// Every page of somebody who is signed in has the way out (ASVS 7.4.4).
	if html := render(t, view.ErrorPage(view.ErrorPageData{Page: signedIn(), Status: 500})); !strings.Contains(html, `action="/auth/logout"`) {
		t.Error("no way out on an error page")
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503} {
		heading, text := view.ErrorText(status)
		if other, twice := seen[heading]; twice {
			t.Errorf("%d and %d have one heading", status, other)
		}
		seen[heading] = status
		html := render(t, view.ErrorPage(view.ErrorPageData{Page: signedOut(), Status: status}))
		for _, want := range []string{"<h1>" + heading + "</h1>", text, "<code>0123456789abcdef</code>", `href="/login"`, ">" + strconv.Itoa(status) + "<"} {
			if !strings.Contains(html, want) {
				t.Errorf("%d: no %q", status, want)
			}
		}
		if strings.Count(html, "0123456789abcdef") != 1 {
			t.Errorf("%d: the request id is not there once", status)
		}
	}
	if h, _ := view.ErrorText(507); h != "Something went wrong on our side" {
		t.Errorf("507: %q", h)
	}
	if h, _ := view.ErrorText(418); h != "That request could not be read" {
		t.Errorf("418: %q", h)
	}
	html := render(t, view.ErrorPage(view.ErrorPageData{Page: signedIn(), Status: 429, Heading: "Slowly", Text: "Own words.", Wait: "2 minutes"}))
	for _, want := range []string{"<h1>Slowly</h1>", "Own words.", "Please wait 2 minutes.", `href="/">Go to the overview`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
}

// applications is the page of two, called so.
func applications(name string, problems []view.Problem) view.ApplicationsPage {
	page := signedIn()
	page.Looks = view.AfterApplications
	return view.ApplicationsPage{
		Page: page, Problems: problems, Try: view.TryForm{Address: name, Email: name, Method: name, Token: true}, Now: time.Now(),
		Tried: &view.Tried{App: name, Verdict: "is refused", Rule: name, Why: name, Method: "GET", Path: name, Who: name, Token: true},
		Apps: []view.AppFacts{
			{
				Name: name, URL: "https://wiki.example.org/", Upstream: name, Rules: []string{name, name}, Anyone: true, Open: true,
				Everybody: &view.Count{N: 100, More: true}, Groups: []view.GroupOf{{Name: name, Members: view.Count{N: 1}}}, People: []string{name},
				Asked: true, Since: time.Now().Add(-time.Hour),
			},
			{Name: name, URL: "/", Rules: []string{name}, Asked: true, Answers: true},
		},
	}
}
