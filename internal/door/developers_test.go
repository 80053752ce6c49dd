package door_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestMayChange is who may change what: a member only themselves, and neither role nor state; an
// admin everybody, but nobody else's address or password (ASVS 6.4.6, 8.2.1 to 8.2.3).
func TestMayChange(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	root, deputy := s.Developer("Root", account.Admin), s.Developer("Deputy", account.Admin)
	browsers := map[string]*browser{"Ada": signedIn(t, s, ada), "Root": signedIn(t, s, root)}
	stranger := newBrowser(t, s, "192.0.2.1")
	browsers[""] = stranger

	changes := map[string]door.DeveloperChange{
		"name":     {Name: ptr("Somebody")},
		"skills":   {Skills: ptr([]string{"sql"})},
		"email":    {Email: ptr("new@example.org"), CurrentPassword: sitetest.Password},
		"short":    {ShortName: ptr("somebody"), CurrentPassword: sitetest.Password},
		"password": {Password: ptr(newPassword), CurrentPassword: sitetest.Password},
		"role":     {Role: ptr(account.Admin)},
		"demotion": {Role: ptr(account.Member)},
		"disabled": {Disabled: ptr(true)},
		"enabled":  {Disabled: ptr(false)},
		"both":     {Name: ptr("Somebody"), Role: ptr(account.Admin)},
	}
	own := []string{"name", "skills", "email", "short", "password"} // by a member
	for _, c := range []struct {
		who    string
		target account.Developer
		may    []string
	}{
		{"Ada", ada, own},
		{"Ada", bob, nil},
		{"Ada", root, nil},
		{"Root", bob, []string{"name", "skills", "role", "demotion", "disabled", "enabled", "both"}},
		{"Root", deputy, []string{"name", "skills", "role", "demotion", "disabled", "enabled", "both"}},
		{"Root", root, []string{"name", "skills", "email", "short", "password", "role", "demotion", "disabled", "enabled", "both"}},
		{"", ada, nil},
		{"", root, nil},
	} {
		for what, in := range changes {
			b := *browsers[c.who]
			before, err := s.DB.Accounts().ByID(t.Context(), c.target.ID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.change(c.target.ID, in)
			if slices.Contains(c.may, what) {
				if err != nil {
					t.Errorf("%q changes %s of %s: %v", c.who, what, c.target.Name, err)
				}
				restore(t, s, before)
				if c.target.Name == c.who { // some changes end sessions
					browsers[c.who] = signedIn(t, s, before)
				}
				continue
			}
			wantKind(t, err, fault.Forbidden)
			wantActivity(t, s, book.ActionForbidden, idOf(c.who, ada, root), c.target.ID)
			after, err := s.DB.Accounts().ByID(t.Context(), c.target.ID)
			if err != nil || !same(before, after) {
				t.Errorf("%q has changed %s of %s all the same: %v", c.who, what, c.target.Name, err)
			}
		}
	}
}

func idOf(name string, list ...account.Developer) string {
	for _, d := range list {
		if d.Name == name {
			return d.ID
		}
	}
	return ""
}

func same(a, b account.Developer) bool {
	return a.Name == b.Name && slices.Equal(a.Skills, b.Skills) && a.EmailKey == b.EmailKey &&
		a.PasswordHash == b.PasswordHash && a.Role == b.Role && a.State == b.State && a.ShortName == b.ShortName
}

func restore(t *testing.T, s *sitetest.Site, d account.Developer) {
	t.Helper()
	_, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, d.ID, account.Change{
		Name: &d.Name, Skills: &d.Skills, Email: &d.Email, EmailKey: &d.EmailKey, PasswordHash: &d.PasswordHash,
		Role: &d.Role, State: &d.State, ShortName: &d.ShortName,
	}, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
}

func TestMayRemove(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := signedIn(t, s, s.Developer("Root", account.Admin))
	ada, bob, eve := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member), s.Developer("Eve", account.Member)
	asAda, asBob := signedIn(t, s, ada), signedIn(t, s, bob)

	wantKind(t, asAda.remove(bob.ID), fault.Forbidden)
	wantKind(t, newBrowser(t, s, "192.0.2.1").remove(bob.ID), fault.Forbidden)
	if err := asAda.remove(ada.ID); err != nil {
		t.Errorf("oneself: %v", err)
	}
	wantActivity(t, s, book.ActionDeveloperDeleted, ada.ID, ada.ID)
	if asAda.who() != "" {
		t.Error("somebody who is gone is signed in")
	}
	if err := root.remove(bob.ID); err != nil {
		t.Errorf("by an admin: %v", err)
	}
	if list, err := s.Sessions.List(t.Context(), bob.ID); err != nil || len(list) > 0 {
		t.Errorf("sessions that are left: %v, %v", list, err)
	}
	if asBob.who() != "" {
		t.Error("somebody who was removed is signed in")
	}
	wantKind(t, root.remove(bob.ID), fault.NotFound)
	wantKind(t, root.remove("000000000000000000000000"), fault.NotFound)
	if _, err := s.DB.Accounts().ByID(t.Context(), eve.ID); err != nil {
		t.Errorf("somebody else is gone: %v", err)
	}
}

