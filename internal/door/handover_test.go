package door_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

const wiki, forge = "wiki.example.org", "git.example.org"

var nonce = []byte("what the browser keeps there")

// handOver gives a code for another host.
func (b *browser) handOver(host string) (code string, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		code, err = b.site.Door.HandOver(ctx, v, door.Ask{Host: host, Nonce: door.NonceHash(nonce), Back: "/page?a=b&c=d", Returns: 1})
	})
	return code, err
}

// arrive gives the same browser under another host, with the cookie that it got there, if it did.
func (b *browser) arrive(host, code string, nonce []byte) (there *browser, a door.Arrival, err error) {
	b.t.Helper()
	there = newBrowser(b.t, b.site, b.addr)
	there.host = host
	a, err = there.arriveAgain(code, nonce)
	return there, a, err
}

func (b *browser) arriveAgain(code string, nonce []byte) (a door.Arrival, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		if a, err = b.site.Door.Arrive(ctx, v, code, nonce); err != nil {
			return
		}
		cookie, err := a.Session.TakeCookie()
		if err != nil {
			b.t.Error(err)
		}
		defer func() { b.jar = cookie }() // behind what the answer says of the session before
	})
	return a, err
}

// at gives the browser under another host, where it was let in.
func (b *browser) at(host string) *browser {
	b.t.Helper()
	code, err := b.handOver(host)
	if err != nil {
		b.t.Fatal(err)
	}
	there, _, err := b.arrive(host, code, nonce)
	if err != nil {
		b.t.Fatal(err)
	}
	return there
}

// moved gives another browser, under a host, with the cookie of this one.
func (b *browser) moved(host string) *browser {
	thief := newBrowser(b.t, b.site, "192.0.2.66")
	thief.host, thief.jar = host, b.jar
	return thief
}

// TestR6HandOver: who is signed in at home is let in under another host, by a cookie as at home, and
// goes on to the page that they wanted; the book tells of both, and no list shows a second device.
// Guard: handover.go, Door.HandOver, Door.Arrive.
func TestR6HandOver(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	home := signedIn(t, s, ada)
	code, err := home.handOver(wiki)
	if err != nil {
		t.Fatal(err)
	}
	there, a, err := home.arrive(wiki, code, nonce)
	if err != nil || a.Back != "/page?a=b&c=d" || a.Returns != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if there.who() != "Ada" || home.who() != "Ada" {
		t.Errorf("there %q, at home %q", there.who(), home.who())
	}
	if c, own := there.jar, home.jar; c.Name != own.Name || c.Path != "/" || !c.Secure || !c.HttpOnly ||
		c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 || c.Value == own.Value || strings.Contains(code, c.Value) {
		t.Errorf("the cookie %v beside %v", c, own)
	}
	list, err := home.sessions(ada.ID)
	if err != nil || len(list) != 1 || !list[0].Current {
		t.Errorf("listed: %+v, %v", list, err)
	}
	over, in := wantActivity(t, s, book.ActionHandedOver, ada.ID, ada.ID), wantActivity(t, s, book.ActionArrived, ada.ID, ada.ID)
	if over.Text != wiki || in.Text != wiki || over.Session != in.Session || in.Session == "" {
		t.Errorf("entered %q of %q, %q of %q", over.Text, over.Session, in.Text, in.Session)
	}
}

