package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session/flask"
)

// The last step: the Flask application is switched off, and sessions go on in our own cookie and
// store. Nobody is signed out, the shared cookie goes from the browser, and what was ended before
// stays ended.
func TestFlaskSwitchedOff(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), sitetest.NewClock()
	at := func(p *server.Parts) { p.Now = clock.Now }
	f := newFlaskApp(t, sitetest.Open(t, dir, besideFlask(true), at))
	f.Clock = clock
	ada := f.Developer("Ada", account.Member)
	people := map[string]*sitetest.Visitor{
		"signed in here": f.SignedIn(ada), "signed in there": f.with(f.born(ada.ID, `"n":1`)), "never seen": f.with(f.born(ada.ID, `"n":2`)),
		"odd keys":  f.with(f.born(ada.ID, `"":1,"\ud800":2,"`+strings.Repeat("k", 500)+`":3,"$set":4,"a.b":5,"_flash.x":6`)),
		"permanent": f.with(f.born(ada.ID, `"_permanent":true,"n":3`)),
	}
	for name, v := range people {
		if name != "never seen" {
			arrives(t, name+" before", v, "/")
		}
	}
	out := f.SignedIn(ada)
	outCopy := out.Clone()
	if a := out.Post("/auth/logout", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d", a.Status)
	}
	stranger := f.with(f.sign(`{"_flashes":[{" t":["message","Until soon"]}]}`))

	off := sitetest.Open(t, dir, besideFlask(false), at)
	arrives(t, "signed out before", outCopy.At(off.Handler), "/login")
	if _, a := home(t, stranger.At(off.Handler)); !strings.Contains(a.Body, "Until soon") {
		t.Error("a stranger's message is lost")
	}
	for name, old := range people {
		t.Run(name, func(t *testing.T) {
			clock.Turn(2 * time.Minute)
			v := old.At(off.Handler)
			shared := v.Cookies["session"]
			arrives(t, "the first page", v, "/")
			ours := v.Cookies["__Host-session"]
			if ours == "" || v.Cookies["session"] != "" {
				t.Fatalf("the browser has %v", v.Cookies)
			}
			arrives(t, "the next page", v, "/")
			again := old.At(off.Handler)
			arrives(t, "another tab with the shared cookie", again, "/")
			if n := sessions(t, off, ada.ID); n > len(people) {
				t.Errorf("%d sessions of %d people", n, len(people))
			}
			if a := v.Post("/auth/logout", nil); a.Status != http.StatusSeeOther {
				t.Fatalf("signing out: %d", a.Status)
			}
			arrives(t, "signed out", v, "/login")
			arrives(t, "the shared cookie", f.with(shared).At(off.Handler), "/login")
			copied := off.Visitor()
			copied.Cookies["__Host-session"] = ours
			arrives(t, "a copy of ours", copied, "/login")
			arrives(t, "the other tab", again, "/login")
		})
	}
}

// Ends of after the last step reach copies of the shared cookie, seen or not.
func TestEndsAfterFlaskIsOff(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), sitetest.NewClock()
	at := func(p *server.Parts) { p.Now = clock.Now }
	f := newFlaskApp(t, sitetest.Open(t, dir, besideFlask(true), at))
	f.Clock = clock
	ada := f.Developer("Ada", account.Member)
	seen, unseen := f.with(f.born(ada.ID, `"n":1`)), f.with(f.born(ada.ID, `"n":2`))
	arrives(t, "before", seen, "/")
	off := sitetest.Open(t, dir, besideFlask(false), at)
	clock.Turn(time.Minute)
	if _, err := off.Sessions.EndAll(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	clock.Turn(time.Second)
	for name, v := range map[string]*sitetest.Visitor{"seen": seen, "never seen": unseen} {
		arrives(t, name, v.At(off.Handler), "/login")
		arrives(t, name+", at a node that still shares", v, "/login")
	}
	key := f.born(ada.ID, `"n":3`)
	clock.Turn(32 * 24 * time.Hour)
	arrives(t, "too old", f.with(key).At(off.Handler), "/login")
}

