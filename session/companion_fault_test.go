//go:build go1.25

package session_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// P5 with companion records: every visit to the store of every story fails in every way.

// companionFaultWorlds are the worlds in which the stories are told: each gives a browser that is
// signed in as ada, with a city and a message.
var companionFaultWorlds = map[string]func(w *world, faulty *sessiontest.Faulty) (*world, *browser){
	"sealed": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		b := w.signedIn("ada")
		b.get("/set?city=Rome")
		b.get("/flash?text=hello")
		return w, b
	},
	"a stranger's": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		b := w.browser()
		b.get("/set?city=Rome")
		b.get("/flash?text=hello")
		return w, b
	},
	"elsewhere": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		w = w.node(shared, hasty)
		return w, w.elsewhere("ada", func(p *plainText) { p.Values["city"] = []byte(`"Rome"`) })
	},
	"elsewhere, enrolled": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		w = w.node(shared, hasty)
		b := w.elsewhere("ada", func(p *plainText) { p.Values["city"] = []byte(`"Rome"`) })
		b.get("/flash?text=hello")
		return w, b
	},
	"left": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		w = w.node(shared, hasty)
		b := w.elsewhere("bob")
		b.get("/who")
		return w, w.elsewhere("ada", func(p *plainText) {
			p.Values["city"], p.Left = []byte(`"Rome"`), b.told().ID
		})
	},
	"moving": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		b := w.signedIn("ada")
		b.get("/set?city=Rome")
		b.w = w.fromCookies(sealed.New(), hasty)
		return b.w, b
	},
	"moving, not enrolled": func(w *world, _ *sessiontest.Faulty) (*world, *browser) {
		w = w.fromCookies(newPlain(), hasty)
		return w, w.elsewhere("ada", func(p *plainText) { p.Values["city"] = []byte(`"Rome"`) })
	},
}

// hasty keeps a store that hangs from taking long. Under load even one that works needs some of it.
func hasty(c *session.Config) { c.SaveTimeout = 400 * time.Millisecond }

// The client gets the whole answer, or 503 and nothing of the handler's: no byte, no header, no
// cookie. After that, unless the store did what it said it did not, whoever got a 503 has what they
// had before; and what was acknowledged stands.
//
// Guard: lifecycle.go, the errors of save, write, endDropped and openIn;
// internal/place/accompanied.go, accompanied.find and Write; internal/place/enrol.go, the errors of
// enrol and confirm.
func TestCompanionFailClosed(t *testing.T) {
	t.Parallel()
	for where, prepare := range companionFaultWorlds {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			for name, story := range stories {
				for _, kind := range []sessiontest.Kind{sessiontest.Error, sessiontest.Hang, sessiontest.Lost} {
					for _, times := range []int{1, -1} {
						if kind == sessiontest.Hang && (times < 0 || name != "set" || where != "elsewhere" && where != "moving") {
							continue // each takes its time
						}
						for call := 1; call < 20; call++ {
							what := fmt.Sprintf("%s, %s, %v of call %d, %d times", where, name, kind, call, times)
							if !companionFault(t, what, name, prepare, story, sessiontest.Plan{Call: call, Kind: kind, For: times}) {
								break
							}
						}
					}
				}
			}
		})
	}
}

// companionFault plays one story with one fault, and reports whether the fault came to pass.
func companionFault(
	t *testing.T, what, name string, prepare func(*world, *sessiontest.Faulty) (*world, *browser),
	story func(http.ResponseWriter, *http.Request, *session.Session), plan sessiontest.Plan,
) (came bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		faulty := sessiontest.Fault(memory(), sessiontest.Plan{})
		w := newCompanions(t, hasty)
		w.store.Store = faulty
		w, b := prepare(w, faulty)
		w.on("/story", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
			rw.Header().Set("X-Handler", "said")
			http.SetCookie(rw, &http.Cookie{Name: "other", Value: "said"})
			story(rw, r, s)
			rw.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(rw, "said")
		})
		w.clock.add(time.Minute)
		subject, thief := "ada", b.copy()
		if strings.HasPrefix(what, "a stranger") {
			subject = ""
		}
		was := b.cookie

		faulty.SetPlan(plan)
		a := b.get("/story")
		calls := faulty.Calls()
		faulty.SetPlan(sessiontest.Plan{})
		if len(calls) < plan.Call {
			check(t, what+": status without a fault", a.status, http.StatusAccepted)
			return
		}
		acknowledged := a.status == http.StatusAccepted
		switch {
		case acknowledged:
			if a.body != "said" {
				t.Errorf("%s: body %q", what, a.body)
			}
		case a.status != http.StatusServiceUnavailable || strings.Contains(fmt.Sprint(a.header, a.body), "said") || b.cookie != was ||
			len(a.header["Set-Cookie"]) > 0:
			t.Errorf("%s (%v): %d %v %q", what, calls, a.status, a.header, a.body)
		}

		who, held, copied := b.get("/who").body, b.get("/city").body, thief.copy().get("/who").body
		lost := plan.Kind == sessiontest.Lost && !acknowledged
		want := map[string]string{"sign in": "ada", "change": "bob", "sign out": "", "out and back": ""}
		after, changes := want[name]
		if !changes {
			after = subject
		}
		// Of two sessions the one that was left may be over already, and the other not there yet.
		between := !acknowledged && (name == "change" || name == "sign out" || name == "out and back") && who == ""
		renewed := lost && (name == "renew" || name == "sign in" || strings.HasPrefix(what, "moving")) && who == ""
		switch {
		case acknowledged && who != after, !acknowledged && who != subject && who != after && !between && !renewed:
			t.Errorf("%s (%v): answered by %d, then %q is signed in", what, calls, a.status, who)
		case acknowledged && (name == "sign out" || name == "change" || name == "renew") && subject != "" && copied != "":
			t.Errorf("%s (%v): a copy of the cookie opens the session of %q", what, calls, copied)
		}
		if who == subject && who != "" && subject == after {
			switch {
			case acknowledged && name == "set" && held != "Oslo",
				acknowledged && name == "update" && held != "ROME",
				acknowledged && name == "pop" && held != "",
				!acknowledged && !lost && held != "Rome":
				t.Errorf("%s (%v): answered by %d, and the city is %q", what, calls, a.status, held)
			}
		}
		bobs, err := faulty.BySubject(t.Context(), "bob", w.clock.Now())
		check(t, what+": listing", err, nil)
		if n := len(bobs); strings.HasPrefix(what, "left") && name != "change" && acknowledged && n > 0 {
			t.Errorf("%s (%v): the session that was left goes on", what, calls)
		}
		came = true
	})
	return came
}

