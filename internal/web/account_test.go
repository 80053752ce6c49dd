package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const better = "marble fox dances at noon"

// profile is the form of the account as its page shows it, with some fields changed.
func profile(t *testing.T, v *sitetest.Visitor, changes ...string) url.Values {
	t.Helper()
	a, form := v.Get("/account"), url.Values{}
	wantPage(t, a, 200, "Your account", "Role", "Groups")
	for _, name := range []string{"name", "email", "short_name", "skills"} {
		text, ok := value(a, name)
		if !ok && name != "short_name" {
			t.Errorf("no %s on the page", name)
		}
		form.Set(name, text)
	}
	if text, ok := value(a, "current_password"); ok {
		t.Errorf("the password field holds %q", text)
	}
	form.Set("current_password", "")
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// TestAccount: the page as it was sent changes nothing; a name needs no password, an address and a
// short name do; what was typed is kept, but for the password.
func TestAccount(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	groups := []string{"builders", "night shift"}
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{Groups: &groups}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	v, other := s.SignedIn(ada), s.SignedIn(bob)
	wantPage(t, v.Get("/account"), 200, "member", "builders", "night shift", "just now", `href="/account/close"`, `href="/account/data"`)
	wantRedirect(t, v.Post("/account", profile(t, v)), "/account")
	wantRedirect(t, v.Post("/account", profile(t, v, "name", "Ada Lovelace", "skills", "sql, go")), "/account")
	if got := flashes(v.Get("/account")); len(got) != 1 || got[0] != "Your account is saved." {
		t.Errorf("told: %q", got)
	}
	a := v.Post("/account", profile(t, v, "email", "lovelace@example.org", "short_name", "Ada.L"))
	wantPage(t, a, 422, "Please enter your password.", `href="#current_password"`)
	for name, want := range map[string]string{"email": "lovelace@example.org", "short_name": "Ada.L", "name": "Ada Lovelace"} {
		if got, _ := value(a, name); got != want {
			t.Errorf("%s shows %q", name, got)
		}
	}
	a = v.Post("/account", profile(t, v, "email", "lovelace@example.org", "current_password", wrong))
	wantPage(t, a, 422, "The current password is not right.")
	if strings.Contains(a.Body, wrong) {
		t.Error("the page repeats the password")
	}
	wantRedirect(t, v.Post("/account", profile(t, v, "email", "lovelace@example.org", "short_name", "Ada.L", "current_password", sitetest.Password)), "/account")
	d, err := s.DB.Accounts().ByID(t.Context(), ada.ID)
	if err != nil || d.Name != "Ada Lovelace" || d.Email != "lovelace@example.org" || d.ShortName != "ada.l" || strings.Join(d.Skills, " ") != "sql go" {
		t.Errorf("%+v, %v", d, err)
	}
	for field, form := range map[string]url.Values{
		"short_name": profile(t, other, "short_name", "ADA.L", "current_password", sitetest.Password),
		"email":      profile(t, other, "email", "Lovelace@Example.org", "current_password", sitetest.Password),
		"name":       profile(t, other, "name", " "),
	} {
		wantPage(t, other.Post("/account", form), 422, `href="#`+field+`"`)
	}
	wantPage(t, other.Post("/account", profile(t, other, "short_name", "1b", "current_password", sitetest.Password)), 422, "begins with a letter")
}

// TestOddNames: joiners and the other direction stand as they are; what is hidden is refused.
func TestOddNames(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	for _, name := range []string{"علی\u200cرضا", "👩\u200d👧 Ann", "שרה כהן", strings.Repeat("W", 100)} {
		wantRedirect(t, v.Post("/account", profile(t, v, "name", name)), "/account")
		if got, _ := value(v.Get("/account"), "name"); got != name {
			t.Errorf("%q is shown as %q", name, got)
		}
		v.Get("/")
	}
	for _, name := range []string{"a\u202eb", strings.Repeat("W", 101), "a\x00b"} {
		if a := v.Post("/account", profile(t, v, "name", name)); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", name, a.Status)
		}
	}
}

