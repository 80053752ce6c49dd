package session_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P2: logout is final.

// inFlight are the things that a slow request may be about to do with a session it has read.
var inFlight = []struct {
	name   string
	writes bool
	work   func(*session.Session)
}{
	{"read", false, func(s *session.Session) { s.Subject() }}, // and a touch, because the clock has moved
	{"set", true, func(s *session.Session) { city.Set(s, "Oslo") }},
	{"update", true, func(s *session.Session) { count.Update(s, func(n int) int { return n + 1 }) }},
	{"flash", true, func(s *session.Session) { s.Flash("info", "hello") }},
	{"flashes", true, func(s *session.Session) { s.Flashes() }},
	{"clear", true, (*session.Session).Clear},
	{"renew", true, (*session.Session).Renew},
	{"sign in", true, func(s *session.Session) { s.SignIn("ada") }}, // over a stranger's session: see TestP14DoubleSignIn
}

// A thousand times: a slow request is in flight while the session is ended, in one of three ways
// and at a random moment. Afterwards nothing is left of it, whoever was first.
//
// Guard: retry.go, Session.retry, where a record that is gone is ErrEnded and nothing else;
// memstore/shard.go, shard.find, which is where a patch meets a live record or none.
func TestP02LogoutRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gates := map[string]chan struct{}{}
	var mu sync.Mutex
	w.on("/slow", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		s.Has("anything")
		mu.Lock()
		gate := gates[r.FormValue("gate")]
		mu.Unlock()
		gate <- struct{}{} // loaded
		<-gate             // go on
		for _, f := range inFlight {
			if f.name == r.FormValue("do") {
				f.work(s)
			}
		}
		_, _ = rw.Write([]byte("done"))
	})
	w.on("/flash", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("info", "hello") })
	for round := range 1000 {
		what := inFlight[round%len(inFlight)]
		gate := make(chan struct{})
		mu.Lock()
		gates[fmt.Sprint(round)] = gate
		mu.Unlock()
		b := w.signedIn("ada")
		b.get("/flash")
		w.clock.add(2 * time.Minute) // a touch is due
		thief := b.copy()

		slow := make(chan answer)
		path := "/slow?" + "gate=" + fmt.Sprint(round) + "&do=" + url.QueryEscape(what.name)
		old := b.copy()
		go func() { slow <- old.do(http.MethodPost, path) }()
		<-gate
		first := rand.IntN(3) // the slow request, the logout, or nobody knows
		end := make(chan struct{})
		go func() {
			defer close(end)
			if first == 0 {
				dawdle(50)
			}
			switch round % 3 {
			case 0:
				b.copy().do(http.MethodPost, "/out")
			case 1:
				_, _ = w.m.EndAll(t.Context(), "ada")
			case 2:
				list, _ := w.m.List(t.Context(), "ada")
				for _, i := range list {
					_ = w.m.End(t.Context(), "ada", i.ID)
				}
			}
		}()
		if first == 1 {
			<-end
		}
		gate <- struct{}{}
		a := <-slow
		<-end

		if first == 1 && what.writes {
			check(t, what.name+" after the end: status", a.status, http.StatusUnauthorized)
		}
		if a.status != http.StatusOK && a.header.Get("Set-Cookie") != "" {
			t.Errorf("round %d, %s: a late answer carries %q", round, what.name, a.header["Set-Cookie"])
		}
		for name, cookie := range map[string]string{"old": thief.cookie, "the slow request's": old.cookie} {
			late := &browser{w: w, header: http.Header{}, cookie: cookie}
			if who := late.get("/who").body; who != "" {
				t.Errorf("round %d, %s: %s cookie still opens the session of %q", round, what.name, name, who)
			}
		}
		if n := w.live("ada"); n != 0 {
			t.Fatalf("round %d, %s: %d records came back", round, what.name, n)
		}
	}
}

// While a slow request is under way the session is renewed by a sign-in. The slow one's write
// reaches nothing: not the old record, not the successor, not a new one.
//
// Guard: internal/place/stored.go, stored.Write, and flash.go, Session.takeStored: the Digest in
// the patch.
func TestP02RenewedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, what := range inFlight {
		if what.name == "sign in" {
			continue
		}
		t.Run(what.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.get("/set?city=Rome") // a stranger's session
			w.on("/flash", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("info", "hello") })
			b.get("/flash")
			w.clock.add(2 * time.Minute)
			w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Has("anything")
				b.get("/in?as=ada")
				what.work(s)
			})
			a := b.copy().do(http.MethodPost, "/slow")
			if what.writes {
				check(t, "status of the slow request", a.status, http.StatusUnauthorized)
				check(t, "refusals observed", w.seen(session.EventRevived), 1)
			}
			check(t, "its cookies", len(a.header["Set-Cookie"]), 0)
			check(t, "the successor's city", b.get("/city").body, "Rome")
			check(t, "the successor's subject", b.get("/who").body, "ada")
			check(t, "records", w.live("ada"), 1)
			check(t, "created", w.seen(session.EventCreated), 1)
		})
	}
}

