package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// guarded lets everybody in whose sign-in is recent, where they want to do more than read.
func guarded(g *gate.Gate) {
	for i := range g.Apps {
		g.Apps[i].Rules = []gate.Rule{
			{Who: gate.SignedIn, Paths: []string{"/admin"}, Recent: 15 * time.Minute}, {Who: gate.SignedIn},
		}
	}
}

// confirm fills in the page to which the last way led, and goes on from there.
func confirm(t *testing.T, b *sitetest.Browser, a *sitetest.Answer, password string) *sitetest.Answer {
	t.Helper()
	last := b.Trail[len(b.Trail)-1]
	if a.Status != http.StatusOK || !strings.HasPrefix(last, home+pages+"/confirm?") {
		t.Fatalf("no page that asks for the password: %d at %s\n%.400s", a.Status, last, a.Body)
	}
	_, query, _ := strings.Cut(last, "?")
	a = b.At(home).Post(pages+"/confirm?"+query, url.Values{"current_password": {password}}, "Referer", last)
	if a.Status != http.StatusSeeOther {
		return a
	}
	return b.Follow(last, a)
}

// TestConfirm: who signed in too long ago for a page of an application is asked for the password, and
// then is there; with a wrong one they are not, and the way back is kept.
// Guard: confirm.go; door/proof.go, Confirm.
func TestConfirm(t *testing.T) {
	t.Parallel()
	s := hosts(t, guarded)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(home+"/"))
	const page = "/admin/%2Fa?q=1&b=%26"
	wantBody(t, "at first", b.Open(home+page), 200, "Notes "+page+" Ada")
	s.Clock.Turn(20 * time.Minute)
	wantBody(t, "what takes no recent one", b.Open(home+"/read"), 200, "Notes /read Ada")
	key := b.At(home).Session()
	asked := b.Open(home + page)
	trail := b.Trail
	wantBody(t, "the question", asked, 200, "<bdi>Notes</bdi> asks you to confirm that it is you")
	wrong := confirm(t, b, asked, "not the right one at all")
	wantBody(t, "a wrong one", wrong, 422, "The current password is not right.")
	wantBody(t, "a wrong one", wrong, 422, `action="`+pages+"/confirm?next="+strings.ReplaceAll(url.QueryEscape(page), "&", "&amp;")+`"`)
	wantBody(t, "still", b.Open(home+page), 200, "asks you to confirm")
	b.Trail = trail
	wantBody(t, "confirmed", confirm(t, b, asked, sitetest.Password), 200, "Notes "+page+" Ada")
	if b.At(home).Session() == key {
		t.Error("the session has the key of before")
	}
	wantBody(t, "afterwards", b.Open(home+page), 200, "Notes "+page+" Ada")
	if n := len(s.Activities(book.ActionPasswordConfirmed)); n != 1 {
		t.Errorf("%d entries of it", n)
	}
	in := s.Visitor()
	in.Origin = home
	if a := in.Get(pages + "/confirm?next=" + url.QueryEscape(page)); a.Location() != pages+"/login?next="+url.QueryEscape(page) {
		t.Errorf("a stranger is sent to %q", a.Location())
	}
	for _, door := range []string{pages + "/confirm", pages + "/confirm?next=%2Fx"} { // no circle of doors
		a := b.At(home).Post(pages+"/confirm?next="+url.QueryEscape(door), url.Values{"current_password": {sitetest.Password}})
		if a.Location() != pages+"/" {
			t.Errorf("from %s on to %q", door, a.Location())
		}
	}
	if a := b.At(home).Post(pages+"/confirm?next=//evil.example", url.Values{"current_password": {sitetest.Password}}); a.Location() != pages+"/" {
		t.Errorf("on to %q", a.Location())
	}
}

// TestConfirmAway: under the host of an application one is sent home to confirm, and comes back with
// a session that knows of it; what one has confirmed counts for the next host.
// Guard: confirm.go, confirmForm; handover.go, Web.handOver; door/proof.go, MustConfirm.
func TestConfirmAway(t *testing.T) {
	t.Parallel()
	s := hosts(t, guarded)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	b.Open(forge + "/")
	s.Clock.Turn(20 * time.Minute)
	key := b.At(wiki).Session()
	const page = "/admin/%2Fa?q=1&b=%26"
	a := b.Open(wiki + page)
	wantBody(t, "the question", a, 200, "<bdi>Wiki</bdi> asks you to confirm that it is you")
	wantBody(t, "confirmed", confirm(t, b, a, sitetest.Password), 200, "Wiki "+page+" Ada")
	if b.At(wiki).Session() == key {
		t.Error("the session under the other host is the one of before")
	}
	wantBody(t, "the next host", b.Open(forge+page), 200, "Forge "+page+" Ada")
	for _, step := range b.Trail {
		if strings.HasPrefix(step, home+pages+"/confirm") {
			t.Errorf("asked again: %q", b.Trail)
		}
	}
	// Who says that it need not be recent is asked all the same.
	s.Clock.Turn(20 * time.Minute)
	wantBody(t, "of one's own accord", b.Open(wiki+pages+"/confirm?within=999999999&next="+url.QueryEscape(page)), 200, "asks you to confirm")
	if a := b.At(wiki).Post(pages+"/confirm", url.Values{"current_password": {sitetest.Password}}); a.Status != http.StatusNotFound {
		t.Errorf("the password is taken under another host: %d", a.Status)
	}
}

// TestConfirmUnsent: who sent something is told that it did not get there, and is on the page that
// they sent it from afterwards. Guard: confirm.go, errand.
func TestConfirmUnsent(t *testing.T) {
	t.Parallel()
	s := hosts(t, guarded)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	for _, at := range []string{home, wiki} {
		last := at + "/admin/save"
		send := func() *sitetest.Answer {
			return b.Follow(last, b.At(at).Post("/admin/save", url.Values{"text": {"x"}}, "Sec-Fetch-Mode", "navigate", "Referer", at+"/form?id=1"))
		}
		if at == home {
			a := send()
			wantBody(t, "signed out", a, 200, "Sign in to go on to <bdi>Notes</bdi>")
			wantBody(t, "signed out", a, 200, "What you sent to <bdi>Notes</bdi> did not get there")
			wrong := b.At(home).Post(pages+"/auth/login", url.Values{"email": {"x"}, "password": {"y"}, "next": {"/form?id=1"}, "unsent": {"1"}})
			wantBody(t, "a failed try", wrong, 422, "Sign in to go on to <bdi>Notes</bdi>")
			wantBody(t, "a failed try", wrong, 422, `name="unsent" value="1"`)
			wantBody(t, "a failed try", wrong, 422, "did not get there")
			wantBody(t, "signed in", signIn(t, b, a), 200, "Notes /form?id=1 Ada")
		} else {
			b.Open(at + "/")
		}
		s.Clock.Turn(20 * time.Minute)
		a := send()
		wantBody(t, "too long ago", a, 200, "did not get there")
		if got := confirm(t, b, a, sitetest.Password).Body; !strings.HasSuffix(got, " /form?id=1 Ada") {
			t.Errorf("back at %.200q", got)
		}
	}
	stranger := s.Browser()
	wantBody(t, "away", stranger.Open(wiki+"/x"), 200, "Sign in to go on to <bdi>Wiki</bdi>")
	wantBody(t, "no application", stranger.Open(home+pages+"/account"), 200, "<h1>Sign in</h1>")
}