// While the store is away nobody who brings a cookie of somebody counts as signed out, nor as
// signed in; strangers go on. Guard: lifecycle.go, Session.loadFailed.
func TestCompanionOutage(t *testing.T) {
	t.Parallel()
	faulty := sessiontest.Fault(memory(), sessiontest.Plan{})
	w := newShared(t, func(c *session.Config) { c.Home.Store = faulty })
	enrolled, unseen, left, stranger := w.elsewhere("ada"), w.elsewhere("bob"), w.elsewhere("eve"), w.elsewhere("")
	enrolled.get("/who")
	left.get("/who")
	left = w.elsewhere("", func(p *plainText) { p.Left = left.told().ID })
	w.on("/page", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		if s.Subject() == "" {
			http.Redirect(rw, r, "/login", http.StatusSeeOther)
		}
		_, _ = io.WriteString(rw, must(city.Get(s)))
	})
	faulty.SetPlan(sessiontest.Plan{Call: 1, For: -1})
	for name, b := range map[string]*browser{"enrolled": enrolled, "unseen": unseen, "left": left} {
		was := b.cookie
		for _, path := range []string{"/page", "/set?city=Rome", "/out", "/in?as=eve"} {
			a := b.page(path)
			check(t, name+path+": status", a.status, http.StatusServiceUnavailable)
			check(t, name+path+": body", a.body, "Service Unavailable\n")
			check(t, name+path+": location", a.header.Get("Location"), "")
			check(t, name+path+": cookie", b.cookie, was)
		}
	}
	check(t, "a stranger's status", stranger.get("/page").status, http.StatusSeeOther)
	stranger.expect("/city", "Oslo")
	faulty.SetPlan(sessiontest.Plan{})
	enrolled.expect("/page", "Oslo")
	unseen.expect("/who", "bob")
	check(t, "sessions of who had left", len(list(t, w, "eve")), 1)
	left.get("/page")
	check(t, "sessions of who had left", len(list(t, w, "eve")), 0)
}

// A panic before the answer saves nothing, and one after Save keeps what was saved and its cookie.
// Guard: writer.go, request.finish; lifecycle.go, Session.close.
func TestCompanionPanic(t *testing.T) {
	t.Parallel()
	for _, save := range []bool{false, true} {
		w := newCompanions(t)
		b := w.signedIn("ada")
		old := b.copy()
		h := w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s := session.From(r.Context())
			city.Set(s, "Oslo")
			s.Renew()
			if save {
				check(t, "Save", s.Save(), nil)
			}
			city.Set(s, "Rome")
			s.SignOut()
			panic("oh")
		}))
		rec := newRecorder()
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(rec, b.request("GET", "/"))
		}()
		b.keep(rec.Result())
		b.expect("/who", "ada")
		b.expect("/city", map[bool]string{true: "Oslo"}[save])
		check(t, "who by the cookie of before", old.get("/who").body, map[bool]string{false: "ada"}[save])
	}
}

// Guard: flash.go, Session.takeStored; lifecycle.go, Session.todo: a change is written, whatever
// becomes of a use.
func TestCompanionFlashesAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	b.get("/flash?text=one")
	w.clock.add(time.Hour)
	w.atCall("Touch", 1, func() error { return errors.New("away") })
	check(t, "shown", b.get("/flashes").body, "one ")
	w.store.stepIn(nil)
	check(t, "shown again", b.get("/flashes").body, "")
}
