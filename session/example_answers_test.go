package session_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// The code of the section "Answers" in docs/sessions.md stands here, so that it compiles and does
// what it says there.

// TestAnswers: each block of code of that section is in this file, line by line.
func TestAnswers(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/sessions.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.ReadFile("example_answers_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "\n## Answers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?s)```go\n(.+?)```").FindAllStringSubmatch(section, -1)
	if len(blocks) < 7 {
		t.Fatalf("%d blocks", len(blocks))
	}
	spaces := regexp.MustCompile(`\s+`)
	compiled := spaces.ReplaceAllString(string(here), " ")
	for _, block := range blocks {
		if !strings.Contains(compiled, strings.TrimSpace(spaces.ReplaceAllString(block[1], " "))) {
			t.Errorf("this is in the guide and not in the test:\n%s", block[1])
		}
	}
}

// newAnswers gives a Manager for an answer, and its clock.
func newAnswers(changes ...func(*session.Config)) (*session.Manager, *sessiontest.Clock) {
	clock := sessiontest.NewClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	c := session.Config{Home: session.Home{Store: memstore.New(memstore.Config{})}, Now: clock.Now}
	for _, change := range changes {
		change(&c)
	}
	sessions, err := session.New(c)
	if err != nil {
		log.Fatal(err)
	}
	return sessions, clock
}

// page is a handler that uses its session.
func page(sessions *session.Manager, h func(http.ResponseWriter, *http.Request, *session.Session)) *visitor {
	return &visitor{handler: sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(w, r, session.From(r.Context()))
	}))}
}

// One session shall end earlier than the others.
func ExampleConfig_valid() {
	const ends session.Key[time.Time] = "ends"

	var clock *sessiontest.Clock
	now := func() time.Time { return clock.Now() }
	sessions, clock := newAnswers(func(config *session.Config) {
		config.Valid = func(_ context.Context, s *session.Session) (bool, error) {
			end, ok := ends.Get(s)
			return !ok || now().Before(end), nil
		}
	})
	browser := page(sessions, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if r.URL.Path == "/login" {
			s.SignIn("ada")
			ends.Set(s, now().Add(15*time.Minute))
		}
		fmt.Fprint(w, s.Subject())
	})
	browser.get("/login")
	clock.Advance(14 * time.Minute)
	browser.get("/")
	clock.Advance(2 * time.Minute)
	browser.get("/")
	// Output:
	// /login: 200 ada
	// /: 200 ada
	// /: 200
}

// A lifetime is said whole.
func ExampleLifetime() {
	config := session.Config{
		Lifetime: session.Lifetime{Idle: 8 * time.Hour, Absolute: 24 * time.Hour},
	}
	_, err := session.New(config)
	fmt.Println("both:", err)
	config.Lifetime = session.Lifetime{Idle: 8 * time.Hour}
	_, err = session.New(config)
	fmt.Println("one alone is refused:", err != nil)
	// Output:
	// both: <nil>
	// one alone is refused: true
}

// A guest whom the browser remembers, and who becomes somebody.
func ExampleSession_SignInRemembered() {
	const cart session.Key[[]string] = "cart"

	sessions, clock := newAnswers()
	browser := page(sessions, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		switch r.URL.Path {
		case "/add":
			if s.Subject() == "" {
				s.SignInRemembered("guest:" + rand.Text())
			}
			cart.Update(s, func(old []string) []string { return append(old, r.FormValue("what")) })
		case "/login":
			kept, ok := cart.Get(s) // a guest's, which another subject does not get by itself
			s.SignIn("ada")
			if ok {
				cart.Set(s, kept)
			}
		}
		guest := strings.HasPrefix(s.Subject(), "guest:") // to a guard somebody who is signed in
		things, _ := cart.Get(s)
		fmt.Fprint(w, things, " guest: ", guest)
	})
	browser.get("/add?what=tea")
	clock.Advance(3 * 24 * time.Hour)
	browser.get("/add?what=jam")
	browser.get("/login")
	// Output:
	// /add?what=tea: 200 [tea] guest: true
	// /add?what=jam: 200 [tea jam] guest: true
	// /login: 200 [tea jam] guest: false
}

// Names that people give to their devices.
func ExampleManager_List() {
	sessions, _ := newAnswers()
	devices := map[session.ID]string{} // a table of the program's
	browser := page(sessions, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if r.URL.Path == "/login" {
			s.SignIn("ada")
			if s.Save() == nil { // from here on there is an id, which a renewal leaves
				id, _ := s.ID()
				devices[id] = r.FormValue("device")
			}
			return
		}
		list, err := sessions.List(r.Context(), s.Subject())
		for _, i := range list {
			fmt.Fprintf(w, "%s (%s)", devices[i.ID], i.UserAgent)
		}
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	browser.get("/login?device=phone")
	browser.get("/sessions")
	// Output:
	// /login?device=phone: 200
	// /sessions: 200 phone (Example/1)
}

// A counter that begins anew after a while.
func ExampleKey_Update_timed() {
	type attempts struct {
		N    int
		Ends time.Time
	}
	const tries session.Key[attempts] = "tries"

	sessions, clock := newAnswers()
	browser := page(sessions, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		now := clock.Now()
		a := tries.Update(s, func(old attempts) attempts {
			if !now.Before(old.Ends) {
				old = attempts{Ends: now.Add(15 * time.Minute)}
			}
			old.N++
			return old
		})
		fmt.Fprint(w, a.N)
	})
	browser.get("/")
	browser.get("/")
	clock.Advance(16 * time.Minute)
	browser.get("/")
	// Output:
	// /: 200 1
	// /: 200 2
	// /: 200 1
}

// Users who are numbers, or bytes.
func ExampleSession_Subject() {
	sessions, _ := newAnswers()
	number, uuid := int64(42), [16]byte{0xfe, 0xed}
	browser := page(sessions, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		switch r.URL.Path {
		case "/number":
			s.SignIn(strconv.FormatInt(number, 10))
			id, err := strconv.ParseInt(s.Subject(), 10, 64)
			fmt.Fprint(w, id, err)
		case "/uuid":
			s.SignIn(hex.EncodeToString(uuid[:]))
			id, err := hex.DecodeString(s.Subject())
			fmt.Fprint(w, len(id), err)
		}
	})
	browser.get("/number")
	browser.get("/uuid")
	// Output:
	// /number: 200 42 <nil>
	// /uuid: 200 16 <nil>
}

// A session without a request.
func ExampleManager_Open() {
	sessions, _ := newAnswers()
	ctx := context.Background()
	call := func(key string) (reply string, err error) { // an RPC, say
		s := sessions.Open(ctx, key)
		if s.Subject() == "" {
			s.SignIn("ada")
		}
		if err := s.Save(); err != nil {
			return key, err
		}
		return s.Key(), nil
	}
	first, err := call("")
	again, err2 := call(first)
	fmt.Println(first != "", again == first, err, err2)
	// Output: true true <nil> <nil>
}

// Where tests called Load: a request that is signed in, and what a handler left behind.
func ExampleManager_Handler() {
	t := new(testing.T) // in a test: its own
	const theme session.Key[string] = "theme"

	sessions := sessiontest.New(t)
	h := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		theme.Set(session.From(r.Context()), "dark")
	}))

	r := sessiontest.SignedIn(t, sessions, httptest.NewRequest("POST", "/theme", nil), "ada")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	sessiontest.Inspect(t, sessions, sessiontest.Next(r, rec.Result(), "GET", "/"), func(s *session.Session) {
		got, _ := theme.Get(s)
		fmt.Println(s.Subject(), got)
	})
	// Output: ada dark
}
