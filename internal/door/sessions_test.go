package door_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// sessions lists a developer's sessions as this browser's user sees them.
func (b *browser) sessions(target string) (list []door.SessionInfo, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { list, err = b.site.Door.Sessions(ctx, v, target) })
	return list, err
}

// own is the record id of this browser's session.
func (b *browser) own() (id string) {
	b.t.Helper()
	b.visit(func(_ context.Context, v *door.Visit) {
		sid, _ := v.Session.ID()
		id = sid.String()
	})
	return id
}

func (b *browser) end(target, id string) (one door.SessionInfo, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { one, err = b.site.Door.EndSession(ctx, v, target, id) })
	return one, err
}

func (b *browser) disown(id string) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { _, err = b.site.Door.DisownSession(ctx, v, id) })
	return err
}

func (b *browser) endAll(target string, in door.EndSessions, fresh time.Duration) (n int, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		v.Fresh = fresh
		n, err = b.site.Door.EndSessions(ctx, v, target, in)
	})
	return n, err
}

// TestSessions: this one first, then by last use, with what is known of the device.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	old := signedIn(t, s, ada)
	began := s.Clock.Now()
	s.Clock.Turn(door.NewFor + time.Hour)
	again := s.Clock.Now()
	if err := old.signIn(ada.Email, sitetest.Password); err != nil {
		t.Fatal(err)
	}
	first := signedIn(t, s, ada)
	s.Clock.Turn(time.Minute)
	second := signedIn(t, s, ada)
	signedIn(t, s, bob)
	list, err := old.sessions(ada.ID)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d sessions: %v", len(list), err)
	}
	var ids []string
	for _, i := range list {
		ids = append(ids, i.ID)
	}
	if diff := cmp.Diff([]string{old.own(), second.own(), first.own()}, ids); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	now := s.Clock.Now()
	want := door.SessionInfo{
		ID: old.own(), Device: "Unknown browser", Addr: "192.0.2.1", SignedIn: again, LastSeen: now,
		FirstSeen: began, Current: true, Known: true,
	}
	list[0].Expires, list[0].LastSeen = time.Time{}, list[0].LastSeen.UTC()
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("this one (-want +got):\n%s", diff)
	}
	if i := list[1]; i.Current || !i.New || !i.FirstSeen.Equal(now) {
		t.Errorf("a new one: %+v", i)
	}
	list, err = second.sessions(ada.ID)
	if err != nil || list[0].ID != second.own() || list[0].New {
		t.Errorf("to the new one itself: %+v, %v", list, err)
	}
	if i := list[slices.IndexFunc(list, func(i door.SessionInfo) bool { return i.ID == old.own() })]; i.New {
		t.Error("a device of two days ago is new")
	}
}

