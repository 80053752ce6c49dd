package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// besideImport copies the installation into SQLite, as often as one likes, and signs in there.
func besideImport(t *testing.T, b *rig.Beside, database string) {
	flaskRegisters(t, b, "Jo", "jo@example.org")
	dir := filepath.Join(t.TempDir(), "data")
	run := func(args ...string) string {
		t.Helper()
		r := rig.Run(t, []string{"DOORBOOK_DATA=" + dir}, "", append([]string{"import", "flask", "--from", database, "--admin", "ada@example.org"}, args...)...)
		if r.Code != 0 {
			t.Fatalf("import %v: %+v", args, r)
		}
		return r.Stdout
	}
	if said := run("--dry-run"); !strings.Contains(said, "developers: 8 read, 8 would be copied, 0 there already, 0 refused") {
		t.Errorf("a dry run says: %s", said)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a dry run has made %s: %v", dir, err)
	}
	rig.Start(t, rig.Options{Dir: dir}).Stop() // which makes the installation
	if said := run(); !strings.Contains(said, "developers: 8 read, 8 copied, 0 there already, 0 refused") {
		t.Errorf("the first run says: %s", said)
	}
	said := run()
	again := regexp.MustCompile(`logs: (\d+) read, 0 copied, (\d+) there already, 0 refused`).FindStringSubmatch(said)
	if !strings.Contains(said, "developers: 8 read, 0 copied, 8 there already, 0 refused") || again == nil || again[1] != again[2] {
		t.Errorf("the second run says: %s", said)
	}
	// Into a directory that is in use a dry run writes nothing either.
	flaskRegisters(t, b, "Late", "late@example.org")
	run("--dry-run")
	s := rig.Start(t, rig.Options{Dir: dir})
	if s.Token != "" {
		t.Error("with --admin there is no administrator")
	}
	if got := s.Query(t, "doorbook.db", "SELECT count(*) FROM developers"); got[0] != "8" {
		t.Errorf("%s developers, want 8", got[0])
	}
	for email, password := range map[string]string{
		"jo@example.org": rig.Password, "dora@example.org": rig.Password, "hal@example.org": rig.Password + " anew", "ada@example.org": rig.Password,
	} {
		if a := s.Client().SignIn(email, password); a.Status != 303 {
			t.Errorf("%s, with the password from before: %d, want 303", email, a.Status)
		}
	}
	hashes := s.Query(t, "doorbook.db", "SELECT password_hash FROM developers WHERE email_key IN ('jo@example.org', 'dora@example.org')")
	for _, hash := range hashes {
		if !strings.HasPrefix(hash, "$argon2id$") {
			t.Errorf("after signing in the hash is %s", hash)
		}
	}
	// Entries of both sides are there, once each, and in the order of their ids, whose time is in
	// seconds. (SQLite's own are in the order in which they were written down.)
	ada := s.Client()
	ada.SignIn("ada@example.org", rig.Password)
	counted := map[string]int{}
	var last time.Time
	for _, e := range readBook(t, func(int) *rig.Client { return ada }, 100, time.Hour) {
		if !strings.HasPrefix(e.URL, "/flask-") && !strings.HasPrefix(e.URL, "/door-") {
			continue
		}
		counted[e.URL]++
		if at := e.CreatedAt.Truncate(time.Second); !last.IsZero() && at.After(last) {
			t.Errorf("%s of %s comes after an entry of %s", e.URL, at, last)
		} else {
			last = at
		}
	}
	for _, path := range []string{"/flask-0", "/flask-1", "/flask-2", "/door-0", "/door-1", "/door-2"} {
		if counted[path] != 1 {
			t.Errorf("%s was copied %d times", path, counted[path])
		}
	}
}

// besideOff switches Flask off: whoever was signed in stays so, with Doorbook's own cookie, and the
// next sign-in makes the hash a better one.
func besideOff(t *testing.T, b *rig.Beside, database string) {
	flaskRegisters(t, b, "Kim", "kim@example.org")
	const unseen = "begun at Flask, never seen here"
	kim := flaskSignsIn(t, b, "kim@example.org", rig.Password)
	begun := map[string]*rig.Client{
		unseen:                      unlike(t, b, kim, "error"),
		"begun at Flask, seen here": unlike(t, b, kim, "activity"),
		"begun here":                b.Client(),
	}
	begun["begun here"].SignIn("kim@example.org", rig.Password)
	knows(t, begun["begun at Flask, seen here"], "Kim")
	out := unlike(t, b, kim, "request")
	knows(t, out, "Kim")
	ended := out.Clone()
	out.SignOut()

	b.Flask.End()
	b.Restart(t, "DOORBOOK_SESSIONS=store", "DOORBOOK_PASSWORDS=argon2id")
	for what, c := range begun {
		c = c.At(b.Doorbook)
		copied := c.Clone()
		if a := c.Get("/"); a.Status != 200 || !strings.Contains(a.Body, "Welcome Kim") {
			t.Errorf("%s: %d to %q, cookies %q", what, a.Status, a.Location(), c.Cookies())
		}
		if a := c.Get("/logs"); a.Status != 200 {
			t.Errorf("%s: /logs %d", what, a.Status)
		}
		// One that is known gets its cookie when its use is written down next: within a minute.
		if what == unseen && (c.Cookie(sessionCookie) == "" || c.Cookie("session") != "") {
			t.Errorf("%s: the browser has %q, want Doorbook's cookie in exchange", what, c.Cookies())
		}
		if a := c.SignOut(); a.Status != 303 {
			t.Errorf("%s: sign out: %d", what, a.Status)
		}
		if a := copied.Get("/"); a.Status != 303 {
			t.Errorf("%s: a copy of Flask's cookie after signing out: %d, want 303", what, a.Status)
		}
	}
	if a := ended.At(b.Doorbook).Get("/"); a.Status != 303 {
		t.Errorf("a session that was ended before: %d, want 303", a.Status)
	}
	if got := storedHash(t, database, "kim@example.org"); strings.HasPrefix(got, "$argon2id$") {
		t.Errorf("the hash before anybody signs in: %s", got)
	}
	c := b.Client().At(b.Doorbook)
	if a := c.SignIn("kim@example.org", rig.Password); a.Status != 303 {
		t.Errorf("sign in: %d", a.Status)
	}
	if got := storedHash(t, database, "kim@example.org"); !strings.HasPrefix(got, "$argon2id$") {
		t.Errorf("the hash after signing in: %s", got)
	}
	if c.Cookie("session") != "" || c.Cookie(sessionCookie) == "" {
		t.Errorf("cookies %q", c.Cookies())
	}
}