// TestNewPassword: the page names what ends, and what it says afterwards is so.
func TestNewPassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here := signedInWith(t, s, ada, firefox)
	wantPage(t, here.Get("/account/password"), 200, "You are signed in only here", "At least 15 characters", `autocomplete="new-password"`, `value="ada@example.org"`)
	phone, curl := signedInWith(t, s, ada, iPhone), signedInWith(t, s, ada, "curl/8.5.0")
	wantPage(t, here.Get("/account/password"), 200, "your 2 other devices", "Safari on iPhone", "Program curl", `href="/forgot-password"`)
	for problem, form := range map[string]url.Values{
		"Please enter your password.":        {"password": {better}},
		"The current password is not right.": {"password": {better}, "current_password": {wrong}},
		"15 characters":                      {"password": {"short one"}, "current_password": {sitetest.Password}},
	} {
		a := here.Post("/account/password", form)
		wantPage(t, a, 422, problem, "Safari on iPhone")
		if strings.Contains(a.Body, better) || strings.Contains(a.Body, wrong) || strings.Contains(a.Body, "short one") {
			t.Error("the page repeats a password")
		}
	}
	if phone.Get("/").Status != http.StatusOK {
		t.Fatal("a refused change signs out")
	}
	wantRedirect(t, here.Post("/account/password", url.Values{"password": {better}, "current_password": {sitetest.Password}}), "/account")
	if got := flashes(here.Get("/account")); len(got) != 1 || got[0] != "Your password is changed. 2 other devices are signed out." {
		t.Errorf("told: %q", got)
	}
	for _, v := range []*sitetest.Visitor{phone, curl} {
		wantRedirect(t, v.Get("/account"), "/login?next=%2Faccount")
	}
	if a := s.Visitor().SignIn(ada.Email, better); a.Status != http.StatusSeeOther {
		t.Errorf("signing in with it: %d", a.Status)
	}
}

// TestThiefCannotKeep: a thief of a session, who has not the password, neither changes nor closes
// anything that is the owner's; and the owner's new password ends the thief's session.
func TestThiefCannotKeep(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	owner := s.SignedIn(ada)
	thief := s.SignedIn(ada).Clone()
	wantPage(t, thief.Post("/account/password", url.Values{"password": {better}, "current_password": {wrong}}), 422)
	wantPage(t, thief.Post("/account/close", nil), 422)
	wantPage(t, thief.Post("/account", profile(t, thief, "email", "thief@example.org")), 422)
	s.Clock.Turn(11 * time.Minute)
	if a := thief.JSON("DELETE", "/developers/"+ada.ID, ""); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the thief closes the account: %d", a.Status)
	}
	if a := thief.Get("/account/data"); a.Header.Get("Content-Disposition") != "" {
		t.Error("the thief takes the data")
	}
	wantRedirect(t, owner.Post("/account/password", url.Values{"password": {better}, "current_password": {sitetest.Password}}), "/account")
	wantRedirect(t, thief.Get("/"), "/login")
}