// TestR6CodeIsGoodOnce: for one browser, at one host, for half a minute; and a code that lets nobody
// in is told in the book. Guard: handover.go, Door.Arrive, its switch; settleIn.
func TestR6CodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do  func(t *testing.T, s *sitetest.Site, home *browser, code string) (there *browser, err error)
		why string
	}{
		"used twice": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			_, _, _ = home.arrive(wiki, code, nonce)
			there, _, err := home.arrive(wiki, code, nonce)
			return there, err
		}, "used before"},
		"by another browser": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			there, _, err := home.arrive(wiki, code, []byte("another"))
			return there, err
		}, "did not ask"},
		"by one without the nonce": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			there, _, err := home.arrive(wiki, code, nil)
			return there, err
		}, "did not ask"},
		"on another host": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			there, _, err := home.arrive(forge, code, nonce)
			return there, err
		}, "made for wiki"},
		"at home": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			there, _, err := home.arrive("", code, nonce)
			return there, err
		}, "made for wiki"},
		"late": {func(_ *testing.T, s *sitetest.Site, home *browser, code string) (*browser, error) {
			s.Clock.Turn(30 * time.Second)
			there, _, err := home.arrive(wiki, code, nonce)
			return there, err
		}, "too late"},
		"forged": {func(t *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			raw, err := base64.RawURLEncoding.DecodeString(code)
			if err != nil {
				t.Fatal(err)
			}
			raw[len(raw)/2] ^= 1
			there, _, err := home.arrive(wiki, base64.RawURLEncoding.EncodeToString(raw), nonce)
			return there, err
		}, "none of ours"},
		"after sign-out": {func(_ *testing.T, _ *sitetest.Site, home *browser, code string) (*browser, error) {
			home.visit(func(ctx context.Context, v *door.Visit) { _ = home.site.Door.SignOut(ctx, v) })
			there, _, err := home.arrive(wiki, code, nonce)
			return there, err
		}, "has ended"},
		"after a new password": {func(_ *testing.T, s *sitetest.Site, home *browser, code string) (*browser, error) {
			_, _ = s.Door.ResetPassword(context.Background(), door.Program(), "ada@example.org", "quiet heron walks at noon")
			there, _, err := home.arrive(wiki, code, nonce)
			return there, err
		}, "has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			home := signedIn(t, s, s.Developer("Ada", account.Member))
			code, err := home.handOver(wiki)
			if err != nil {
				t.Fatal(err)
			}
			there, err := test.do(t, s, home, code)
			wantKind(t, err, fault.NotFound)
			if there.who() != "" {
				t.Errorf("%q was let in", there.who())
			}
			list := s.Activities(book.ActionHandOverRefused)
			if len(list) != 1 || !strings.Contains(list[0].Text, test.why) {
				t.Errorf("entered: %+v", list)
			}
		})
	}
}

// TestR6AccountOver: what ends an account's sessions ends a code that is under way, also where the
// session itself could not be ended yet. Guard: handover.go, Door.Arrive, dev.Epoch.
func TestR6AccountOver(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]account.Change{
		"another epoch": {EndSignIns: true}, "disabled": {State: ptr(account.Disabled)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			ada := s.Developer("Ada", account.Member)
			home := signedIn(t, s, ada)
			there := home.at(forge)
			code, err := home.handOver(wiki)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, change, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			_, _, err = home.arrive(wiki, code, nonce)
			wantKind(t, err, fault.NotFound)
			if there.who() != "" || home.who() != "" {
				t.Errorf("there %q, at home %q", there.who(), home.who())
			}
		})
	}
}

// TestR6TwoAtOnce: of several who use one code at once, on two nodes, one is let in.
// Guard: handover.go, settleIn.
func TestR6TwoAtOnce(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	other := sitetest.Open(t, s.Dir, func(p *server.Parts) { p.Now = s.Clock.Now })
	home := signedIn(t, s, s.Developer("Ada", account.Member))
	code, err := home.handOver(wiki)
	if err != nil {
		t.Fatal(err)
	}
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		in    int
	)
	for i := range 8 {
		node := *home
		if i%2 == 1 {
			node.site = other
		}
		group.Go(func() {
			there, _, err := node.arrive(wiki, code, nonce)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				in++
			case !fault.Is(err, fault.NotFound) || there.jar != nil:
				t.Errorf("refused with %v, cookie %v", err, there.jar)
			}
		})
	}
	group.Wait()
	if in != 1 {
		t.Errorf("%d were let in", in)
	}
}