// A conflict sends a request back to load the record again. If that is the successor by then, it
// must not go on there. Guard: internal/place/stored.go, stored.Reload, the comparison of digests;
// retry.go, Session.retry.
func TestP02RenewedDuringRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	w.on("/add", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Has("anything")
		count.Update(s, func(n int) int { return n + 1 })
		old := b.copy()
		old.get("/set?city=Oslo") // the record has another version now
		patched := false
		w.store.stepIn(func(method string) error {
			if method == "Load" && patched { // the conflict is known, the record not yet loaded again
				w.store.stepIn(nil)
				b.get("/renew")
			}
			patched = patched || method == "Patch"
			return nil
		})
	})
	check(t, "status", b.copy().do(http.MethodPost, "/add").status, http.StatusUnauthorized)
	w.on("/count", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		if _, ok := count.Get(s); ok {
			_, _ = rw.Write([]byte("merged"))
		}
	})
	check(t, "the successor's counter", b.get("/count").body, "")
	check(t, "the successor's subject", b.get("/who").body, "ada")
}

// A write that comes too late: a page asked for is asked for again, everything else is 401, never
// 503. Guard: erroranswer.go, ErrorStatus and wantsPage; DefaultErrorHandler; SamePage.
func TestP02LateAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		header             http.Header
		status             int
		location           string
	}{
		{"page", "GET", "/late?a=1&b=2", http.Header{"Accept": {"text/html"}}, 303, "/late?a=1&b=2"},
		{"page, new browser", "GET", "/late", http.Header{"Sec-Fetch-Mode": {"navigate"}}, 303, "/late"},
		{"head", "HEAD", "/late", http.Header{"Accept": {"text/html"}}, 303, "/late"},
		{"another site", "GET", "//late", http.Header{"Accept": {"text/html"}}, 303, "/late"},
		{"backslash", "GET", `/\evil.test/late`, http.Header{"Accept": {"text/html"}}, 303, "/%5Cevil.test/late"},
		{"script", "GET", "/late", http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"cors"}}, 401, ""},
		{"program", "GET", "/late", http.Header{"Accept": {"application/json"}}, 401, ""},
		{"form", "POST", "/late", http.Header{"Accept": {"text/html"}}, 401, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			late := w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s := session.From(r.Context())
				s.Has("anything")
				_, _ = w.m.EndAll(r.Context(), "ada")
				city.Set(s, "Oslo")
			}))
			r := httptest.NewRequest(test.method, test.path, nil)
			r.Header = test.header
			r.Header.Set("Cookie", b.cookie)
			rec := httptest.NewRecorder()
			late.ServeHTTP(rec, r)
			check(t, "status", rec.Code, test.status)
			check(t, "location", rec.Header().Get("Location"), test.location)
			check(t, "cookies", len(rec.Header()["Set-Cookie"]), 0)
		})
	}
}

// Guard: erroranswer.go, SamePage, which asks the request line.
func TestP02SamePageIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	var got string
	h := http.StripPrefix("/app", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = session.SamePage(r) }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/app/a%2Fb?q=%20", nil))
	check(t, "address", got, "/app/a%2Fb?q=%20")
	r := httptest.NewRequest("GET", "http://example.com//evil.test/?q=1", nil)
	check(t, "address of a proxy request", session.SamePage(r), "/evil.test/?q=1")
	r.RequestURI = ""
	check(t, "address without a request line", session.SamePage(r), "/evil.test/?q=1")
}

// A sign-out under way with the old key while another request renews it: the session ends. An old
// key is good for nothing else. Guard: internal/place/stored.go, stored.Open, Superseded;
// session.go, Session.SignOut.
func TestP02SignOutDuringRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	b := w.signedIn("ada")
	old := b.copy()
	b.get("/renew")
	for _, path := range []string{"/who", "/city", "/in?as=bob"} {
		check(t, path+" with an old key: body", old.copy().get(path).body, "")
	}
	check(t, "status of a write with an old key", old.copy().get("/set?city=Oslo").status, http.StatusUnauthorized)
	check(t, "the session's subject", b.get("/who").body, "ada")
	old.get("/out")
	check(t, "the old cookie", old.cookie, "")
	check(t, "records", w.live("ada"), 0)
}
