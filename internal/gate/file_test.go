package gate_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/gate"
)

const home = "https://door.example.org/.doorbook"

func read(t *testing.T, file string) *gate.Gate {
	t.Helper()
	g, err := gate.New(nil, []byte(file), "gate.toml", home)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestFile: everything that a file can say.
func TestFile(t *testing.T) {
	t.Parallel()
	g := read(t, "\ufeff"+`contact = " it@example.org "
signed_out = "https://www.example.org/bye"

[identity]
user = "short_name"
[identity.headers]
user = "x-webauth-user"
groups = ""

[[app]]
name = "Wiki"
host = "Wiki.Example.org."
to = "http://10.0.0.5:8000/"
keep_host = true
sign_out = "/public/logout?all=1"
allow = "signed-in"

[[app.rule]]
path = "/public/"
allow = "anyone"
from = ["10.0.0.0/8", "::ffff:192.0.2.7"]

[[app.rule]]
path = ["/admin", "/bücher"]
method = ["GET", "post"]
groups = ["OPS", "dev"]
people = ["Ada@example.org"]
recent = "15m"
keep = ["q"]

[[app.rule]]
path = "/git"
groups = "dev"
tokens = "only"
basic = true
preflight = true

[[app]]
host = "https://git.example.org"
to = "unix:/run/git.sock"
rule = [{path = "/", allow = "signed-in"}]

[[app]]
host = "bücher.example"
groups = ["readers"]
`)
	want := &gate.Gate{
		Contact: "it@example.org", SignedOut: "https://www.example.org/bye",
		Identity: gate.Identity{User: gate.ByShortName, Names: gate.Names{User: "X-Webauth-User", Email: "Remote-Email", Name: "Remote-Name"}},
		Apps: []gate.App{
			{
				Name: "Wiki", Host: "wiki.example.org", Origin: "https://wiki.example.org", KeepHost: true, SignOut: "/public/logout?all=1", Line: 10,
				Rules: []gate.Rule{
					{Paths: []string{"/public"}, Who: gate.Anyone, From: prefixes("10.0.0.0/8", "192.0.2.7/32"), Line: 18},
					{
						Paths: []string{"/admin", "/bücher"}, Methods: []string{"GET", "POST"}, Who: gate.Some, Groups: []string{"ops", "dev"},
						People: []string{"ada@example.org"}, Recent: 15 * time.Minute, Keep: []string{"q"}, Line: 23,
					},
					{Paths: []string{"/git"}, Who: gate.Some, Groups: []string{"dev"}, Tokens: gate.TokensOnly, Basic: true, Preflight: true, Line: 31},
					{Who: gate.SignedIn, Line: 16},
				},
			},
			{
				Name: "git.example.org", Host: "git.example.org", Origin: "https://git.example.org", KeepHost: true, Line: 38,
				Rules: []gate.Rule{{Paths: []string{"/"}, Who: gate.SignedIn, Line: 41}},
			},
			{
				Name: "xn--bcher-kva.example", Host: "xn--bcher-kva.example", Origin: "https://xn--bcher-kva.example", Line: 43,
				Rules: []gate.Rule{{Who: gate.Some, Groups: []string{"readers"}, Line: 45}},
			},
		},
	}
	upstreams := []string{"http://10.0.0.5:8000", "unix:/run/git.sock", ""}
	for i := range g.Apps {
		to := ""
		if g.Apps[i].Upstream != nil {
			to = g.Apps[i].Upstream.String()
		}
		if to != upstreams[i] {
			t.Errorf("%s is at %q", g.Apps[i].Name, to)
		}
		g.Apps[i].Upstream = nil
	}
	if diff := cmp.Diff(want, g, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func prefixes(list ...string) (of []netip.Prefix) {
	for _, s := range list {
		of = append(of, netip.MustParsePrefix(s))
	}
	return of
}

// rule is a file of one application with one rule of these lines.
func rule(lines string) string {
	return "[[app]]\nhost = \"a.test\"\n[[app.rule]]\n" + lines
}

// TestFileRefused: what is wrong in a file is told with its line and its word.
func TestFileRefused(t *testing.T) {
	t.Parallel()
	app := "[[app]]\nhost = \"a.test\"\nallow = \"signed-in\"\n"
	for file, want := range map[string]string{
		"":                             "gate.toml: it names no application",
		"[[app]":                       "gate.toml:1:",
		"x = ":                         "gate.toml:1:",
		"a = 1\na = 2":                 "gate.toml:2:",
		app + "[[app.rule]]\ngrups=1":  "gate.toml:5: grups: that word means nothing here; there are path, method, allow, groups",
		app + "Name = \"x\"":           "gate.toml:4: Name: that word",
		"cantact = \"x\"\n" + app:      "gate.toml:1: cantact: that word",
		"app = 5":                      "gate.toml:1: app: it is no table of its own, which begins with a line [[app]]",
		"[app]\nhost = \"x\"":          "gate.toml:1: app: it is no table of its own, which begins with a line [[app]]",
		app + "[app.rule]\npath=\"/\"": "gate.toml:4: rule: it is no table of its own, which begins with a line [[app.rule]]",
		"[[identity]]\n" + app:         "gate.toml:1: identity: it is no table of its own, which begins with a line [identity]",

		app + "name = 5":                                               "gate.toml:4: name: it is no text in quotation marks",
		app + "name = \"a\\nb\"":                                       "gate.toml:4: name: ",
		app + "keep_host = \"yes\"":                                    "gate.toml:4: keep_host: it is neither true nor false",
		app + "to = \"http://x:1/path\"":                               "gate.toml:4: to: \"http://x:1/path\" is no address of an application",
		app + "to = \"http://u:geheim@x:1\"":                           "gate.toml:4: to: \"http://…@x:1\" is no address",
		app + "to = \"x:1\"":                                           "gate.toml:4: to: ",
		app + "to = \"http://x:1?a\"":                                  "gate.toml:4: to: ",
		app + "to = \"unix:run/x\"":                                    "gate.toml:4: to: \"unix:run/x\" is no socket",
		app + "sign_out = \"/logout?a\"":                               "gate.toml:4: sign_out: no rule lets anyone pass to /logout?a",
		app + "sign_out = \"//evil.test\"":                             "gate.toml:4: sign_out: \"//evil.test\" is no path of the application",
		app + "sign_out = \"/\\\\evil.test\"":                          "gate.toml:4: sign_out: ",
		"signed_out = \"/x\"\n" + app:                                  "gate.toml:1: signed_out: \"/x\" is no whole address",
		"signed_out = \"https://a:b@x/\"\n" + app:                      "gate.toml:1: signed_out: \"https://…@x/\"",
		"contact = \"a\\u202eb\"\n" + app:                              "gate.toml:1: contact: it is longer",
		"[[app]]\nhost = \"a b\"":                                      "gate.toml:2: host: \"a b\" is no name of a host",
		"[[app]]\nhost = \"a.test:3000\"":                              "gate.toml:2: host: \"a.test:3000\" has a port",
		"[[app]]\nhost = \"https://a.test/x\"":                         "gate.toml:2: host: \"https://a.test/x\" is no address of a host: there is a path in it",
		"[[app]]\nhost = \"http://a.test\"\nallow=\"anyone\"":          "gate.toml:1: app: people reach this site by https://",
		"[[app]]\nhost = \"https://door.example.org:1\"\ngroups=\"a\"": "gate.toml:1: app: door.example.org is the host of the public URL",
		"[[app]]\nallow = \"signed-in\"":                               "gate.toml:1: it says neither the host",
		"[[app]]\nhost = \"a.test\"":                                   "gate.toml:1: nothing says who may use it",
		app + app:                                                      "gate.toml:4: app: \"a.test\" is the host of another application already",
		app + "[[app]]\nto = \"http://x\"\nallow = \"signed-in\"":      "gate.toml:4: app: \"x\" has no host, so it stands alone",
		app + "name = \"W\"\n" + strings.Replace(app, "a.test", "b.test", 1) + "name = \"W\"": "gate.toml:5: app: another application is called \"W\" already",

		"[[app]]\nhost = \"a.test\"\nrule = []": "gate.toml:1: nothing says who may use it",

		rule("path = \"/a\""):                                                                       "gate.toml:3: it does not say who may",
		rule("allow = \"everyone\""):                                                                "gate.toml:4: allow: \"everyone\" is none of anyone, signed-in, nobody",
		rule("allow = \"\""):                                                                        "gate.toml:4: allow: \"\" is none of",
		rule("allow = true"):                                                                        "gate.toml:4: allow: it is no text",
		rule("allow = \"anyone\"\ngroups = [\"a\"]"):                                                "gate.toml:4: allow: groups and people say already",
		rule("groups = []"):                                                                         "gate.toml:4: groups: the list is empty",
		rule("groups = [\"a,b\"]"):                                                                  "gate.toml:4: groups: \"a,b\" is no name of a group",
		rule("groups = [\"" + strings.Repeat("a", 41) + "\"]"):                                      "gate.toml:4: groups: ",
		rule("groups = [1]"):                                                                        "gate.toml:4: groups: it is no text",
		rule("groups = [\"\"]"):                                                                     "gate.toml:4: groups: there is an empty text",
		rule("groups = [\"a\", \"a\"]"):                                                             "gate.toml:4: groups: \"a\" is there twice",
		rule("people = [\"ada\"]"):                                                                  "gate.toml:4: people: \"ada\" is no e-mail address",
		rule("allow = \"signed-in\"\npath = \"admin\""):                                             "gate.toml:5: path: \"admin\" does not begin with a slash",
		rule("allow = \"signed-in\"\npath = \"/a?b\""):                                              "gate.toml:5: path: \"/a?b\" has a query",
		rule("allow = \"signed-in\"\npath = \"/a%20b\""):                                            "gate.toml:5: path: \"/a%20b\" has a %",
		rule("allow = \"signed-in\"\npath = \"/a/../b\""):                                           "gate.toml:5: path: \"/a/../b\" has a segment of dots",
		rule("allow = \"signed-in\"\npath = \"/a//b\""):                                             "gate.toml:5: path: \"/a//b\" has an empty segment",
		rule("allow = \"signed-in\"\npath = \"/a;b\""):                                              "gate.toml:5: path: \"/a;b\" has one of",
		rule("allow = \"signed-in\"\npath = \"/a*\""):                                               "gate.toml:5: path: \"/a*\" has a *",
		rule("allow = \"signed-in\"\npath = \"/a.\""):                                               "gate.toml:5: path: \"/a.\" can be read in several ways",
		rule("allow = \"signed-in\"\npath = \"/\\uff41\""):                                          "gate.toml:5: path: \"/ａ\" can be read in several ways",
		rule("allow = \"signed-in\"\npath = \"/a\\u200bb\""):                                        "gate.toml:5: path: \"/a\\u200bb\" has characters that cannot be seen",
		rule("allow = \"signed-in\"\nmethod = \"G T\""):                                             "gate.toml:5: method: \"G T\" is no method",
		rule("allow = \"signed-in\"\ntokens = \"yes\""):                                             "gate.toml:5: tokens: \"yes\" is none of too, no, only",
		rule("allow = \"signed-in\"\nrecent = \"15\""):                                              "gate.toml:5: recent: \"15\" is no time",
		rule("allow = \"signed-in\"\nrecent = \"0m\""):                                              "gate.toml:5: recent: \"0m\" is no time",
		rule("allow = \"signed-in\"\nrecent = \"\""):                                                "gate.toml:5: recent: \"\" is no time",
		rule("allow = \"signed-in\"\nrecent = 15"):                                                  "gate.toml:5: recent: it is no text",
		rule("allow = \"signed-in\"\nfrom = \"10.0.0.0/99\""):                                       "gate.toml:5: from: \"10.0.0.0/99\" is neither an address nor a network",
		rule("allow = \"signed-in\"\nfrom = \"10.0.0.1/8\""):                                        "gate.toml:5: from: \"10.0.0.1/8\" is no network: write 10.0.0.0/8",
		rule("allow = \"signed-in\"\nkeep = \"a=b\""):                                               "gate.toml:5: keep: \"a=b\" is no name",
		rule("allow = \"anyone\"\ntokens = \"no\""):                                                 "gate.toml:5: tokens: it says nothing where anyone may",
		rule("allow = \"anyone\"\nrecent = \"5m\""):                                                 "gate.toml:5: recent: it says nothing",
		rule("allow = \"nobody\"\nbasic = true"):                                                    "gate.toml:5: basic: it says nothing where nobody may",
		rule("allow = \"nobody\"\npreflight = true"):                                                "gate.toml:5: preflight: nobody may",
		rule("groups=\"a\"\nrecent = \"5m\"\ntokens = \"only\""):                                    "gate.toml:6: tokens: a token has not signed in",
		rule("groups=\"a\"\nrecent = \"5m\"\ntokens = \"too\""):                                     "gate.toml:6: tokens: a token has not signed in",
		rule("groups=\"a\"\nbasic = true\ntokens = \"no\""):                                         "gate.toml:5: basic: it asks for a token where no token passes",
		rule("groups=\"a\"\nbasic = true\nrecent = \"5m\""):                                         "gate.toml:5: basic: it asks for a token where no token passes",
		rule("groups=\"a\"\n[[app.rule]]\npath=\"/b\"\ngroups=\"b\""):                               "gate.toml:5: it never counts for /b: rule 1 (line 3), before it",
		rule("path=\"/a\"\ngroups=\"a\"\n[[app.rule]]\npath=[\"/b\",\"/a/b\"]\ngroups=\"b\""):       "gate.toml:6: it never counts for /a/b: rule 1",
		rule("method=\"GET\"\ngroups=\"a\"\n[[app.rule]]\nmethod=[\"HEAD\",\"GET\"]\ngroups=\"b\""): "gate.toml:6: it never counts for /: rule 1",
		rule("path=\"/a\"\ngroups=\"a\"\n[[app.rule]]\npath=\"/A\"\ngroups=\"b\""):                  "gate.toml:6: /a and /A differ in capitals alone",
		"[[app]]\nhost = \"a.test\"\nallow = \"nobody\"\n[[app.rule]]\nallow = \"signed-in\"":       "gate.toml:3: allow: it never counts for /: rule 1 (line 4)",
		"[identity]\nuser = \"name\"\n" + app:                                                       "gate.toml:2: user: \"name\" is none of id, email, short_name",
		"[identity.headers]\nuser = \"\"\n" + app:                                                   "gate.toml:2: user: this header says who asks",
		"[identity.headers]\nuser = \"a b\"\n" + app:                                                "gate.toml:2: user: \"a b\" is no name for this header",
		"[identity.headers]\nuser = \"Remote_User\"\n" + app:                                        "gate.toml:2: user: \"Remote_User\" is no name for this header",
		"[identity.headers]\nuser = \"Cookie\"\n" + app:                                             "gate.toml:2: user: \"Cookie\" means something else",
		"[identity.headers]\nuser = \"x-forwarded-for\"\n" + app:                                    "gate.toml:2: user: \"x-forwarded-for\" means something else",
		"[identity]\nheaders = {email = \"Proxy\"}\n" + app:                                         "gate.toml:2: email: \"Proxy\" means something else",
		"[identity.headers]\nuser = \"X-A\"\nname = \"x-a\"\n" + app:                                "gate.toml:3: name: \"X-A\" is the header of user already",
		"[identity.headers]\nemail = \"remote-user\"\n" + app:                                       "gate.toml:2: email: \"Remote-User\" is the header of user already",
		"[identity.headers]\nusers = \"X-A\"\n" + app:                                               "gate.toml:2: users: that word means nothing here; there are user, email, name, groups",
		strings.Repeat("x", 1<<20+1):                                                                "gate.toml: it is larger than",
	} {
		_, err := gate.New(nil, []byte(file), "gate.toml", home)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.300s\n\tgives %.500v\n\twant %s", file, err, want)
		}
	}
}

// TestFileProblemsTogether: several problems are told at once, and not without end.
func TestFileProblemsTogether(t *testing.T) {
	t.Parallel()
	_, err := gate.New([]string{"a b"}, []byte(rule("a = 1\nb = 1\nallow = 1")), "g", home)
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 4 {
		t.Errorf("%d lines:\n%v", n, err)
	}
	many := ""
	for i := range 50 {
		many += fmt.Sprintf("x%d = 1\n", i)
	}
	_, err = gate.New(nil, []byte(many), "g", home)
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 21 || lines[20] != "g: and 30 more" {
		t.Errorf("%v", err)
	}
}

// TestParseApp: what --app says.
func TestParseApp(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string][4]string{ // name, host, origin, upstream
		"http://127.0.0.1:3000":                          {"127.0.0.1:3000", "", "", "http://127.0.0.1:3000"},
		"unix:/run/a=b.sock":                             {"a=b.sock", "", "", "unix:/run/a=b.sock"},
		"wiki.example.org=http://10.0.0.5:8000":          {"wiki.example.org", "wiki.example.org", "", "http://10.0.0.5:8000"},
		"git.example.org=unix:/run/git.sock":             {"git.example.org", "git.example.org", "", "unix:/run/git.sock"},
		"Wiki.Example.org":                               {"wiki.example.org", "wiki.example.org", "", ""},
		"https://wiki.example.org:8443=https://10.0.0.5": {"wiki.example.org", "wiki.example.org", "https://wiki.example.org:8443", "https://10.0.0.5"},
		"[::1]=http://[::1]:80":                          {"::1", "::1", "", "http://[::1]"},
	} {
		a, err := gate.ParseApp(flag)
		to := ""
		if a.Upstream != nil {
			to = a.Upstream.String()
		}
		if got := [4]string{a.Name, a.Host, a.Origin, to}; err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", flag, got, err, want)
		}
		if diff := cmp.Diff(gate.Everybody(), a.Rules); diff != "" {
			t.Errorf("%q: %s", flag, diff)
		}
	}
	for _, flag := range []string{
		"", "=", "a.test=", "=http://x", "127.0.0.1:3000", "localhost:3000", "a.test=10.0.0.5:8000", "a.test=http://x/y", "http://u:p@x", "ftp://x",
		"a.test=unix:x", "*.test=http://x", "http://", "unix:", "unix:/", "unix:/a/../b", "http://x#", "http://x?",
	} {
		if a, err := gate.ParseApp(flag); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %+v, %v", flag, a, err)
		}
	}
}