// TestR6KeysRoll: a code and an ask are good where the key that made them is the older one by now,
// and where it is not the first one yet. Guard: ask.go, Door.ReadAsk; handover.go, Door.openCode.
func TestR6KeysRoll(t *testing.T) {
	t.Parallel()
	keys := func(secrets ...string) func(*server.Parts) {
		return func(p *server.Parts) {
			list := make([][]byte, len(secrets))
			for i := range secrets {
				list[i] = []byte(secrets[i])
			}
			var err error
			if p.Keys, err = session.NewKeyRing(list...); err != nil {
				t.Error(err)
			}
		}
	}
	const newer = "a newer secret of the test, 0123456789abcdef"
	for name, test := range map[string]struct {
		secrets []string
		good    bool
	}{
		"the older one": {[]string{newer, sitetest.Secret}, true}, "not the first yet": {[]string{sitetest.Secret, newer}, true},
		"gone": {[]string{newer}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			home := signedIn(t, s, s.Developer("Ada", account.Member))
			code, err := home.handOver(wiki)
			if err != nil {
				t.Fatal(err)
			}
			ask := s.Door.SignAsk(door.Ask{Host: wiki, Nonce: door.NonceHash(nonce), Back: "/"})
			node := *home
			node.site = sitetest.Open(t, s.Dir, keys(test.secrets...), func(p *server.Parts) { p.Now = s.Clock.Now })
			if _, _, err := node.arrive(wiki, code, nonce); (err == nil) != test.good {
				t.Errorf("the code: %v", err)
			}
			if _, ok := node.site.Door.ReadAsk(ask); ok != test.good {
				t.Errorf("the ask: %v", ok)
			}
		})
	}
}

// TestR6CookieMoved: the cookie of one host is good under no other, and whoever brings it there ends
// it. Guard: door.go, Door.Identify, misplaced.
func TestR6CookieMoved(t *testing.T) {
	t.Parallel()
	for name, hosts := range map[string][2]string{"to home": {wiki, ""}, "to another host": {wiki, forge}, "from home": {"", wiki}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			ada := s.Developer("Ada", account.Member)
			b := signedIn(t, s, ada)
			if hosts[0] != "" {
				b = b.at(hosts[0])
			}
			if who := b.moved(hosts[1]).who(); who != "" {
				t.Errorf("%q is signed in", who)
			}
			if b.who() != "" {
				t.Error("its own browser still is")
			}
			list := s.Activities(book.ActionSessionMisplaced)
			if len(list) != 1 || list[0].Target != ada.ID || !strings.Contains(list[0].Text, wiki) {
				t.Errorf("entered: %+v", list)
			}
		})
	}
}

// TestR6KeyOfACode: the issued key itself, which is in the code, opens nothing anywhere.
// Guard: handover.go, settleIn; door.go, Door.Identify, holds.
func TestR6KeyOfACode(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", wiki} {
		s := sitetest.New(t)
		home := signedIn(t, s, s.Developer("Ada", account.Member))
		thief := newBrowser(t, s, "192.0.2.66")
		thief.host = host
		home.visit(func(ctx context.Context, v *door.Visit) {
			key, _, err := v.Session.Issue(ctx)
			if err != nil {
				t.Fatal(err)
			}
			thief.jar = &http.Cookie{Name: home.jar.Name, Value: key}
		})
		if who := thief.who(); who != "" {
			t.Errorf("at %q %q is signed in", host, who)
		}
	}
}

// TestR6WhoHandsOver: nobody who is not signed in at home. Guard: handover.go, Door.HandOver.
func TestR6WhoHandsOver(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	home := signedIn(t, s, s.Developer("Ada", account.Member))
	_, err := newBrowser(t, s, "192.0.2.1").handOver(wiki)
	wantKind(t, err, fault.Unauthorized)
	_, err = home.at(wiki).handOver(forge)
	wantKind(t, err, fault.Forbidden)
	home.visit(func(ctx context.Context, v *door.Visit) {
		v.Token = account.Token{ID: "a token"}
		_, err = s.Door.HandOver(ctx, v, door.Ask{Host: wiki})
	})
	wantKind(t, err, fault.Forbidden)
}