// TestLastAdmin: there is always somebody who can look after the others.
func TestLastAdmin(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	b := signedIn(t, s, root)
	for name, in := range map[string]door.DeveloperChange{
		"demotion": {Role: ptr(account.Member)}, "disabled": {Disabled: ptr(true)},
		"both": {Role: ptr(account.Member), Disabled: ptr(true), Name: ptr("X")},
	} {
		if _, err := b.change(root.ID, in); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantKind(t, b.remove(root.ID), fault.Conflict)
	if b.who() != "Root" {
		t.Error("the last admin was signed out")
	}
	s.Developer("Deputy", account.Admin)
	if _, err := b.change(root.ID, door.DeveloperChange{Disabled: ptr(true)}); err != nil {
		t.Errorf("with another admin there: %v", err)
	}
}

// TestDisable: a disabled account is signed out everywhere at its next request (ASVS 7.4.2), and
// comes back without its old sessions.
func TestDisable(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, ada := s.Developer("Root", account.Admin), s.Developer("Ada", account.Member)
	admin, one, two := signedIn(t, s, root), signedIn(t, s, ada), signedIn(t, s, ada)
	if _, err := admin.change(ada.ID, door.DeveloperChange{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionDeveloperDisabled, root.ID, ada.ID)
	if e := wantActivity(t, s, book.ActionSessionEnded, root.ID, ada.ID); e.Text != "2 sessions, because the account was disabled" {
		t.Errorf("%q", e.Text)
	}
	if one.who() != "" || two.who() != "" {
		t.Error("somebody disabled is signed in")
	}
	if _, err := admin.change(ada.ID, door.DeveloperChange{Disabled: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionDeveloperEnabled, root.ID, ada.ID)
	if one.who() != "" || two.who() != "" {
		t.Error("a session has come back")
	}
	if err := one.signIn(ada.Email, sitetest.Password); err != nil {
		t.Error(err)
	}
}

// TestDisableBehindTheBack: it does not matter whether the sessions could be ended: the account is
// looked at each time.
func TestDisableBehindTheBack(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Admin)
	b := signedIn(t, s, ada)
	s.Developer("Root", account.Admin)
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{Role: ptr(account.Member)}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.visit(func(_ context.Context, v *door.Visit) {
		if v.Admin() {
			t.Error("the session remembers a role")
		}
	})
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{State: ptr(account.Disabled)}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if b.who() != "" {
		t.Error("somebody disabled is signed in")
	}
	if list, err := s.Sessions.List(t.Context(), ada.ID); err != nil || len(list) > 0 {
		t.Errorf("the session is still there: %v, %v", list, err)
	}
}

// TestDisableAndPassword: both at once entail both.
func TestDisableAndPassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	s.Developer("Deputy", account.Admin)
	b := signedIn(t, s, root)
	in := door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password, Disabled: ptr(true)}
	if _, err := b.change(root.ID, in); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionPasswordChanged, root.ID, root.ID)
	wantActivity(t, s, book.ActionDeveloperDisabled, root.ID, root.ID)
	if b.who() != "" {
		t.Error("somebody disabled is signed in")
	}
}

func TestChangeNames(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, ada := s.Developer("Root", account.Admin), s.Developer("Ada", account.Member)
	admin := signedIn(t, s, root)
	got, err := admin.change(ada.ID, door.DeveloperChange{Name: ptr("  Ada L. "), Skills: ptr([]string{"go, sql"}), Role: ptr(account.Admin)})
	if err != nil || got.Name != "Ada L." || !slices.Equal(got.Skills, []string{"go", "sql"}) || got.Role != account.Admin {
		t.Errorf("%+v, %v", got, err)
	}
	wantActivity(t, s, book.ActionDeveloperUpdated, root.ID, ada.ID)
	if e := wantActivity(t, s, book.ActionNameChanged, root.ID, ada.ID); e.Text != "Ada" || e.TargetName != "Ada L." {
		t.Errorf("the name %q became %q", e.Text, e.TargetName)
	}
	if e := wantActivity(t, s, book.ActionRoleChanged, root.ID, ada.ID); e.Text != "member → admin" {
		t.Errorf("%q", e.Text)
	}
	_, err = admin.change(ada.ID, door.DeveloperChange{Name: ptr(""), Skills: ptr([]string{"a\x00"}), Role: ptr(account.Role("root"))})
	if f := wantKind(t, err, fault.Invalid); len(f.Fields) != 3 {
		t.Errorf("fields %v", f.Fields)
	}
	_, err = admin.change("000000000000000000000000", door.DeveloperChange{Name: ptr("X")})
	wantKind(t, err, fault.NotFound)

	self := signedIn(t, s, ada)
	_, err = self.change(ada.ID, door.DeveloperChange{Email: ptr("ROOT@example.org"), CurrentPassword: sitetest.Password})
	if f := wantKind(t, err, fault.Invalid); f.Fields[0].Name != "email" {
		t.Errorf("somebody else's address: %v", f.Fields)
	}
}