// TestOwnFile: one file, JSON, with profile, sessions, devices and all entries that are theirs, and
// no secret; entered in the book.
func TestOwnFile(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	v := signedInWith(t, s, ada, firefox)
	signedInWith(t, s, ada, iPhone)
	s.SignedIn(root)
	var list []book.Entry
	now := s.Clock.Now()
	for i := range 450 { // more than two pages, and as many of somebody else
		list = append(list, book.Entry{
			ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: "/seen", Status: 200, User: []string{ada.ID, root.ID}[i%2],
		})
	}
	if err := s.DB.Entries().Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	a := v.Get("/account/data")
	if a.Status != 200 || a.Header.Get("Content-Type") != "application/json; charset=utf-8" ||
		a.Header.Get("Content-Disposition") != `attachment; filename="doorbook-`+ada.ID+`.json"` || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %v", a.Status, a.Header)
	}
	var file struct {
		Profile  map[string]any
		Sessions []map[string]any
		Ended    []map[string]any
		Devices  []map[string]any
		Entries  []map[string]any
	}
	a.JSON(t, &file)
	if file.Profile["email"] != ada.Email || len(file.Sessions) != 2 || len(file.Devices) != 2 || len(file.Entries) < 225 {
		t.Errorf("profile %v, %d sessions, %d devices, %d entries", file.Profile, len(file.Sessions), len(file.Devices), len(file.Entries))
	}
	seen := map[any]bool{}
	for _, e := range file.Entries {
		if e["user"] != ada.ID || seen[e["id"]] {
			t.Fatalf("an entry of somebody else, or twice: %v", e)
		}
		seen[e["id"]] = true
	}
	secrets := []string{ada.PasswordHash, sitetest.HashPrefix, sitetest.Password}
	for name, cookie := range v.Cookies {
		if _, mac, ok := strings.Cut(cookie, "."); ok {
			secrets = append(secrets, mac)
		}
		secrets = append(secrets, v.Cookies[name])
	}
	for _, secret := range secrets {
		if strings.Contains(a.Body, secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	if e := s.Activities(book.ActionDataTaken); len(e) != 1 || e[0].User != ada.ID {
		t.Errorf("entered: %+v", e)
	}
	if a := v.Do(http.MethodHead, "/account/data", ""); a.Status != 200 || a.Body != "" {
		t.Errorf("HEAD: %d, %d bytes", a.Status, len(a.Body))
	}
	s.Clock.Turn(11 * time.Minute)
	wantPage(t, v.Get("/account/data"), 200, "Download your data?", `name="current_password"`)
	wantPage(t, v.Post("/account/data", nil), 422, "Please enter your password.")
	wantPage(t, v.Post("/account/data", url.Values{"current_password": {wrong}}), 422, "not right")
	if a := v.Post("/account/data", url.Values{"current_password": {sitetest.Password}}); !json.Valid([]byte(a.Body)) || a.Header.Get("Content-Disposition") == "" {
		t.Errorf("with the password: %d, %v", a.Status, a.Header)
	}
}

// pieces is a client that is told how large each piece of an answer is.
type pieces struct {
	header http.Header
	sizes  []int
}

func (p *pieces) Header() http.Header { return p.header }
func (p *pieces) WriteHeader(int)     {}
func (p *pieces) Write(b []byte) (int, error) {
	p.sizes = append(p.sizes, len(b))
	return len(b), nil
}

// TestOwnFileInPieces: however many entries there are, no more than a page of them is held at once.
// Guard: api/data.go, listWriter.
func TestOwnFileInPieces(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	now := s.Clock.Now()
	for range 5 {
		var list []book.Entry
		for range 1000 {
			list = append(list, book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: "/seen", Status: 200, User: ada.ID})
		}
		if err := s.DB.Entries().Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/account/data", nil)
	r.Host = sitetest.Host
	for name, value := range v.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := &pieces{header: http.Header{}}
	s.Handler.ServeHTTP(w, r)
	if len(w.sizes) < 5000/door.MaxPage || slices.Max(w.sizes) > door.MaxPage<<10 {
		t.Errorf("%d pieces, the largest of %d bytes", len(w.sizes), slices.Max(w.sizes))
	}
}

// TestOwnFileBreaksOff: what cannot be read to its end is no whole file.
func TestOwnFileBreaksOff(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	var list []book.Entry
	now := s.Clock.Now()
	for range 450 {
		list = append(list, book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: "/seen", Status: 200, User: ada.ID})
	}
	if err := s.DB.Entries().Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	faults.Only("entries.Find", sitetest.Error)
	if a := v.Get("/account/data"); a.Status != http.StatusServiceUnavailable || a.Header.Get("Content-Disposition") != "" {
		t.Errorf("before its first byte: %d, %v", a.Status, a.Header)
	}
	faults.Only("", "")
	faults.Plan(0, 0, "")
	v.Get("/account/data")
	last := 0
	for i, call := range faults.Calls() {
		if call == "entries.Find" {
			last = i + 1
		}
	}
	faults.Plan(last, 1, sitetest.Error)
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("a file that broke off looks like a whole one")
		}
	}()
	v.Get("/account/data")
}

