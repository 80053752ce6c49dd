package gate_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/gate"
)

// guarded is an application whose /admin is for a group, and all else for anyone.
func guarded() *gate.App {
	return &gate.App{Rules: []gate.Rule{
		{Paths: []string{"/admin"}, Who: gate.Some, Groups: []string{"ops"}, Line: 1},
		{Who: gate.Anyone, Line: 2},
	}}
}

// TestR11Readings: paths that are read in one way only, or in several that are for the same people,
// pass unchanged; the others are refused, each by its kind.
func TestR11Readings(t *testing.T) {
	t.Parallel()
	app := guarded()
	for verdict, paths := range map[gate.Verdict][]string{
		gate.Pass: {
			"/", "/public", "/public/", "/adm", "/administrator", "/admin-x", "/a.b/c.d", "/.well-known/x", "/@scope%2fpkg", "/api/v4/projects/group%2Fproject",
			"/queues/%2F/name", "/caf%C3%A9", "/caf%E9", "/100%25", "/a%20b", "/x//y", "/x/./y", "/x/../y", "/x;v=1/y", `/x\y`, "/x%5Cy", "/C%23", "/what%3F",
			"/wiki/Special:Log", "/https://x.test/", "/a+b", "/~ada/", "/a%252Fb", "/x.", "/x/...", "/%E4%BE%8B", "/x/admin", "/a%00"[:2],
		},
		gate.SignIn: {
			"/admin", "/admin/", "/admin/x", "/admin/x;v=1", "/admin/x%2Fy", "/admin//x", "/admin/./x", "/admin/a/../b", "/%61dmin", "/admin/caf%C3%A9",
		},
		gate.Unreadable: {
			"/public/../admin", "/public/%2e%2e/admin", "/public/%2E./admin", "/public/..%2fadmin", "/public%2f..%2fadmin", `/public/..\admin`, "/public/..%5cadmin",
			"//admin", "/%2fadmin", "/./admin", "/%2e/admin", "/admin;x", "/admin;x/y", "/;/admin", "/public/..;/admin", "/public/..;x=1/admin", "/public/%2e%2e%3b/admin",
			"/%2561dmin", "/public/%252e%252e/admin", "/public/..%252fadmin", "/public/..%25252fadmin", "/public/..%c0%afadmin", "/%c1%a1dmin", "/%e0%81%a1dmin",
			"/adm%ffin", "/admin%20", "/admin.", "/admin%2e", "/ADMIN", "/Admin/x", "/%41dmin", "/adm%C4%B1n"[:4] + "\u00adin", "/admin%3Fx", "/admin%23x", "/admin#x",
			"/admin%09", "/ad%0Amin", "//x.test/admin", `/\x.test/admin`, "/%EF%BC%8Fadmin", "/\uff41dmin", "/admin/..", "/admin/../", "/admin/../public", "/admin/..%2fpublic",
			"/admin/..;/public", "/admin%2Fx", "/admin%5Cx", `/admin\x`, "/public/.%2e/admin", "/x/%2e%2e/%61dmin",
			"/a%3b%2f..%2fadmin;z%2f..", "/a%3f/../admin#z/..",
			"", "admin", "*", "/%", "/%2", "/%zz", "/%u0061dmin", "/a%", "/%00", "/admin%00", "/public%00/../admin", "/a\x00b", "/%2500", "/%25%30%30",
		},
	} {
		for _, path := range paths {
			if d := app.Decide(&gate.Question{Method: "GET", Path: path}); d.Verdict != verdict {
				t.Errorf("%q: %v (%s), want %v", path, d.Verdict, d.Why, verdict)
			}
		}
	}
}

