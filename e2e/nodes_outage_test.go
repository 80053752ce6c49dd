package e2e_test

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// The name and the password of the database's user, which nobody may get to see.
const (
	databaseUser     = "canary-operator-7731"
	databasePassword = "canary/pass:5512@plum"
)

// TestDatabaseAway takes the database away in two ways: it answers nothing any more, and it is
// gone. Readiness says so, every page is answered, nothing leaks; when it is back, everything goes
// on without a restart, nobody was signed out, and what the book has lost is counted.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	f := rig.StartFerret(t)
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_DATABASE=" + f.URL(databaseUser, databasePassword, "away")}})
	ada := s.Admin()
	ready(t, s)
	var answers []rig.Answer
	for _, way := range []struct {
		name       string
		away, back func()
	}{
		{"silent", func() { f.Signal(syscall.SIGSTOP) }, func() { f.Signal(syscall.SIGCONT) }},
		{"gone", func() { f.Kill() }, func() { f.Again() }},
	} {
		t.Run(way.name, func(t *testing.T) {
			way.away()
			notReady(t, s)
			answers = append(answers, away(t, s, ada)...)
			way.back()
			ready(t, s)
			isIn(t, ada, []rig.Place{s}, "Ada")
			if a := s.Client().SignIn("ada@example.org", rig.Password); a.Status != 303 {
				t.Errorf("signing in afterwards: %d", a.Status)
			}
			a := ada.Get("/?afterwards=" + way.name)
			if found := countRequest(t, ada, a.RequestID()); found != 1 {
				t.Errorf("a request afterwards has %d entries", found)
			}
		})
	}
	lost := 0
	for _, a := range answers {
		if countRequest(t, ada, a.RequestID()) == 0 {
			lost++
		}
	}
	counted := regexp.MustCompile(`"the book is written again","dropped_since_start":(\d+)`).FindAllStringSubmatch(s.Stderr(), -1)
	if len(counted) == 0 {
		t.Fatalf("the log does not say that the book is written again: %s", s.Stderr())
	}
	if n, _ := strconv.Atoi(counted[len(counted)-1][1]); n < lost || lost == 0 {
		t.Errorf("%d entries are counted as dropped, %d of the answered requests have none", n, lost)
	}
	noLeak(t, f, s, answers)
	if code := s.Stop(); code != 0 { // before its database does
		t.Errorf("exit code %d", code)
	}
}

// ready waits until the program says that it is ready.
func ready(t *testing.T, s *rig.Server) {
	t.Helper()
	c := s.Client()
	if !rig.Until(func() bool { return c.Get("/readyz").Status == http.StatusOK }) {
		t.Fatalf("it does not get ready: %s", c.Get("/readyz").Body)
	}
}

// notReady waits until the program says that it is not; that it is alive it says all the time.
func notReady(t *testing.T, s *rig.Server) {
	t.Helper()
	c := s.Client()
	var a rig.Answer
	if !rig.Until(func() bool { a = c.Get("/readyz"); return a.Status == http.StatusServiceUnavailable }) {
		t.Errorf("ready without a database: %d", a.Status)
	}
	if !regexp.MustCompile(`^not ready: (a database|the book) cannot be written\n$`).MatchString(a.Body) {
		t.Errorf("readiness says %q", a.Body)
	}
	if a := c.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("liveness: %d", a.Status)
	}
}

func countRequest(t *testing.T, ada *rig.Client, id string) (n int) {
	t.Helper()
	for _, e := range entries(t, ada, "&type=request") {
		if e.RequestID == id {
			n++
		}
	}
	return n
}

// away asks for everything while there is no database.
func away(t *testing.T, s *rig.Server, ada *rig.Client) (answers []rig.Answer) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	form := s.Client()
	ask := func(what string, c *rig.Client, method, path, body string, want int, says string) {
		all.Go(func() {
			a, err := c.Do(method, path, body, rig.URLEncoded())
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, a)
			if err != nil || a.Status != want || !strings.Contains(a.Body, says) {
				t.Errorf("%s: %d %v, want %d and %q: %s", what, a.Status, err, want, says, a.Body)
			}
			if want == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
				t.Errorf("%s: it does not say when to come again", what)
			}
		})
	}
	ask("the sign-in page", form, "GET", "/login", "", 200, "csrf_token")
	for range 5 {
		ask("the dashboard", ada.Clone(), "GET", "/", "", 503, "")
		ask("the JSON of the book", ada.Clone(), "GET", "/logs", "", 503, `"status":false`)
	}
	all.Wait()
	login := rig.Fields("email", "ada@example.org", "password", rig.Password)
	for _, a := range answers {
		if token := rig.FormToken(a.Body); token != "" {
			login.Set("csrf_token", token)
		}
	}
	// By now it is known that the book cannot be written, so that nobody waits for it.
	ask("signing in", form, "POST", "/auth/login", login.Encode(), 503, "")
	ask("the dashboard, later", ada.Clone(), "GET", "/", "", 503, "")
	all.Wait()
	return answers
}

// noLeak searches what people and operators get to see, and what is kept, for what opens the
// database.
func noLeak(t *testing.T, f *rig.Ferret, s *rig.Server, answers []rig.Answer) {
	t.Helper()
	texts := map[string]string{"stdout": s.Stdout(), "stderr": s.Stderr()}
	for _, name := range f.Files() {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for what, text := range texts {
		for _, hit := range rig.Found([]byte(text), rig.Disguises(databasePassword)) {
			t.Errorf("%s holds the database's password as %q", what, hit)
		}
	}
	for _, a := range answers {
		for _, part := range []string{databaseUser, databasePassword, "mongo", "ferretdb", "sock", "connection", "deadline"} {
			if strings.Contains(strings.ToLower(a.Body), part) {
				t.Errorf("an answer (%d) holds %q: %s", a.Status, part, a.Body)
			}
		}
	}
}

// TestNoDatabase: with no database there is no start, and a sentence that says why.
func TestNoDatabase(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"nobody listens": "mongodb://" + databaseUser + ":canary%2Fpass%3A5512%40plum@" + rig.FreeAddr(t) + "/away",
		"not an address": "mongodb://" + databaseUser + ":" + databasePassword + "/away",
	} {
		r := rig.Run(t, []string{"DOORBOOK_DATABASE=" + url, "DOORBOOK_DATA=" + t.TempDir()}, "", "serve", "--addr", "127.0.0.1:0")
		if r.Code == 0 || !strings.HasPrefix(r.Stderr, "doorbook: ") || len(rig.Found([]byte(r.Stdout+r.Stderr), rig.Disguises(databasePassword))) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
		t.Logf("%s: %d %s", name, r.Code, r.Stderr)
	}
}
