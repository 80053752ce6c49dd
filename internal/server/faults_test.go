package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// story is something that people do, in one or more requests, told while databases fail.
type story struct {
	name   string
	before func(p *play) // without faults
	do     func(p *play)
	after  func(t *testing.T, p *play) // without faults again: what must hold whatever came before
}

// play is one telling of a story, by people of its own.
type play struct {
	*sitetest.Site
	faults  *sitetest.Faults
	name    string // different in every play
	ada     account.Developer
	v       *sitetest.Visitor
	answers []*sitetest.Answer
	old     string            // the session key before
	other   *sitetest.Visitor // the same person elsewhere, in stories that have one
}

// said keeps an answer and gives it.
func (p *play) said(a *sitetest.Answer) *sitetest.Answer {
	p.answers = append(p.answers, a)
	return a
}

// last is the latest answer.
func (p *play) last() *sitetest.Answer { return p.answers[len(p.answers)-1] }

func (p *play) signedIn() {
	p.v = p.SignedIn(p.ada)
	p.old = p.v.Session()
}

// visitor is a browser that has never been here, at an address of the play's own.
func (p *play) visitor() *sitetest.Visitor {
	v := p.Visitor()
	v.Addr = "2001:db8:" + p.name + "::1"
	return v
}

// eve is the address of whoever registers in this play.
func (p *play) eve() string { return "eve." + p.name + "@example.org" }

// opens reports whether a session key opens the door.
func (p *play) opens(key string) bool {
	v := p.visitor()
	v.Cookies["__Host-session"] = key
	return v.JSON("GET", "/logs", "").Status == http.StatusOK
}

// renewed reports whether the developer's password was changed.
func (p *play) renewed(t *testing.T) bool {
	t.Helper()
	now, err := p.DB.Accounts().ByID(t.Context(), p.ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now.Epoch != p.ada.Epoch
}

const nextPassword = "quiet heron walks at noon"

func stories() []story {
	return []story{
		{
			name: "sign in",
			do: func(p *play) {
				p.said(p.v.Get("/login"))
				p.said(p.v.Post("/auth/login", url.Values{"email": {p.ada.Email}, "password": {sitetest.Password}}))
			},
			after: func(t *testing.T, p *play) {
				if in := p.last().Status == http.StatusSeeOther; in != p.opens(p.v.Session()) {
					t.Errorf("the answer was %d, and the session opens: %v", p.last().Status, !in)
				}
			},
		},
		{
			name: "wrong password",
			do: func(p *play) {
				p.said(p.v.Get("/login"))
				p.said(p.v.Post("/auth/login", url.Values{"email": {p.ada.Email}, "password": {nextPassword}}))
			},
			after: func(t *testing.T, p *play) {
				if p.last().Status == http.StatusSeeOther || p.v.Session() != "" {
					t.Errorf("a wrong password: %d", p.last().Status)
				}
			},
		},
		{name: "dashboard", before: (*play).signedIn, do: func(p *play) {
			p.Clock.Turn(10 * time.Minute) // so that the use is written down
			p.said(p.v.Get("/"))
		}},
		{name: "JSON", before: (*play).signedIn, do: func(p *play) {
			p.said(p.v.JSON("GET", "/logs", ""))
			p.said(p.v.JSON("PATCH", "/developers/"+p.ada.ID, `{"name":"Ada L."}`))
		}},
		{
			name: "sign out", before: (*play).signedIn,
			do: func(p *play) { p.said(p.v.Post("/auth/logout", nil)) },
			after: func(t *testing.T, p *play) {
				if p.last().Status == http.StatusSeeOther && p.opens(p.old) {
					t.Error("signed out, and the old key opens")
				}
				if p.last().Status != http.StatusSeeOther && p.v.Session() != p.old {
					t.Error("not signed out, and the key is gone")
				}
			},
		},
		{
			name: "sign out everywhere else",
			before: func(p *play) {
				p.signedIn()
				p.other = p.visitor()
				p.other.SignIn(p.ada.Email, sitetest.Password)
			},
			do: func(p *play) { p.said(p.v.Post("/account/sessions/end-others", nil)) },
			after: func(t *testing.T, p *play) {
				if p.last().Status == http.StatusSeeOther && p.opens(p.other.Session()) {
					t.Error("signed out elsewhere, and the other key opens")
				}
				if !p.opens(p.v.Session()) {
					t.Error("this one ended as well")
				}
			},
		},
		{
			name: "register",
			do: func(p *play) {
				p.said(p.v.Get("/register"))
				p.said(p.v.Post("/auth/register", url.Values{"name": {"Eve"}, "email": {p.eve()}, "password": {sitetest.Password}}))
			},
			after: func(t *testing.T, p *play) {
				a := p.v.SignIn(p.eve(), sitetest.Password)
				if made := a.Status == http.StatusSeeOther; p.last().Status == http.StatusSeeOther && !made {
					t.Errorf("registered, and the sign-in is %d", a.Status)
				}
			},
		},
		{
			name: "change the password", before: (*play).signedIn,
			do: func(p *play) {
				p.said(p.v.JSON("PATCH", "/developers/"+p.ada.ID, `{"password":"`+nextPassword+`","current_password":"`+sitetest.Password+`"}`))
			},
			after: func(t *testing.T, p *play) {
				before, now := p.visitor().SignIn(p.ada.Email, sitetest.Password), p.visitor().SignIn(p.ada.Email, nextPassword)
				if (before.Status == http.StatusSeeOther) == (now.Status == http.StatusSeeOther) {
					t.Errorf("the old password %d, the new one %d", before.Status, now.Status)
				}
				if p.last().Status == http.StatusOK && now.Status != http.StatusSeeOther {
					t.Error("changed, and the new password does not work")
				}
				if now.Status == http.StatusSeeOther && p.opens(p.old) {
					t.Error("changed, and the old key opens")
				}
			},
		},
	}
}

// TestFaults tells every story with every one of its calls to a database failing: alone, alone
// although it was done, and with all that follow. Whatever happens: an answer is either the story's
// own or an honest 503; nobody is let in who should not be, what was acknowledged holds, a cookie
// is not lost to an outage, no secret is told, and the program goes on afterwards.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			faults := &sitetest.Faults{}
			site := sitetest.New(t, faults.Wrap)
			plays := 0
			tell := func(t *testing.T, k, many int, kind sitetest.Kind) *play {
				t.Helper()
				site.Clock.Turn(time.Minute) // what came before is forgotten
				plays++
				p := &play{Site: site, faults: faults, name: fmt.Sprintf("%x", plays)}
				p.ada = p.Developer("Ada "+p.name, account.Member)
				p.v = p.visitor()
				if s.before != nil {
					s.before(p)
				}
				faults.Plan(k, many, kind)
				s.do(p)
				if k > 0 {
					faults.Plan(0, 0, "")
				}
				return p
			}
			whole := tell(t, 0, 0, "")
			calls := whole.faults.Calls()
			if len(calls) < 3 {
				t.Fatalf("the story makes the calls %q only", calls)
			}
			for k := range calls {
				for _, plan := range []struct {
					many int
					kind sitetest.Kind
				}{{1, sitetest.Error}, {1, sitetest.Lost}, {-1, sitetest.Hang}} {
					t.Run(fmt.Sprintf("%s %s %d", calls[k], plan.kind, plan.many), func(t *testing.T) {
						p := tell(t, k+1, plan.many, plan.kind)
						honest(t, whole, p)
						aftermath(t, s, p)
						if plan.many < 0 {
							worksAgain(t, p)
						}
					})
				}
			}
		})
	}
}