// TestNew: flags beside a file, and the origins of hosts.
func TestNew(t *testing.T) {
	t.Parallel()
	file := []byte("[[app]]\nhost = \"a.test\"\nallow = \"signed-in\"\n")
	g, err := gate.New([]string{"b.test=http://x", "https://c.test:1=http://y"}, file, "gate.toml", "https://door.test:8443/x")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range g.Apps {
		got = append(got, a.Origin)
	}
	if diff := cmp.Diff([]string{"https://a.test:8443", "https://b.test:8443", "https://c.test:1"}, got); diff != "" {
		t.Error(diff)
	}
	for _, apps := range [][]string{{"a.test=http://x"}, {"http://x"}, {"http://c.test=http://x"}} {
		if _, err := gate.New(apps, file, "gate.toml", "https://door.test"); err == nil || !strings.HasPrefix(err.Error(), "--app: ") {
			t.Errorf("%v: %v", apps, err)
		}
	}
	for _, bad := range []string{"", "x", "door.test", "https://", "https://a b"} {
		if _, err := gate.New([]string{"http://x"}, nil, "", bad); err == nil {
			t.Errorf("a site at %q", bad)
		}
	}
	if g, err := gate.New(nil, nil, "", home); err != nil || len(g.Apps) != 0 || g.Identity.Names != gate.DefaultNames() {
		t.Errorf("without an application: %+v, %v", g, err)
	}
}

// FuzzFile: no file makes it fall over, and one that is taken can be decided by.
func FuzzFile(f *testing.F) {
	f.Add(rule("path = [\"/a\"]\nallow = \"anyone\""))
	f.Add("app = [{host = \"x\", allow = \"signed-in\", rule = [{path = [\"/a\"], people = \"a@b\"}]}]\n[identity.headers]\nuser = \"X\"")
	f.Add("app.a.b = 1\n[app.c]\nd = [[{e = 1}]]\n\"a\\n\" = 2")
	f.Fuzz(func(t *testing.T, file string) {
		g, err := gate.New(nil, []byte(file), "gate.toml", home)
		if err != nil {
			return
		}
		for i := range g.Apps {
			a := &g.Apps[i]
			if g.Find(a.Host) != a || len(a.Rules) == 0 {
				t.Errorf("%+v", a)
			}
			for j := range a.Rules {
				for _, p := range a.Rules[j].Paths {
					if d := a.Decide(&gate.Question{Method: "GET", Path: p}); d.Verdict == gate.Unreadable && strings.Trim(p, "/abc") == "" {
						t.Errorf("%q cannot be asked for: %v", p, d)
					}
				}
			}
		}
	})
}