// TestR15SignOutEndsAll: who signs out under any host is signed out under all of them, once in the
// lists and in the book. Guard: signin.go, Door.SignOut, endHome.
func TestR15SignOutEndsAll(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"", wiki} {
		t.Run("at "+where, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			ada := s.Developer("Ada", account.Member)
			elsewhere, home := signedIn(t, s, ada), signedIn(t, s, ada)
			all := map[string]*browser{"": home, wiki: home.at(wiki), forge: home.at(forge)}
			all[where].visit(func(ctx context.Context, v *door.Visit) {
				if err := s.Door.SignOut(ctx, v); err != nil {
					t.Error(err)
				}
			})
			for host, b := range all {
				if b.who() != "" {
					t.Errorf("at %q still signed in", host)
				}
			}
			if elsewhere.who() != "Ada" {
				t.Error("another browser is signed out, too")
			}
			wantActivity(t, s, book.ActionSignOut, ada.ID, ada.ID)
			if n := len(s.Activities(book.ActionSignOut)); n != 1 {
				t.Errorf("entered %d times", n)
			}
			h := elsewhere.history(ada.ID)
			if len(h.Live) != 1 || len(h.Ended) != 1 || h.Ended[0].Reason != account.SignedOut || h.Ended[0].Method != account.ByPassword {
				t.Errorf("the lists: %+v", h)
			}
		})
	}
}

// TestR15SignOutThatFails: while the sessions cannot be ended nobody is told that they are signed
// out. Guard: handover.go, Door.endHome.
func TestR15SignOutThatFails(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	home := signedIn(t, s, s.Developer("Ada", account.Member))
	there := home.at(wiki)
	there.visit(func(ctx context.Context, v *door.Visit) {
		faults.Only("sessions.Delete", sitetest.Error)
		wantKind(t, s.Door.SignOut(ctx, v), fault.Busy)
		faults.Only("", sitetest.Error)
	})
	if there.who() != "Ada" {
		t.Error("signed out there, and not at home")
	}
}

// TestR15Ends: ended from elsewhere, a browser's sessions under all hosts end, and count as one; who
// ends all others keeps their own. Guard: ending.go, Door.endAll; sessions.go, withIssued.
func TestR15Ends(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, there := signedIn(t, s, ada), signedIn(t, s, ada)
	mine, theirs := here.at(wiki), there.at(wiki)
	if n, err := here.endAll(ada.ID, door.EndSessions{}, 0); err != nil || n != 1 {
		t.Errorf("%d ended: %v", n, err)
	}
	if e := wantActivity(t, s, book.ActionSessionEnded, ada.ID, ada.ID); e.Text != "1 session" {
		t.Errorf("entered as %q", e.Text)
	}
	if there.who()+theirs.who() != "" || here.who() != "Ada" || mine.who() != "Ada" {
		t.Error("the wrong ones ended")
	}
	if h := here.history(ada.ID); len(h.Live) != 1 || len(h.Ended) != 1 {
		t.Errorf("the lists: %+v", h)
	}
	if n, err := here.endAll(ada.ID, door.EndSessions{All: true}, 0); err != nil || n != 1 || mine.who() != "" {
		t.Errorf("%d ended, %v, there %q", n, err, mine.who())
	}
}

// TestR6LastsWithUse: who uses another host alone stays signed in, and the list at home says when
// they were last seen. Guard: server/site.go, IssuedCounts; handover.go, nameSession.
func TestR6LastsWithUse(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	home := signedIn(t, s, ada)
	there := home.at(wiki)
	for range 5 {
		s.Clock.Turn(90 * time.Minute)
		if there.who() != "Ada" {
			t.Fatal("there nobody is signed in")
		}
	}
	list, err := home.sessions(ada.ID)
	if err != nil || len(list) != 1 || home.who() != "Ada" {
		t.Errorf("%+v, %v; at home %q", list, err, home.who())
	}
}

// TestR6Remembered: who is kept signed in at home is so under the other hosts, as long and no longer.
func TestR6Remembered(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	home := newBrowser(t, s, "192.0.2.1")
	home.visit(func(ctx context.Context, v *door.Visit) {
		s.Developer("Ada", account.Member)
		in := door.Credentials{Email: "ada@example.org", Password: sitetest.Password, Remember: true}
		if _, err := s.Door.SignIn(ctx, v, in); err != nil {
			t.Error(err)
		}
	})
	s.Clock.Turn(24 * time.Hour)
	there := home.at(wiki)
	if want := 29 * 24 * 60 * 60; there.jar.MaxAge != want {
		t.Errorf("the cookie lasts %d s, want %d", there.jar.MaxAge, want)
	}
}