// TestR11Orders: what servers do before they decode a path, and afterwards.
func TestR11Orders(t *testing.T) {
	t.Parallel()
	for path, guarded := range map[string][]gate.Rule{
		"/a;%2f../admin":          {{Paths: []string{"/a/admin"}}}, // parameters go, then escapes: /a/admin
		"/a%3b%2f..%2fadmin;z/..": {{Paths: []string{"/admin"}}},   // all after the raw semicolon goes, then escapes
		"/a%3f/../admin#z/..":     {{Paths: []string{"/admin"}}},
		"/a%23/../admin?z/..":     {{Paths: []string{"/admin"}}},
		"/a/%2e%2e/../admin":      {{Paths: []string{"/a/admin"}}},
		`/x%5cy\..\admin`:         {{Paths: []string{"/admin"}}},
		"/x%2fy":                  {{Paths: []string{"/x"}}},
		"/a;/public":              {{Paths: []string{"/a/public"}, Who: gate.Anyone}, {Paths: []string{"/a"}}}, // all after the semicolon goes: /a
		"/a%3b/public":            {{Paths: []string{"/a/public"}, Who: gate.Anyone}, {Paths: []string{"/a"}}},
	} {
		app := &gate.App{Rules: append(guarded, gate.Rule{Who: gate.Anyone})}
		if d := app.Decide(&gate.Question{Method: "GET", Path: path}); d.Verdict != gate.Unreadable {
			t.Errorf("%q: %+v", path, d)
		}
	}
}

// TestR11OneRule: where the path decides nothing it may be read in as many ways as there are, but not
// in none.
func TestR11OneRule(t *testing.T) {
	t.Parallel()
	for _, app := range []*gate.App{
		{Rules: gate.Everybody()},
		{Rules: []gate.Rule{{Who: gate.SignedIn, Paths: []string{"/"}}}},
		{Rules: []gate.Rule{{Who: gate.SignedIn, Paths: []string{"/a"}}, {Who: gate.SignedIn}}},
	} {
		for path, want := range map[string]gate.Verdict{
			"/a/../b%2fc;d//e%252e%c0%af": gate.Pass, "/a%20.": gate.Pass, "/%": gate.Unreadable, "/%00": gate.Unreadable, "x": gate.Unreadable,
		} {
			ada := asks()["ada"]
			ada.Path = path
			if d := app.Decide(&ada); d.Verdict != want {
				t.Errorf("%q: %+v", path, d)
			}
		}
	}
}

// TestR11Alike: two rules that ask for the same are of one mind, and no two others.
func TestR11Alike(t *testing.T) {
	t.Parallel()
	base := func() gate.Rule {
		return gate.Rule{Who: gate.Some, Groups: []string{"ops"}, People: []string{"x@y"}}
	}
	for name, change := range map[string]func(*gate.Rule){
		"who": func(r *gate.Rule) { r.Who = gate.SignedIn }, "groups": func(r *gate.Rule) { r.Groups = []string{"ops", "dev"} },
		"people": func(r *gate.Rule) { r.People = nil }, "tokens": func(r *gate.Rule) { r.Tokens = gate.NoTokens },
		"recent": func(r *gate.Rule) { r.Recent = 1 }, "from": func(r *gate.Rule) { r.From = prefixes("10.0.0.0/8") },
		"keep": func(r *gate.Rule) { r.Keep = []string{"q"} }, "preflight": func(r *gate.Rule) { r.Preflight = true }, "basic": func(r *gate.Rule) { r.Basic = true },
		"": func(r *gate.Rule) { r.Methods, r.Line = []string{"GET"}, 9 },
	} {
		one, other := base(), base()
		one.Paths, other.Paths = []string{"/a"}, nil
		change(&other)
		q := asks()["ada"]
		q.Method, q.Path = "GET", "/b/../a"
		d := (&gate.App{Rules: []gate.Rule{one, other}}).Decide(&q)
		if (d.Verdict == gate.Unreadable) != (name != "") {
			t.Errorf("%q differs: %+v", name, d)
		}
	}
}

// TestR11Servers: of ten thousand spellings and more none that any server takes for /admin, or for
// something below it, passes where /admin is for a group.
func TestR11Servers(t *testing.T) {
	t.Parallel()
	app, all := guarded(), servers()
	random := rand.New(rand.NewPCG(1, 2))
	reached, made := map[string]int{}, map[string]bool{}
	for len(made) < 10_000 {
		raw := spelling(random)
		if made[raw] {
			continue
		}
		made[raw] = true
		served := servedBy(all, raw)
		for _, name := range served {
			reached[name]++
		}
		if d := app.Decide(&gate.Question{Method: "GET", Path: raw}); d.Verdict == gate.Pass && len(served) > 0 {
			t.Errorf("%q passes and is /admin to %q", raw, served)
		}
	}
	for _, s := range all { // a model that nothing reaches shows nothing
		if reached[s.name] < 10 {
			t.Errorf("of all spellings %d are /admin to %q", reached[s.name], s.name)
		}
	}
}