// TestSessionsOfOthers: a member sees and ends their own; an admin anybody's; nobody those of
// nobody.
func TestSessionsOfOthers(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	root := s.Developer("Root", account.Admin)
	asAda, asBob, asRoot := signedIn(t, s, ada), signedIn(t, s, bob), signedIn(t, s, root)
	_, err := asAda.sessions(bob.ID)
	wantKind(t, err, fault.Forbidden)
	_, err = asAda.end(bob.ID, asBob.own())
	wantKind(t, err, fault.Forbidden)
	_, err = asAda.end(ada.ID, asBob.own())
	wantKind(t, err, fault.NotFound)
	_, err = asAda.endAll(bob.ID, door.EndSessions{All: true}, 0)
	wantKind(t, err, fault.Forbidden)
	wantKind(t, asAda.disown(asBob.own()), fault.NotFound)
	_, err = newBrowser(t, s, "192.0.2.9").sessions(ada.ID)
	wantKind(t, err, fault.Forbidden)
	_, err = asRoot.sessions("000000000000000000000000")
	wantKind(t, err, fault.NotFound)
	if asBob.who() != "Bob" {
		t.Fatal("Bob was signed out by a member")
	}

	list, err := asRoot.sessions(bob.ID)
	if err != nil || len(list) != 1 || list[0].Current {
		t.Fatalf("an admin sees %+v, %v", list, err)
	}
	if _, err := asRoot.end(bob.ID, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if e := wantActivity(t, s, book.ActionSessionEnded, root.ID, bob.ID); !strings.HasPrefix(e.Text, "Unknown browser, session ") {
		t.Errorf("entered as %q", e.Text)
	}
	if asBob.who() != "" || asRoot.who() != "Root" {
		t.Errorf("afterwards: %q, %q", asBob.who(), asRoot.who())
	}
	_, err = asRoot.end(bob.ID, list[0].ID)
	wantKind(t, err, fault.NotFound)
	again, third := signedIn(t, s, bob), signedIn(t, s, bob)
	if n, err := asRoot.endAll(bob.ID, door.EndSessions{}, 0); err != nil || n != 2 {
		t.Errorf("%d ended: %v", n, err)
	}
	if again.who()+third.who() != "" || asRoot.who() != "Root" {
		t.Error("not all of Bob's sessions ended, or the admin's did")
	}
}

// TestEndSession: the other one is over at its next request; one's own is a sign-out; what was
// issued ends with the one that issued it.
func TestEndSession(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, there := signedIn(t, s, ada), signedIn(t, s, ada)
	var key string
	there.visit(func(ctx context.Context, v *door.Visit) {
		var err error
		if key, _, err = v.Session.Issue(ctx); err != nil {
			t.Fatal(err)
		}
	})
	if s.Sessions.Open(t.Context(), key).Subject() != ada.ID {
		t.Fatal("the issued session is nobody's")
	}
	list, err := here.sessions(ada.ID)
	if err != nil || len(list) != 2 { // what was issued is no device of its own
		t.Fatalf("%d sessions: %v", len(list), err)
	}
	if _, err := here.end(ada.ID, there.own()); err != nil {
		t.Fatal(err)
	}
	if there.who() != "" || s.Sessions.Open(t.Context(), key).Subject() != "" {
		t.Error("the other browser is still signed in")
	}
	if list, err = here.sessions(ada.ID); err != nil || len(list) != 1 {
		t.Errorf("left are %+v, %v", list, err)
	}
	for _, id := range []string{"", "nonsense", "000000000000000000000000", list[0].ID + "0"} {
		_, err := here.end(ada.ID, id)
		wantKind(t, err, fault.NotFound)
	}
	if _, err := here.end(ada.ID, here.own()); err != nil || here.who() != "" {
		t.Errorf("one's own: %v, signed in: %q", err, here.who())
	}
	wantActivity(t, s, book.ActionSignOut, ada.ID, ada.ID)
}

// TestEndOthers: all but this one end.
func TestEndOthers(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, there := signedIn(t, s, ada), signedIn(t, s, ada)
	own := here.own()
	if n, err := here.endAll(ada.ID, door.EndSessions{}, 0); err != nil || n != 1 || there.who() != "" {
		t.Errorf("%d others ended: %v", n, err)
	}
	if here.own() != own || here.who() != "Ada" {
		t.Error("this one ended as well")
	}
	if n, err := here.endAll(ada.ID, door.EndSessions{}, 0); err != nil || n != 0 {
		t.Errorf("once more: %d, %v", n, err)
	}
	if n := len(s.Activities(book.ActionSessionEnded)); n != 1 {
		t.Errorf("%d ends are entered, want 1", n)
	}
}

// TestEndEverywhere: this one ends too, and its cookie is taken back.
func TestEndEverywhere(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, there := signedIn(t, s, ada), signedIn(t, s, ada)
	copied := *here
	if n, err := here.endAll(ada.ID, door.EndSessions{All: true}, 0); err != nil || n != 2 {
		t.Errorf("%d ended: %v", n, err)
	}
	if here.jar.MaxAge >= 0 {
		t.Error("the cookie stays")
	}
	if here.who()+there.who()+copied.who() != "" {
		t.Error("somebody is still signed in")
	}
	if e := wantActivity(t, s, book.ActionSessionEnded, ada.ID, ada.ID); e.Text != "2 sessions" {
		t.Errorf("entered as %q", e.Text)
	}
}

// TestFresh: who signed in a while ago proves the password, and guesses at it are counted.
func TestFresh(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, there := signedIn(t, s, ada), signedIn(t, s, ada)
	const fresh = 10 * time.Minute
	s.Clock.Turn(fresh + time.Second)
	try := func(password string) error {
		_, err := here.endAll(ada.ID, door.EndSessions{CurrentPassword: password}, fresh)
		return err
	}
	for range 3 { // an empty field is no guess
		if f := wantKind(t, try(""), fault.Invalid); len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("told: %+v", f)
		}
	}
	for range account.DefaultGuessing().Proofs.Free {
		wantKind(t, try("not the right one at all"), fault.Invalid)
	}
	wantKind(t, try(sitetest.Password), fault.Throttled)
	if there.who() != "Ada" {
		t.Fatal("ended without a proof")
	}
	s.Clock.Turn(time.Hour)
	if err := try(sitetest.Password); err != nil || there.who() != "" || here.who() != "Ada" {
		t.Errorf("with the password: %v", err)
	}
	here = signedIn(t, s, ada)
	if _, err := here.endAll(ada.ID, door.EndSessions{}, fresh); err != nil {
		t.Errorf("after a sign-in of now: %v", err)
	}
}