// honest: each answer is what it is without faults, or says that the site cannot, and nothing else.
// (A form that could not be had cannot be sent either.)
func honest(t *testing.T, whole, p *play) {
	t.Helper()
	for i, a := range p.answers {
		want := whole.answers[i]
		if a.Status == want.Status {
			continue
		}
		if i > 0 && a.Status == http.StatusForbidden && p.answers[0].Status == http.StatusServiceUnavailable {
			continue
		}
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("answer %d: status %d, Retry-After %q, want %d or 503\n%.200s", i, a.Status, a.Header.Get("Retry-After"), want.Status, a.Body)
		}
		json := strings.HasPrefix(want.Header.Get("Content-Type"), "application/json")
		if json != strings.HasPrefix(a.Body, `{"status":false,"error":"`) {
			t.Errorf("answer %d: the failure is told as %q: %.200s", i, a.Header.Get("Content-Type"), a.Body)
		}
		for _, name := range []string{"__Host-session", "__Host-device"} {
			// After a new password without the new key the person who has set it would be out.
			if a.Cookie(name) != nil && !(name == "__Host-session" && p.renewed(t)) {
				t.Errorf("answer %d: a failure sets %s", i, name)
			}
		}
		for _, part := range []string{"Newest entries", "client_addr", "data\":", sitetest.ErrFault.Error(), "secret-place", "sqlite"} {
			if strings.Contains(a.Body, part) {
				t.Errorf("answer %d: a failure holds %q", i, part)
			}
		}
		if a.Location() != "" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("answer %d: headers %v", i, a.Header)
		}
	}
}

// aftermath: the databases are back.
func aftermath(t *testing.T, s story, p *play) {
	t.Helper()
	if s.after != nil {
		s.after(t, p)
	}
	// An answer for somebody signed in needs a live session under it.
	if key := p.v.Session(); p.opens(key) {
		list, err := p.Sessions.List(t.Context(), p.ada.ID)
		eve, e := p.DB.Accounts().ByEmail(t.Context(), p.eve())
		if e == nil {
			more, err := p.Sessions.List(t.Context(), eve.ID)
			if err != nil {
				t.Error(err)
			}
			list = append(list, more...)
		}
		if err != nil || len(list) == 0 {
			t.Errorf("somebody is signed in without a session: %v", err)
		}
	}
	if a := p.visitor().Get("/login"); a.Status != http.StatusOK {
		t.Errorf("afterwards the sign-in page is %d", a.Status)
	}
	silent(t, p)
}

// worksAgain: the site serves as soon as what it remembers of the outage is forgotten, which is a
// second.
func worksAgain(t *testing.T, p *play) {
	t.Helper()
	p.Clock.Turn(time.Second)
	bob := p.Developer("Bob "+p.name, account.Member)
	v := p.visitor()
	if a := v.SignIn(bob.Email, sitetest.Password); a.Status != http.StatusSeeOther {
		t.Errorf("afterwards the sign-in of somebody else is %d", a.Status)
	}
	if a := v.Get("/"); a.Status != http.StatusOK || !strings.Contains(a.Body, bob.Name) {
		t.Errorf("afterwards the dashboard of somebody else is %d", a.Status)
	}
	silent(t, p)
}

// silent: nobody has heard a secret.
func silent(t *testing.T, p *play) {
	t.Helper()
	secrets := []string{sitetest.Password, nextPassword, p.v.Session(), p.old, p.v.Token, p.ada.PasswordHash}
	told := p.Log.String()
	for _, e := range p.Entries("") {
		told += e.URL + e.Body + e.Text + e.Target + e.UserName
	}
	for _, secret := range slices.DeleteFunc(secrets, func(s string) bool { return s == "" }) {
		if strings.Contains(told, secret) {
			t.Errorf("the log or the book holds %q", secret)
		}
	}
}