// servedBy names the servers that take a path for /admin or for something below it.
func servedBy(all []server, raw string) (names []string) {
	if _, err := url.ParseRequestURI(raw); err != nil {
		return nil // what no server of ours hands on
	}
	for _, s := range all {
		if got := s.read(raw); gate.Under(got, "/admin") {
			names = append(names, s.name)
		}
	}
	return names
}

// spelling makes up a path that somebody may take for /admin.
func spelling(random *rand.Rand) string {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	slash := func() string {
		return pick("/", "/", "/", "/", "//", "///", `\`, "%2f", "%2F", "%5c", "%5C", "%252f", "%255C", "%25252f", "%c0%af", "%e0%80%af", "/./", "/;/", "/;a=b/", "/%2e/", "%3b/")
	}
	up := func() string {
		return pick("..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..;", "..;x=1", "..%3b", "..%20", "%c0%ae%c0%ae")
	}
	letter := func(c byte) string {
		switch random.IntN(24) {
		case 0:
			return fmt.Sprintf("%%%02x", c)
		case 1:
			return fmt.Sprintf("%%25%02x", c)
		case 2:
			return strings.ToUpper(string(c))
		case 3:
			return fmt.Sprintf("%%c1%%%02x", 0x80|c&0x3f)
		case 4:
			return string(c) + pick("%ff", "%09", "%0a", "%c2%ad")
		}
		return string(c)
	}
	var b strings.Builder
	b.WriteString(pick("/", "/", "/", "//", `/\`, "//x.test/", "/%2f", "/./"))
	for range random.IntN(3) {
		b.WriteString(pick("public", "a", "a%20b", "x;y", ".", "caf%C3%A9", "%25", "admin") + slash() + up() + slash())
	}
	for i := range len("admin") {
		b.WriteString(letter("admin"[i]))
	}
	b.WriteString(pick("", "", "", ".", "%20", "%2e", ";x", "%3bx", "%3Fx", "%23x", "#", "/", "//", "%2f", "%5c", `\`))
	b.WriteString(pick("", "", "users", "/users", "/..", "/.", "/%2e%2e/public"))
	return b.String()
}

// FuzzDecide: no path makes it fall over or work without end, and none that a server takes for /admin
// passes.
func FuzzDecide(f *testing.F) {
	for _, s := range []string{"/admin", "/public/..;/admin", "/%2561dmin", "/%c0%aeadmin", strings.Repeat("/..%252f;", 50)} {
		f.Add(s)
	}
	app, all := guarded(), servers()
	f.Fuzz(func(t *testing.T, raw string) {
		d := app.Decide(&gate.Question{Method: "GET", Path: raw})
		if d.Verdict == gate.Pass {
			if served := servedBy(all, raw); len(served) > 0 {
				t.Errorf("%q passes and is /admin to %q", raw, served)
			}
		}
		if d.Verdict != gate.Pass && d.Verdict != gate.SignIn && d.Verdict != gate.Unreadable || d.Why == "" {
			t.Errorf("%q: %+v", raw, d)
		}
	})
}

// TestR11Bounded: the work on one path has an end, whatever is in it.
func TestR11Bounded(t *testing.T) {
	t.Parallel()
	app := guarded()
	for _, path := range []string{
		"/%" + strings.Repeat("25", 5000) + "61", "/" + strings.Repeat("a;b/../%2f..%5c/", 2000), "/" + strings.Repeat("../", 30000) + "x%2e",
		strings.Repeat("/", 60000), strings.Repeat("/a%2e;%2f..%5c", 12) + "//x%20.%252f;%253f%c0%ae",
	} {
		if d := app.Decide(&gate.Question{Method: "GET", Path: path}); d.Verdict != gate.Unreadable || !strings.Contains(d.Why, "more ways") {
			t.Errorf("%.40q…: %+v", path, d)
		}
	}
	if d := app.Decide(&gate.Question{Method: "GET", Path: "/" + strings.Repeat("x", 100_000)}); d.Verdict != gate.Pass {
		t.Errorf("a long path: %+v", d)
	}
	long := "/" + strings.Repeat("caf%C3%A9/", 1000)
	if d := app.Decide(&gate.Question{Method: "GET", Path: long}); d.Verdict != gate.Pass {
		t.Errorf("a long path with escapes: %+v", d)
	}
}