func TestDevelopers(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	for _, name := range []string{"Ada", "Bob", "Cleo"} {
		s.Developer(name, account.Member)
	}
	first, err := s.Door.Developers(t.Context(), "", 2)
	if err != nil || len(first) != 2 {
		t.Fatalf("%d, %v", len(first), err)
	}
	rest, err := s.Door.Developers(t.Context(), first[1].ID, 2)
	if err != nil || len(rest) != 1 || rest[0].ID <= first[1].ID {
		t.Errorf("%v, %v", rest, err)
	}
	for _, after := range []string{"x", "00000000000000000000000G", "' OR 1=1"} {
		if _, err := s.Door.Developers(t.Context(), after, 2); !fault.Is(err, fault.Malformed) {
			t.Errorf("%q: %v", after, err)
		}
	}
}

// TestOutage: a database that does not answer is Busy with a cause for the log and none in the
// public text.
func TestOutage(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	b.visit(func(ctx context.Context, v *door.Visit) {
		faults.Plan(1, -1, sitetest.Error)
		defer faults.Plan(0, 0, "")
		calls := map[string]error{
			"identify": s.Door.Identify(ctx, v),
			"change":   second(s.Door.ChangeDeveloper(ctx, v, ada.ID, door.DeveloperChange{Name: ptr("X")})),
			"register": second(s.Door.Register(ctx, v, newcomer("Eve"))),
			"sign in":  second(s.Door.SignIn(ctx, v, door.Credentials{Email: ada.Email, Password: sitetest.Password})),
			"plot":     second(s.Door.Plot(ctx)),
			"reset":    second(s.Door.ResetPassword(ctx, v, ada.Email, newPassword)),
		}
		_, _, calls["entries"] = s.Door.Entries(ctx, v, book.Query{Limit: 1})
		for name, err := range calls {
			f := fault.From(err)
			if f == nil || f.Kind != fault.Busy || f.RetryAfter <= 0 || !errors.Is(err, sitetest.ErrFault) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestRolesTakeRecentSignIn: nobody makes an admin, unmakes or disables one, with a session that was left
// alone, by whichever way; a name they change as ever. Guard: proveRecent.
func TestRolesTakeRecentSignIn(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	admin := signedIn(t, s, root)
	s.Clock.Turn(door.Recent + time.Second)
	add := func(name string, role account.Role, password string) (err error) {
		admin.visit(func(ctx context.Context, v *door.Visit) {
			_, err = s.Door.AddDeveloper(ctx, v, newcomer(name), role, password)
		})
		return err
	}
	for _, password := range []string{"", "not the right one at all"} {
		_, err := admin.change(bob.ID, door.DeveloperChange{Role: new(account.Admin), CurrentPassword: password})
		if f := wantKind(t, err, fault.Invalid); len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("a role with %q: %v", password, err)
		}
		_, err = admin.change(bob.ID, door.DeveloperChange{Disabled: new(true), CurrentPassword: password})
		if f := wantKind(t, err, fault.Invalid); len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("disabling with %q: %v", password, err)
		}
		f := wantKind(t, add("Eve", account.Admin, password), fault.Invalid)
		if len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("an admin with %q: %v", password, f)
		}
	}
	_, named := admin.change(bob.ID, door.DeveloperChange{Name: new("Robert")})
	_, made := admin.change(bob.ID, door.DeveloperChange{Role: new(account.Admin), CurrentPassword: sitetest.Password})
	_, off := admin.change(bob.ID, door.DeveloperChange{Disabled: new(true), CurrentPassword: sitetest.Password})
	for _, err := range []error{named, made, off, add("Mia", account.Member, ""), add("Eve", account.Admin, sitetest.Password)} {
		if err != nil {
			t.Error(err)
		}
	}
}
