package door_test

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session/flask"
)

const sharedKey = "the SECRET_KEY of a Flask application"

// shared puts a Flask application beside a site.
func shared(p *server.Parts) {
	p.Flask = &server.Beside{Flask: flask.Config{SecretKey: []byte(sharedKey)}, Cookie: "session", Shared: true}
}

// begun gives a browser whose session another program has begun.
func begun(t *testing.T, s *sitetest.Site, session string) *browser {
	t.Helper()
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte(sharedKey)})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, s, "192.0.2.10")
	b.jar = &http.Cookie{Name: "session", Value: signer.Sign([]byte(session), s.Clock.Now())}
	return b
}

func begunBy(t *testing.T, s *sitetest.Site, d account.Developer) *browser {
	t.Helper()
	return begun(t, s, `{"loggedin_user":{"_id":"`+d.ID+`"}}`)
}

// raise makes all sign-ins of a developer void, as a change of the password does, and leaves the
// sessions alone.
func raise(t *testing.T, s *sitetest.Site, d account.Developer) {
	t.Helper()
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, d.ID, account.Change{EndSignIns: true}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// A session that another program has begun holds, be its cookie so full that nothing of ours has
// room in it.
func TestSharedSessionHolds(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	ada := s.Developer("Ada", account.Member)
	raise(t, s, ada) // so that the present is not the zero of an account that nothing happened to
	var noise [2900]byte
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise[:])
	for name, b := range map[string]*browser{
		"small": begunBy(t, s, ada),
		"full":  begun(t, s, `{"loggedin_user":{"_id":"`+ada.ID+`"},"notes":"`+base64.StdEncoding.EncodeToString(noise[:])+`"}`),
	} {
		for range 2 {
			if who := b.who(); who != "Ada" {
				t.Errorf("%s (%d bytes): signed in: %q", name, len(b.jar.Value), who)
			}
		}
	}
}

// What the session says of the past is held against the present, and what is no number never holds.
func TestSharedSessionOfThePast(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	ada := s.Developer("Ada", account.Member)
	raise(t, s, ada)
	for epoch, want := range map[string]string{"1": "Ada", "0": "", "2": "", `"1"`: "", "1.5": "", "[]": "", "-1": "", "true": ""} {
		b := begun(t, s, `{"epoch":`+epoch+`,"loggedin_user":{"_id":"`+ada.ID+`"}}`)
		if who := b.who(); who != want {
			t.Errorf("epoch %s: %q, want %q", epoch, who, want)
		}
	}
}

// Where nobody shares the cookie a session without an epoch is no proof of anything.
func TestSessionWithoutEpochAlone(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.10")
	b.visit(func(_ context.Context, v *door.Visit) { v.Session.SignIn(ada.ID) })
	if who := b.who(); who != "" {
		t.Errorf("signed in: %q", who)
	}
}

// Signing out, being disabled and being removed end a session that another program has begun, and
// the book says so.
func TestSharedSessionEnds(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	root := signedIn(t, s, s.Developer("Root", account.Admin))
	for name, end := range map[string]func(d account.Developer, b *browser) error{
		"signs out": func(_ account.Developer, b *browser) error {
			b.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
			return nil
		},
		"is disabled": func(d account.Developer, _ *browser) error {
			_, err := root.change(d.ID, door.DeveloperChange{Disabled: ptr(true)})
			if err == nil {
				_, err = root.change(d.ID, door.DeveloperChange{Disabled: ptr(false)})
			}
			return err
		},
		"is removed": func(d account.Developer, _ *browser) error { return root.remove(d.ID) },
	} {
		ada := s.Developer("Who "+name, account.Member)
		b := begunBy(t, s, ada)
		copied := *b
		if b.who() == "" {
			t.Fatalf("%s: not signed in", name)
		}
		named := *b
		s.Clock.Turn(time.Second)
		if err := end(ada, b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.Clock.Turn(time.Second)
		for what, browser := range map[string]*browser{"the browser": b, "a copy": &copied, "a named copy": &named} {
			if who := browser.who(); who != "" {
				t.Errorf("%s: %s is %q", name, what, who)
			}
		}
	}
	if n := len(s.Activities(book.ActionSignOut)); n != 1 {
		t.Errorf("%d sign-outs are entered", n)
	}
	if n := len(s.Activities(book.ActionSessionEnded)); n != 2 {
		t.Errorf("%d ends are entered", n)
	}
}

// A change of the password keeps the session that made it, although another program has begun it.
func TestSharedSessionChangesPassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	ada := s.Developer("Ada", account.Member)
	b, other := begunBy(t, s, ada), begun(t, s, `{"n":1,"loggedin_user":{"_id":"`+ada.ID+`"}}`)
	if b.who() == "" || other.who() == "" {
		t.Fatal("not signed in")
	}
	s.Clock.Turn(time.Second)
	_, err := b.change(ada.ID, door.DeveloperChange{Password: ptr("quiet heron walks at noon"), CurrentPassword: sitetest.Password})
	if err != nil {
		t.Fatal(err)
	}
	if b.who() != "Ada" || other.who() != "" {
		t.Errorf("afterwards: %q and %q", b.who(), other.who())
	}
}
