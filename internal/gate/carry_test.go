package gate_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
)

// TestR8Identity: the application is told who asks in every request, in ASCII.
func TestR8Identity(t *testing.T) {
	t.Parallel()
	app := echo(t)
	tests := map[string]struct {
		change func(*rig)
		want   map[string][]string
	}{
		"signed in": {func(*rig) {}, map[string][]string{
			"Remote-User": {ada.ID}, "Remote-Email": {"ada@example.org"},
			"Remote-Name": {"Ada%20Lovelace%2C%20Gr%C3%A4fin"}, "Remote-Groups": {"ops,k%C3%B6che"},
			"X-Request-Id": {"OURS"}, "X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"},
			"X-Forwarded-Host": {"app.example.org"}, "Host": {"app.example.org"},
		}},
		"a stranger": {func(g *rig) { g.carry.Developer = account.Developer{} }, map[string][]string{
			"Remote-User": {""}, "Remote-Email": {""}, "Remote-Name": {""}, "Remote-Groups": {""},
		}},
		"by e-mail, under other names": {func(g *rig) {
			g.carry.Identity = &gate.Identity{User: gate.ByEmail, Names: gate.Names{User: "X-Webauth-User", Groups: "X-Teams"}}
		}, map[string][]string{
			"X-Webauth-User": {"ada@example.org"}, "X-Teams": {"ops,k%C3%B6che"},
			"Remote-User": nil, "Remote-Email": nil, "Remote-Name": nil,
		}},
		"by short name, with its own host": {func(g *rig) {
			g.carry.Identity.User, g.carry.App.KeepHost = gate.ByShortName, false
		}, map[string][]string{
			"Remote-User": {"ada"}, "Host": {strings.TrimPrefix(app, "http://")}, "X-Forwarded-Host": {"app.example.org"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := seen(t, newRig(t, app, test.change).get())
			for key, want := range test.want {
				if got := lines(request, key); !cmp.Equal(got, want) {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
		})
	}
}

// TestR9Spoofing: nothing of what a visitor says reaches the application under a name that it
// believes, in whatever spelling, and nothing they say takes ours away.
func TestR9Spoofing(t *testing.T) {
	t.Parallel()
	g := newRig(t, echo(t))
	var sent []string
	for _, name := range []string{
		"Remote-User", "remote-user", "Remote_User", "REMOTE_USER", "Remote.User", "Remote!User", "Remote-Email", "Remote_Email",
		"Remote-Name", "Remote_Groups", "Remote-Groups", "X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Proto", "X-Forwarded_Host",
		"X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-User", "Forwarded", "X-Real-IP", "X_Real_IP", "X-Original-URL",
		"X-Rewrite-URL", "X-Original-Method", "Proxy", "X-Request-Id", "X_Request_Id", "True-Client-IP", "Client-IP", "HTTP2-Settings",
	} {
		sent = append(sent, name+": EVIL", name+":EVIL2  ")
	}
	answers := map[string]string{
		"alone": g.get(sent...),
		"named in Connection": g.get(append(sent,
			"Connection: Remote-User, Remote_User, X-Forwarded-For, X-Request-Id, Remote-Groups", "Connection: Remote-Email, Remote-Name, X-Forwarded-Proto")...),
	}
	for name, answer := range answers {
		request := seen(t, answer)
		if strings.Contains(request, "EVIL") {
			t.Errorf("%s: the application sees what the visitor said:\n%s", name, request)
		}
		for key, want := range map[string]string{
			"Remote-User": ada.ID, "Remote-Email": ada.Email, "Remote-Groups": "ops,k%C3%B6che", "X-Forwarded-For": "192.0.2.7",
			"X-Forwarded-Proto": "https", "X-Request-Id": "OURS",
		} {
			if got := lines(request, key); !cmp.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
	}
	others := []string{"X-Remote-User", "x_webauth_user", "X-Auth-Request-Email", "X-Authenticated-User", "X-authentik-username", "X-Forwarded-User"}
	for _, name := range others { // of other programs in our place
		if request := seen(t, newRig(t, echo(t)).get(name+": EVIL")); strings.Contains(request, "EVIL") {
			t.Errorf("%s: the application sees:\n%s", name, request)
		}
	}
	custom := newRig(t, echo(t), func(g *rig) { g.carry.Identity = &gate.Identity{Names: gate.Names{User: "X-Webauth-User"}} })
	if request := seen(t, custom.get("X_WebAuth_User: EVIL", "Remote-User: EVIL", "Remote_Groups: EVIL")); strings.Contains(request, "EVIL") {
		t.Errorf("with a name of its own the application sees:\n%s", request)
	}
}

// TestR9Cookies: our cookies are cut out, and no other byte.
func TestR9Cookies(t *testing.T) {
	t.Parallel()
	g := newRig(t, echo(t))
	for sent, want := range map[string][]string{
		"Cookie: a=1; b=2": {"a=1; b=2"},
		"Cookie: a=1;  __Host-doorbook=SECRET; b= 2 ;c":                          {"a=1; b= 2 ;c"},
		"Cookie: __Host-doorbook=SECRET; b=2":                                    {"b=2"},
		"Cookie: a=1; doorbook=SECRET":                                           {"a=1"},
		"Cookie: doorbook=SECRET":                                                nil,
		"Cookie: doorbook =SECRET;\tdoorbook\t=SECRET":                           nil,
		"Cookie: session=flask; doorbook=SECRET; __Host-doorbook-form=SECRET":    {"session=flask"},
		"Cookie: a=1; doorbook=SECRET\r\nCookie: c=3\r\nCookie: doorbook=SECRET": {"a=1", "c=3"},
		`Cookie: a="x; doorbook=SECRET; y"; c=3`:                                 {`a="x; y"; c=3`},
		"Cookie: doorbooks=1; xdoorbook=2; a==3;;":                               {"doorbooks=1; xdoorbook=2; a==3;;"},
	} {
		request := seen(t, g.get(sent))
		if got := lines(request, "Cookie"); !cmp.Equal(got, want) {
			t.Errorf("%q: the application sees %q, want %q", sent, got, want)
		}
		if strings.Contains(request, "SECRET") {
			t.Errorf("%q: the application sees our cookie", sent)
		}
	}
}

// TestR9Authorization: a token of ours is not shown, another header is.
func TestR9Authorization(t *testing.T) {
	t.Parallel()
	for _, took := range []bool{false, true} {
		g := newRig(t, echo(t), func(g *rig) { g.carry.TookAuthorization = took })
		got := lines(seen(t, g.get("Authorization: Bearer x")), "Authorization")
		if (len(got) == 0) != took {
			t.Errorf("token of ours: %t; the application sees %q", took, got)
		}
	}
}

// TestR9Answers: what an application says in our name does not reach the browser; all else does, as
// it is.
func TestR9Answers(t *testing.T) {
	t.Parallel()
	app := says(t, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n"+
		"Remote-User: EVIL\r\nRemote_Groups: EVIL\r\nX-Request-Id: EVIL\r\nx_request_id: EVIL\r\nAlt-Svc: h3=\":3000\"; EVIL\r\n"+
		"Set-Cookie: a=1; Path=/\r\nSet-Cookie: doorbook=EVIL\r\nSet-Cookie: __Host-doorbook=EVIL; Secure; Path=/\r\n"+
		"Set-Cookie:  __HOST-Doorbook =EVIL\r\nSet-Cookie: =doorbook=EVIL\r\nSet-Cookie: = = __Host-doorbook=EVIL\r\nSet-Cookie: doorbook\r\n"+
		"Set-Cookie: __Secure-doorbook=EVIL\r\nSet-Cookie: door\tbook=EVIL\r\nSet-Cookie: __Host-Http-doorbook=EVIL\r\nSet-Cookie: session=flask\r\n"+
		"Strict-Transport-Security: max-age=1\r\nContent-Security-Policy: default-src *\r\nServer: theirs\r\nX-Custom: 1\r\nX-Custom: 2\r\n\r\nok")
	answer := newRig(t, app).get()
	if strings.Contains(answer, "EVIL") {
		t.Errorf("the browser sees:\n%s", answer)
	}
	for key, want := range map[string][]string{
		"X-Request-Id": {"OURS"}, "Set-Cookie": {"a=1; Path=/", "session=flask"}, "Strict-Transport-Security": {"max-age=1"},
		"Content-Security-Policy": {"default-src *"}, "Server": {"theirs"}, "X-Custom": {"1", "2"}, "X-Frame-Options": nil, "Content-Type": nil,
	} {
		if got := lines(answer, key); !cmp.Equal(got, want) {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// TestR11Target: the application is asked for what was judged.
func TestR11Target(t *testing.T) {
	t.Parallel()
	var judged string
	g := newRig(t, echo(t), func(g *rig) {
		g.edge = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				judged = gate.SentPath(r)
				next.ServeHTTP(w, r)
			})
		}
	})
	for target, want := range map[string]struct{ path, sent string }{
		"/":                                   {"/", "/"},
		"/a/b?c=d&e":                          {"/a/b", "/a/b?c=d&e"},
		"/a%2Fb":                              {"/a%2Fb", "/a%2Fb"},
		"/a%2fb{":                             {"/a%2fb{", "/a%2fb%7B"},
		"/a%2Fb\xff|\"":                       {"/a%2Fb\xff|\"", "/a%2Fb%FF%7C%22"},
		"/%61;x=1/../b//c":                    {"/%61;x=1/../b//c", "/%61;x=1/../b//c"},
		"//evil.example/x":                    {"//evil.example/x", "//evil.example/x"},
		"//evil.example/%2F{":                 {"//evil.example/%2F{", "//evil.example/%2F%7B"},
		"/a#b":                                {"/a#b", "/a%23b"},
		"/a\\..\\b":                           {"/a\\..\\b", "/a%5C..%5Cb"},
		"/q?a;b=%zz&x=%":                      {"/q", "/q?a;b=%zz&x=%"},
		"/q?":                                 {"/q", "/q?"},
		"http://other.example/a%2Fb{?x":       {"/a%2Fb{", "/a%2Fb%7B?x"},
		"http://other.example?x":              {"/", "/?x"},
		"http://user:pass@other.example/a%20": {"/a%20", "/a%20"},
	} {
		answer := g.raw("GET " + target + " HTTP/1.1\r\nHost: app.example.org\r\nConnection: close\r\n\r\n")
		line, _, _ := strings.Cut(seen(t, answer), "\r\n")
		if got := strings.TrimSuffix(strings.TrimPrefix(line, "GET "), " HTTP/1.1"); got != want.sent || judged != want.path {
			t.Errorf("%q: judged %q, carried %q; want %q, %q", target, judged, got, want.path, want.sent)
		}
	}
}

// TestR13Methods: what has no path, and what would show the application's view of a request, is not
// carried.
func TestR13Methods(t *testing.T) {
	t.Parallel()
	g := newRig(t, echo(t))
	for request, want := range map[string]string{
		"TRACE / HTTP/1.1":                    "405",
		"CONNECT app.example.org:80 HTTP/1.1": "405",
		"OPTIONS * HTTP/1.1":                  "400",
		"OPTIONS / HTTP/1.1":                  "200",
		"PROPFIND /dav HTTP/1.1":              "200",
	} {
		if strings.HasPrefix(request, "OPTIONS *") {
			g.front.Config.DisableGeneralOptionsHandler = true
		}
		if got := status(g.raw(request + "\r\nHost: app.example.org\r\nConnection: close\r\n\r\n")); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}

// TestCaching: what a rule gave to somebody is for them.
func TestCaching(t *testing.T) {
	t.Parallel()
	tests := []struct {
		said        string
		shared      bool
		cache, vary []string
		surrogate   bool
	}{
		{"", false, []string{"private"}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: public, max-age=60, immutable", false, []string{"private, max-age=60, immutable"}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: max-age=60, s-maxage=9\r\nCache-Control: Public", false, []string{"private, max-age=60"}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: no-store", false, []string{"no-store"}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: private=\"Set-Cookie, X\", max-age=1", false, []string{"private, max-age=1"}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: no-cache=\"a, public, b\"", false, []string{"private, no-cache=\"a, public, b\""}, []string{"Cookie, Authorization"}, false},
		{"Cache-Control: PRIVATE, max-age=1\r\nVary: accept\r\nVary: cookie", false, []string{"PRIVATE, max-age=1"}, []string{"accept, cookie, Authorization"}, false},
		{"Vary: *\r\nCDN-Cache-Control: max-age=9\r\nSurrogate-Control: x\r\nX-Accel-Expires: 9\r\nCloudflare-CDN-Cache-Control: x", false, []string{"private"}, []string{"*"}, false},
		{"Cache-Control: public, s-maxage=9\r\nSurrogate-Control: x", true, []string{"public, s-maxage=9"}, nil, true},
	}
	for _, test := range tests {
		said := test.said
		if said != "" {
			said += "\r\n"
		}
		g := newRig(t, says(t, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n"+said+"\r\n"), func(g *rig) { g.carry.Shared = test.shared })
		answer := g.get()
		if got := lines(answer, "Cache-Control"); !cmp.Equal(got, test.cache) {
			t.Errorf("%q: Cache-Control %q, want %q", test.said, got, test.cache)
		}
		if got := lines(answer, "Vary"); !cmp.Equal(got, test.vary) {
			t.Errorf("%q: Vary %q, want %q", test.said, got, test.vary)
		}
		overriding := len(lines(answer, "Surrogate-Control")) + len(lines(answer, "X-Accel-Expires")) +
			len(lines(answer, "Cdn-Cache-Control")) + len(lines(answer, "Cloudflare-Cdn-Cache-Control"))
		if (overriding > 0) != test.surrogate {
			t.Errorf("%q: %d headers that override Cache-Control", test.said, overriding)
		}
	}
}

// FuzzR9 sends whatever bytes as lines of a header. What reaches the application is never a name or
// a value that we answer for.
func FuzzR9(f *testing.F) {
	for _, seed := range []string{
		"Remote-User: EVIL", "Remote_User : EVIL", "Cookie: a=b; doorbook=EVIL", "Connection: Remote-User\r\nRemote-User:\r\n EVIL",
		"X-Forwarded_For: EVIL", "Cookie: =doorbook=EVIL;doorbook=EVIL", "Upgrade: h2c\r\nConnection: upgrade, HTTP2-Settings",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("\r\n\r\n")) || bytes.Contains(text, []byte("\n\n")) || len(text) > 4096 {
			t.Skip("not one header")
		}
		g := newRig(t, echo(t))
		answer := g.raw(fmt.Sprintf("GET / HTTP/1.1\r\nHost: app.example.org\r\nConnection: close\r\n%s\r\n\r\n", text))
		if status(answer) != "200" {
			return
		}
		for _, line := range header(seen(t, answer)) {
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch folded := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name)); {
			case folded == "remote-user" && value != ada.ID, folded == "x-forwarded-for" && value != "192.0.2.7":
				t.Fatalf("the application sees %q", line)
			case folded == "cookie":
				for part := range strings.SplitSeq(value, ";") {
					if name, _, _ := strings.Cut(part, "="); ours(strings.TrimSpace(name)) {
						t.Fatalf("the application sees %q", line)
					}
				}
			}
		}
	})
}