// TestDisown: what was not me ends, its device is a new browser again, and the book tells of it.
func TestDisown(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, thief := signedIn(t, s, ada), signedIn(t, s, ada)
	wantKind(t, here.disown(here.own()), fault.Conflict)
	if err := here.disown(thief.own()); err != nil {
		t.Fatal(err)
	}
	if thief.who() != "" || here.who() != "Ada" {
		t.Errorf("afterwards: %q, %q", thief.who(), here.who())
	}
	wantActivity(t, s, book.ActionSessionDisowned, ada.ID, ada.ID)
	devices, err := s.DB.Devices().List(t.Context(), ada.ID)
	if err != nil || len(devices) != 1 || devices[0].Session != here.own() {
		t.Errorf("known devices: %+v, %v", devices, err)
	}
}

// TestManySessions: a hundred sessions cost as many questions as one.
func TestManySessions(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	here := signedIn(t, s, ada)
	count := func() []string {
		faults.Plan(0, 0, "")
		if _, err := here.sessions(ada.ID); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(faults.Calls(), func(name string) bool { return name == "sessions.Touch" })
	}
	one := count()
	own, err := s.Parts.Store.BySubject(t.Context(), ada.ID, s.Clock.Now())
	if err != nil || len(own) != 1 {
		t.Fatalf("%d sessions: %v", len(own), err)
	}
	for i := range byte(99) {
		r := own[0]
		r.ID[0], r.Digest[0] = r.ID[0]+1+i, r.Digest[0]+1+i
		if err := s.Parts.Store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := here.sessions(ada.ID); err != nil || len(list) != 100 {
		t.Fatalf("%d sessions: %v", len(list), err)
	}
	if many := count(); len(many) > len(one) || len(many) > 6 {
		t.Errorf("of 100 sessions: %q, of one: %q", many, one)
	}
}

// TestSharedSessionsListed: sessions that another program has begun are listed and ended once they
// were used here; "everywhere" ends those, too, that were not.
func TestSharedSessionsListed(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, shared)
	ada := s.Developer("Ada", account.Member)
	here := signedIn(t, s, ada)
	used, unused := begunBy(t, s, ada), begun(t, s, `{"n":1,"loggedin_user":{"_id":"`+ada.ID+`"}}`)
	if used.who() != "Ada" {
		t.Fatal("not signed in")
	}
	list, err := here.sessions(ada.ID)
	if err != nil || len(list) != 2 || !list[0].Current || list[1].New || list[1].SignedIn.IsZero() {
		t.Fatalf("listed: %+v, %v", list, err)
	}
	s.Clock.Turn(time.Second)
	if _, err := here.end(ada.ID, list[1].ID); err != nil || used.who() != "" {
		t.Errorf("ended: %v; signed in: %q", err, used.who())
	}
	s.Clock.Turn(time.Second)
	if n, err := here.endAll(ada.ID, door.EndSessions{}, 0); err != nil || n != 0 {
		t.Errorf("others: %d, %v", n, err)
	}
	s.Clock.Turn(time.Second)
	if unused.who() != "" || here.who() != "Ada" {
		t.Errorf("afterwards: %q and %q", unused.who(), here.who())
	}
}

// TestProgramSessions: the command line sees and ends anybody's.
func TestProgramSessions(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	dev, err := s.Door.WhoHas(t.Context(), "ADA@example.org")
	if err != nil || dev.ID != ada.ID {
		t.Fatalf("%+v, %v", dev, err)
	}
	_, err = s.Door.WhoHas(t.Context(), "bob@example.org")
	wantKind(t, err, fault.NotFound)
	list, err := s.Door.Sessions(t.Context(), door.Program(), ada.ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := s.Door.EndSession(t.Context(), door.Program(), ada.ID, list[0].ID); err != nil || b.who() != "" {
		t.Errorf("%v; signed in: %q", err, b.who())
	}
	b = signedIn(t, s, ada)
	if n, err := s.Door.EndSessions(t.Context(), door.Program(), ada.ID, door.EndSessions{All: true}); err != nil || n != 1 || b.who() != "" {
		t.Errorf("%d, %v", n, err)
	}
	if e := s.Activities(book.ActionSessionEnded)[0]; e.ClientAddr != book.CommandLine || e.Target != ada.ID {
		t.Errorf("entered: %+v", e)
	}
}