// TestR6Bounded: a browser that keeps no cookies there leaves a bounded number of sessions, and those
// of other devices stay. Guard: handover.go, trimIssued.
func TestR6Bounded(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	elsewhere, home := signedIn(t, s, ada), signedIn(t, s, ada)
	for i := range 120 {
		if i < 60 { // and then all within a moment
			s.Clock.Turn(time.Second)
		}
		if _, err := home.handOver(wiki); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		home.at(wiki)
	}
	if elsewhere.who() != "Ada" || home.who() != "Ada" || home.at(wiki).who() != "Ada" {
		t.Error("somebody is signed out")
	}
	list, err := s.Sessions.List(t.Context(), ada.ID)
	if err != nil || len(list) > 30 {
		t.Errorf("%d sessions: %v", len(list), err)
	}
}

// TestR6SecondArrival: a browser that is let in once more has one session there.
// Guard: handover.go, leaveIssued.
func TestR6SecondArrival(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	home := signedIn(t, s, ada)
	there := home.at(wiki)
	before := there.moved(wiki)
	code, err := home.handOver(wiki)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.arriveAgain(code, nonce); err != nil || there.who() != "Ada" {
		t.Errorf("%v; there %q", err, there.who())
	}
	if before.who() != "" {
		t.Error("the session of before lives")
	}
}

// TestR5AskIsOurs: what we did not sign, or too long ago, is no ask. Guard: ask.go, Door.ReadAsk.
func TestR5AskIsOurs(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	want := door.Ask{Host: wiki, Nonce: door.NonceHash(nonce), Back: "/a?b=c&d=%2F", Returns: 2}
	text := s.Door.SignAsk(want)
	if got, ok := s.Door.ReadAsk(text); !ok || got != want {
		t.Errorf("%+v, %v", got, ok)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		if _, ok := s.Door.ReadAsk(base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Errorf("byte %d changed: it is one", i)
		}
		raw[i] ^= 1
	}
	for name, text := range map[string]string{"nothing": "", "a line break": text + "\n", "padded": text + "=", "cut": text[:20], "long": strings.Repeat("A", 1<<20)} {
		if _, ok := s.Door.ReadAsk(text); ok {
			t.Errorf("%s: it is one", name)
		}
	}
	s.Clock.Turn(door.AskTime)
	if _, ok := s.Door.ReadAsk(text); ok {
		t.Error("an hour later it is one")
	}
}

// FuzzAskAndCode: whatever a browser brings is refused or what we made, and nothing panics.
func FuzzAskAndCode(f *testing.F) {
	s := sitetest.New(f)
	home := signedIn(f, s, s.Developer("Ada", account.Member))
	ask := s.Door.SignAsk(door.Ask{Host: wiki, Back: "/"})
	code, err := home.handOver(wiki)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(0), "")
	f.Add(uint16(0), uint16(5000), "")
	f.Add(uint16(32), uint16(1), "A")
	f.Add(uint16(40), uint16(0), "\r\n")
	f.Add(uint16(10), uint16(3), "____")
	f.Add(uint16(5000), uint16(0), "=")
	f.Fuzz(func(t *testing.T, at, cut uint16, with string) {
		change := func(valid string) string {
			from := min(int(at), len(valid))
			return valid[:from] + with + valid[min(from+int(cut), len(valid)):]
		}
		if text := change(ask); text != ask {
			if a, ok := s.Door.ReadAsk(text); ok {
				t.Errorf("%q is read as %+v", text, a)
			}
		}
		if text := change(code); text != code {
			there := newBrowser(t, s, "192.0.2.1")
			there.host = wiki
			if a, err := there.arriveAgain(text, nonce); !fault.Is(err, fault.NotFound) || a.Session != nil {
				t.Errorf("%q lets in: %v", text, err)
			}
		}
	})
}
