package door_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// browser calls the door as the edge would for one browser: it keeps the session's cookie and the
// device's.
type browser struct {
	addr   string
	device string
	host   string // of the site; "" where people sign in

	site *sitetest.Site
	jar  *http.Cookie
	t    testing.TB
}

func newBrowser(t testing.TB, s *sitetest.Site, addr string) *browser {
	return &browser{addr: addr, site: s, t: t}
}

// visit runs f as one request. What f did to the session is saved as its answer begins.
func (b *browser) visit(f func(ctx context.Context, v *door.Visit)) {
	b.t.Helper()
	h := b.site.Sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v := &door.Visit{RequestID: "request-of-" + b.t.Name(), Addr: b.addr, Host: b.host, Session: session.From(r.Context()), Device: b.device}
		if err := b.site.Door.Identify(r.Context(), v); err != nil {
			b.t.Errorf("identify: %v", err)
		}
		f(r.Context(), v)
	}))
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if b.jar != nil {
		r.AddCookie(b.jar)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.jar = c
	}
}

// signIn is one attempt.
func (b *browser) signIn(email, password string) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		var device string
		device, err = b.site.Door.SignIn(ctx, v, door.Credentials{Email: email, Password: password})
		if err == nil {
			b.device = device
		}
	})
	return err
}

// who is the name of the developer who is signed in, "" for a stranger.
func (b *browser) who() (name string) {
	b.t.Helper()
	b.visit(func(_ context.Context, v *door.Visit) { name = v.Developer.Name })
	return name
}

// signedIn gives a browser in which the developer has signed in.
func signedIn(t testing.TB, s *sitetest.Site, d account.Developer) *browser {
	t.Helper()
	b := newBrowser(t, s, "192.0.2.10")
	if err := b.signIn(d.Email, sitetest.Password); err != nil {
		t.Fatalf("sign-in of %s: %v", d.Email, err)
	}
	return b
}

// change asks for a change of a developer.
func (b *browser) change(target string, in door.DeveloperChange) (d account.Developer, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { d, err = b.site.Door.ChangeDeveloper(ctx, v, target, in) })
	return d, err
}

func (b *browser) remove(target string) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { err = b.site.Door.RemoveDeveloper(ctx, v, target) })
	return err
}

// wantKind fails unless err is a fault of the kind.
func wantKind(t testing.TB, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind {
		t.Fatalf("error %v, want a fault of kind %d", err, kind)
	}
	return f
}

// wantActivity fails unless the newest entry of the action has these.
func wantActivity(t testing.TB, s *sitetest.Site, action book.Action, actor, target string) book.Entry {
	t.Helper()
	list := s.Activities(action)
	if len(list) == 0 {
		t.Fatalf("no %s is entered", action)
	}
	e := list[0]
	if e.User != actor || e.Target != target {
		t.Errorf("%s: actor %q target %q, want %q and %q", action, e.User, e.Target, actor, target)
	}
	if e.Type != book.Activity || e.RequestID != "request-of-"+t.Name() || e.ClientAddr == "" {
		t.Errorf("%s: type %q, request id %q, address %q", action, e.Type, e.RequestID, e.ClientAddr)
	}
	return e
}

func ptr[T any](v T) *T { return &v }