// TestClose: the page says what happens; then they are signed out everywhere, and what was theirs
// opens nothing.
func TestClose(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	v, phone, admin := s.SignedIn(ada), s.SignedIn(ada), s.SignedIn(root)
	wantPage(t, v.Get("/account/close"), 200, "Close your account?", "signed out everywhere", "<bdi>Ada</bdi> (deleted)", "cannot be undone", `name="current_password"`)
	wantPage(t, v.Post("/account/close", nil), 422, "Please enter your password.")
	wantPage(t, v.Post("/account/close", url.Values{"current_password": {wrong}}), 422, "The current password is not right.")
	a := v.Post("/account/close", url.Values{"current_password": {sitetest.Password}})
	wantRedirect(t, a, "/login")
	if a.Header.Get("Clear-Site-Data") == "" {
		t.Error("the browser keeps the pages")
	}
	if got := flashes(v.Get("/login")); len(got) != 1 || got[0] != "Your account is closed, and you are signed out everywhere." {
		t.Errorf("told: %q", got)
	}
	wantRedirect(t, phone.Get("/"), "/login")
	wantPage(t, s.Visitor().SignIn(ada.Email, sitetest.Password), 422, "not right")
	wantPage(t, admin.Get("/"), 200, `<bdi>Ada</bdi> <span class="gone">(deleted)</span>`)
}

// TestLastAdminStays: the page says why, and what to do.
func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.SignedIn(s.Developer("Root", account.Admin))
	wantPage(t, root.Get("/account/close"), 200, "The last one cannot leave")
	a := root.Post("/account/close", url.Values{"current_password": {sitetest.Password}})
	wantPage(t, a, http.StatusConflict, "This is the last administrator. Make somebody else one first.", `role="alert"`)
	if root.Get("/").Status != http.StatusOK {
		t.Error("signed out all the same")
	}
}

// TestForgotten: whoever asks is told the same, and nobody is looked up.
func TestForgotten(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	s.Developer("Root", account.Admin)
	wantPage(t, s.Visitor().Get("/login"), 200, `href="/forgot-password"`)
	faults.Plan(0, 0, "")
	v := s.Visitor()
	a := v.Get("/forgot-password?email=" + ada.Email)
	wantPage(t, a, 200, "Ask an administrator", "30 minutes", "doorbook user password-link EMAIL", `href="/login"`)
	if strings.Contains(a.Body, ada.Email) {
		t.Error("the page repeats an address")
	}
	for _, call := range faults.Calls() {
		if strings.HasPrefix(call, "accounts.By") {
			t.Errorf("the page asks %s", call)
		}
	}
	wantPage(t, s.SignedIn(ada).Get("/forgot-password"), 200, `href="/account/password"`)
	wantRedirect(t, v.Get("/.well-known/change-password"), "/account/password")
}

// TestAccountBelow: links and forms have the site's prefix.
func TestAccountBelow(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.URL = sitetest.URL + "/in/door" })
	ada := s.Developer("Ada", account.Member)
	v := s.SignedInAt("/in/door", ada)
	for _, path := range []string{"/account", "/account/password", "/account/close", "/forgot-password"} {
		a := v.Get("/in/door" + path)
		wantPage(t, a, 200)
		for _, attr := range []string{`href="/`, `action="/`} {
			for rest := range strings.SplitSeq(a.Body, attr) {
				if !strings.HasPrefix(rest, "in/door") && rest != strings.Split(a.Body, attr)[0] {
					t.Errorf("%s: an address outside: %.40s", path, rest)
				}
			}
		}
	}
	wantRedirect(t, v.Post("/in/door/account", url.Values{"name": {"Ada L."}}), "/in/door/account")
	wantRedirect(t, v.Post("/in/door/account/close", url.Values{"current_password": {sitetest.Password}}), "/in/door/login")
}

// TestWrongProofsCount: over all forms together, as for any other proof.
func TestWrongProofsCount(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	free := account.DefaultGuessing().Session.Free + account.DefaultGuessing().Proofs.Free
	forms := []struct {
		path string
		form url.Values
	}{
		{"/account/password", url.Values{"password": {better}}},
		{"/account/close", url.Values{}},
		{"/account", url.Values{"email": {"new@example.org"}}},
	}
	post := func(i int, password string) *sitetest.Answer {
		f := forms[i%len(forms)]
		form := maps.Clone(f.form)
		form.Set("current_password", password)
		return v.Post(f.path, form)
	}
	for i := range free {
		wantPage(t, post(i, wrong), 422, "The current password is not right.")
	}
	for i := range forms {
		if a := post(i, sitetest.Password); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", forms[i].path, a.Status)
		}
	}
}