// A password that is set on the command line ends what the site shares with Flask, without being
// told so, also while the command knows none of the site's keys.
func TestCommandEndsBesideFlask(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := newFlaskApp(t, sitetest.Open(t, dir, besideFlask(true)))
	ada := f.Developer("Ada", account.Member)
	here, there, unseen := f.SignedIn(ada), f.with(f.born(ada.ID, `"n":1`)), f.with(f.born(ada.ID, `"n":2`))
	var copies []string
	for day := range 30 {
		copies = append(copies, f.born(ada.ID, fmt.Sprintf(`"day":%d`, day)))
	}
	arrives(t, "before", there, "/")
	f.Clock.Turn(time.Second) // it stands, and the command's does not
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), cli.Env{
		Args:  []string{"user", "password", ada.Email, "--password-stdin", "--data", dir},
		Stdin: strings.NewReader(nextPassword + "\n"), Stdout: &out, Stderr: &errs,
	})
	if code != 0 {
		t.Fatalf("%d: %s%s", code, &out, &errs)
	}
	f.Clock.Turn(time.Hour)
	arrives(t, "signed in here", here, "/login")
	arrives(t, "signed in there", there, "/login")
	arrives(t, "never seen", unseen, "/login")
	for day := range 30 { // a copy for each, which nobody has seen before
		f.Clock.Turn(24*time.Hour - 5*time.Minute)
		if _, err := f.Sessions.Sweep(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		arrives(t, fmt.Sprint("never seen, day ", day), f.with(copies[day]), "/login")
	}
	if a := f.Visitor().SignIn(ada.Email, nextPassword); a.Status != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.Status)
	}
}

// The program says what it misses before it opens anything.
func TestFlaskSettingsOfServe(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"no key":                      {[]string{"serve", "--sessions=flask"}, nil, "DOORBOOK_FLASK_SECRET_KEY is missing"},
		"no key, by the environment":  {[]string{"serve"}, map[string]string{"DOORBOOK_SESSIONS": "flask"}, "DOORBOOK_FLASK_SECRET_KEY is missing"},
		"an empty key":                {[]string{"serve", "--sessions=flask"}, map[string]string{"DOORBOOK_FLASK_SECRET_KEY": ""}, "empty"},
		"a weak key":                  {[]string{"serve", "--sessions=flask"}, map[string]string{"DOORBOOK_FLASK_SECRET_KEY": "weak-as-water"}, "can be guessed"},
		"a known key":                 {[]string{"serve", "--sessions=flask"}, map[string]string{"DOORBOOK_FLASK_SECRET_KEY": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"}, "printed"},
		"a weak key that is not used": {[]string{"serve"}, map[string]string{"DOORBOOK_FLASK_SECRET_KEY": "weak-as-water"}, "can be guessed"},
		"no such home":                {[]string{"serve", "--sessions=redis"}, nil, "none of store, flask"},
		"a cookie that cannot be": {[]string{"serve", "--sessions=flask", "--addr=localhost:0"}, map[string]string{
			"DOORBOOK_FLASK_SECRET_KEY": flaskKey, "DOORBOOK_FLASK_COOKIE": "a b",
		}, "cookie"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/data"
			var out, errs bytes.Buffer
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var environ []string
			for name, value := range c.env {
				environ = append(environ, name+"="+value)
			}
			code := cli.Run(ctx, cli.Env{
				Args: append(c.args, "--data", dir), Environ: environ,
				Stdin: strings.NewReader(""), Stderr: &errs,
				Stdout: io.MultiWriter(&out, onWrite(cancel)), // a server that starts ends, and is a failure
			})
			if code == 0 || !strings.Contains(errs.String(), c.says) {
				t.Errorf("%d: %s", code, &errs)
			}
			if key := c.env["DOORBOOK_FLASK_SECRET_KEY"]; key != "" && strings.Contains(errs.String()+out.String(), key) {
				t.Errorf("the key is repeated: %s", &errs)
			}
		})
	}
}

// A running server shares the cookie as its settings say, under the name that they give.
func TestRunBesideFlask(t *testing.T) {
	c := settings(t.TempDir())
	c.Sessions, c.FlaskCookie = "flask", "app"
	c.Secrets.Flask.Key = []byte(flaskKey)
	c.Secrets.Flask.Fallbacks = [][]byte{[]byte("the key of the year before, 012345")}
	r := run(t, c)
	for _, key := range []string{flaskKey, "the key of the year before, 012345"} {
		signer, err := flask.NewSigner(flask.Keys{Secret: []byte(key)})
		if err != nil {
			t.Fatal(err)
		}
		q, err := http.NewRequestWithContext(t.Context(), "GET", r.URL+"/login", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Cookie", "app="+signer.Sign([]byte(`{"_flashes":[{" t":["message","Hello from there"]}]}`), time.Now().Add(-time.Second)))
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		_, _ = page.ReadFrom(a.Body)
		_ = a.Body.Close()
		if !strings.Contains(page.String(), "Hello from there") {
			t.Errorf("%d\n%s", a.StatusCode, &page)
		}
		if !strings.Contains(fmt.Sprint(a.Header["Set-Cookie"]), "app=;") {
			t.Errorf("cookies %v", a.Header["Set-Cookie"])
		}
	}
	if strings.Contains(r.Out.String()+r.Log.String(), flaskKey) {
		t.Error("the key is told")
	}
}
