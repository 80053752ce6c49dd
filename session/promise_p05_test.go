//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// P5: fail closed.

// stories are requests that need the store, each for a signed-in browser with messages waiting.
var stories = map[string]func(http.ResponseWriter, *http.Request, *session.Session){
	"read":         func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Subject() },
	"set":          func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Set(s, "Oslo") },
	"update":       func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Update(s, strings.ToUpper) },
	"pop":          func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Pop(s) },
	"flashes":      func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flashes() },
	"renew":        func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() },
	"sign in":      func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignIn("ada") },
	"change":       func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignIn("bob") },
	"sign out":     func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignOut() },
	"out and back": func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignOut(); s.Flash("info", "bye") },
}

// Every story meets a failure at every one of its store calls, of every kind. The client gets the
// whole answer, or a 503 with nothing of the handler's: no byte, no header, no cookie.
//
// Guard: writer.go, request.begin, the restore and the error handler, and the failed of every
// method; lifecycle.go, Session.load, the sticky error; Session.commit, due.
func TestP05FailClosed(t *testing.T) {
	t.Parallel()
	const marker = "the handler's"
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var methods []string // of the store calls, known after the first round
				for call := 0; call <= len(methods); call++ {
					for _, kind := range []sessiontest.Kind{sessiontest.Error, sessiontest.Hang, sessiontest.Lost} {
						faulty := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{})
						w := newWorld(t, func(c *session.Config) {
							c.Home.Store = faulty
							c.SaveTimeout = 20 * time.Millisecond
						})
						b := w.browser()
						w.on("/prepare", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
							city.Set(s, "Rome")
							s.Flash("info", "hello")
							s.SignIn("ada")
						})
						b.get("/prepare")
						w.clock.add(time.Hour)
						var wrote error
						w.on("/story", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
							rw.Header().Set("X-Handler", marker)
							http.SetCookie(rw, &http.Cookie{Name: "other", Value: "x"})
							rw.Header().Del("X-Outer")
							rw.Header().Add("Vary", "Accept")
							rw.Header()["X-Twice"][0] = marker
							story(rw, r, s)
							rw.Header().Set("Trailer", "X-Trailer")
							kept := rw.Header()
							rw.WriteHeader(http.StatusAccepted)
							if rw.Header().Set("X-Late", marker); s.Err() != nil {
								rw.Header().Set(http.TrailerPrefix+"X-Prefixed", marker)
								kept.Set(http.TrailerPrefix+"X-Kept", marker)
							}
							_, wrote = io.WriteString(rw, marker)
							_, _ = rw.Write([]byte(marker))
							_, _ = io.Copy(rw, strings.NewReader(marker))
							_ = http.NewResponseController(rw).Flush()
							rw.Header().Set("X-Trailer", marker)
						})
						outer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
							h := rw.Header()
							h.Set("X-Outer", "kept")
							h["X-Twice"] = []string{"a", "b"}
							h["X-None"] = nil
							for i := range 15 {
								h.Set(fmt.Sprint("X-Outer-", i), "kept")
							}
							w.h.ServeHTTP(rw, r)
						})
						faulty.SetPlan(sessiontest.Plan{Call: call, Kind: kind})
						rec := httptest.NewRecorder()
						outer.ServeHTTP(rec, b.request("GET", "/story"))
						if call == 0 {
							methods = faulty.Calls()
							check(t, "status without a fault", rec.Code, http.StatusAccepted)
							break
						}
						res := rec.Result()
						body, _ := io.ReadAll(res.Body)
						method := methods[call-1]
						t.Logf("%s, call %d of %d, %v: %d", method, call, len(methods), kind, rec.Code)
						if method == "Touch" || method == "BySubject" || name == "flashes" && method == "Patch" { // see P3; Session.trim
							check(t, "status", rec.Code, http.StatusAccepted)
							check(t, "body", string(body), marker+marker+marker)
							continue
						}
						check(t, "status", rec.Code, http.StatusServiceUnavailable)
						if wrote == nil {
							t.Error("Write gave no error")
						}
						want := http.Header{
							"X-Outer": {"kept"}, "X-Twice": {"a", "b"}, "X-None": nil,
							"Cache-Control": {"no-store"}, "Vary": {"Cookie"}, "Retry-After": {"5"},
							"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
						}
						for i := range 15 {
							want.Set(fmt.Sprint("X-Outer-", i), "kept")
						}
						if diff := compare.Diff(want, res.Header); diff != "" {
							t.Errorf("headers (-want +got):\n%s", diff)
						}
						check(t, "trailers", len(res.Trailer), 0)
						if got := rec.Header(); strings.Contains(fmt.Sprint(got), marker) {
							t.Errorf("left behind: %v", got)
						}
						check(t, "body", string(body), "Service Unavailable\n")
					}
				}
			})
		})
	}
}

// While the store is away the application is not told that nobody is signed in: the page it makes
// of that is withheld. Guard: lifecycle.go, Session.load, the sticky error.
func TestP05OutageIsNotSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/page", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		if s.Subject() == "" {
			http.Redirect(rw, r, "/login", http.StatusSeeOther)
		}
	})
	w.store.stepIn(func(string) error { return errors.New("away") })
	a := b.get("/page")
	check(t, "status", a.status, http.StatusServiceUnavailable)
	check(t, "location", a.header.Get("Location"), "")
	check(t, "observed as a failed load", w.seen(session.EventLoadFailed), 1)
	check(t, "observed as a failed save", w.seen(session.EventSaveFailed), 0)
	w.store.stepIn(nil)
	check(t, "subject afterwards", b.get("/who").body, "ada")
}

// Guard: writer.go, request.finish, close and restoreHeader; ErrAbortHandler passes.
func TestP05Panic(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"panic": "oh", "abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			var left *session.Session
			w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				left = s
				city.Set(s, "Oslo")
				s.SignIn("bob")
				rw.Header().Set("X-Handler", "x")
				panic(value)
			})
			outer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("X-Outer", "kept")
				defer func() {
					check(t, "recovered", recover(), value)
					http.Error(rw, "sorry", http.StatusInternalServerError)
				}()
				w.h.ServeHTTP(rw, r)
			})
			w.store.forget()
			rec := httptest.NewRecorder()
			outer.ServeHTTP(rec, b.request("GET", "/"))
			a := b.keep(rec.Result())
			check(t, "status", a.status, http.StatusInternalServerError)
			check(t, "outer header", a.header.Get("X-Outer"), "kept")
			check(t, "handler's header", a.header.Get("X-Handler"), "")
			check(t, "cookies", len(a.header["Set-Cookie"]), 0)

			// A goroutine that the handler left behind saves nothing either.
			city.Set(left, "Bergen")
			left.Flashes()
			if c, err := left.TakeCookie(); c != nil || err == nil {
				t.Errorf("a cookie after the panic: %v, %v", c, err)
			}
			if !errors.Is(left.Err(), session.ErrCommitted) {
				t.Errorf("Err after the panic: %v", left.Err())
			}
			if got := strings.Join(w.store.called(), " "); got != "Load" {
				t.Errorf("store calls: %s", got)
			}
			check(t, "city", b.get("/city").body, "")
			check(t, "subject", b.get("/who").body, "ada")
		})
	}
}

// A recovery middleware inside of the session answers 500 through it. Guard: cutshort.go,
// panicking.
func TestP05PanicRecoveredInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	h := w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				http.Error(rw, "sorry", http.StatusInternalServerError)
			}
		}()
		s := session.From(r.Context())
		city.Set(s, "Oslo")
		if r.URL.Path == "/panic" {
			panic("oh")
		}
		http.Error(rw, "honest", http.StatusInternalServerError)
	}))
	for path, want := range map[string]string{"/panic": "sorry\n", "/error": "honest\n"} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, b.request("GET", path))
		check(t, "body", rec.Body.String(), want)
		check(t, "city after "+path, b.get("/city").body, map[string]string{"/panic": "", "/error": "Oslo"}[path])
		b = w.signedIn("ada")
	}
}

// The save itself panics, in a store or a callback. Guard: lifecycle.go, Session.commit,
// errAborted; writer.go, request.begin.
func TestP05PanicWhileSaving(t *testing.T) {
	t.Parallel()
	for _, recovers := range []string{"outside", "inside"} {
		t.Run(recovers, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			w.store.stepIn(func(method string) error {
				if method == "Patch" {
					panic("driver")
				}
				return nil
			})
			recoverer := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					defer func() {
						if recover() != nil {
							http.Error(rw, "sorry", http.StatusInternalServerError)
						}
					}()
					next.ServeHTTP(rw, r)
				})
			}
			var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("X-Handler", "x")
				city.Set(session.From(r.Context()), "Oslo")
				_, _ = io.WriteString(rw, "page")
			})
			want := http.StatusInternalServerError
			if recovers == "inside" {
				h, want = w.m.Handler(recoverer(h)), http.StatusServiceUnavailable
			} else {
				h = recoverer(w.m.Handler(h))
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, b.request("GET", "/"))
			check(t, "status", rec.Code, want)
			check(t, "handler's header", rec.Header().Get("X-Handler"), "")
			if strings.Contains(rec.Body.String(), "page") {
				t.Errorf("body: %q", rec.Body)
			}
		})
	}
}

// Guard: cutshort.go, Session.cutShort; session.go, Session.reached.
func TestP05InnerTimeout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from func(*http.Request) *session.Session
		took time.Duration // the handler's own limit, if it has one beside
	}{
		"as usual": {func(r *http.Request) *session.Session { return session.From(r.Context()) }, 0},
		"derived": {func(r *http.Request) *session.Session {
			return session.From(context.WithValue(r.Context(), http.LocalAddrContextKey, "x"))
		}, 0},
		"and detached": {func(r *http.Request) *session.Session {
			session.From(r.Context())
			return session.From(context.WithoutCancel(r.Context()))
		}, 0},
		"and shorter": {func(r *http.Request) *session.Session {
			session.From(r.Context())
			ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
			cancel()
			return session.From(ctx)
		}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				b := w.signedIn("ada")
				done := make(chan error)
				release := make(chan struct{})
				inner := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					s := test.from(r)
					city.Set(s, "Oslo")
					s.SignIn("bob")
					<-release
					city.Set(s, "Rome")
					done <- s.Err()
				})
				h := w.m.Handler(http.TimeoutHandler(inner, 20*time.Millisecond, "too slow"))
				w.store.forget()
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, b.request("GET", "/"))
				close(release)
				if err := <-done; !errors.Is(err, session.ErrCommitted) {
					t.Errorf("what the handler learns: %v", err)
				}
				check(t, "status", rec.Code, http.StatusServiceUnavailable)
				check(t, "body", rec.Body.String(), "too slow")
				check(t, "cookies", len(rec.Header()["Set-Cookie"]), 0)
				check(t, "Cache-Control", rec.Header().Get("Cache-Control"), "no-store")
				if got := strings.Join(w.store.called(), " "); got != "Load" {
					t.Errorf("store calls: %s", got)
				}
				check(t, "city", b.get("/city").body, "")
				check(t, "subject", b.get("/who").body, "ada")
			})
		})
	}
}

// A timeout handler whose client hangs up answers at once, while the handler is still at work.
// Guard: cutshort.go, Session.cutShort, the context of the request.
func TestP05InnerTimeoutClientGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	ready, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h := w.m.Handler(http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		city.Set(s, "half")
		close(ready)
		<-release
		close(done)
	}), time.Minute, ""))
	ctx, hangUp := context.WithCancel(t.Context())
	go func() { <-ready; hangUp() }()
	h.ServeHTTP(httptest.NewRecorder(), b.request("GET", "/").WithContext(ctx))
	close(release)
	<-done
	check(t, "city", b.get("/city").body, "")
}

// A handler of its own limits, in time or not, is not mistaken for one that was cut short.
// Guard: cutshort.go, Session.cutShort, the deadline that has passed.
func TestP05InnerTimeoutInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inner := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		city.Set(session.From(r.Context()), "Oslo")
		rw.WriteHeader(http.StatusBadGateway)
	})
	h := w.m.Handler(http.TimeoutHandler(inner, time.Minute, "too slow"))
	h.ServeHTTP(httptest.NewRecorder(), b.request("GET", "/"))
	check(t, "city", b.get("/city").body, "Oslo")

	// A step of the handler has a shorter limit, which has passed, and the handler says so itself.
	h = w.m.Handler(http.TimeoutHandler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		session.From(r.Context())
		ctx, cancel := context.WithTimeout(r.Context(), time.Nanosecond)
		defer cancel()
		<-ctx.Done()
		city.Set(session.From(ctx), "Bergen")
		rw.WriteHeader(http.StatusGatewayTimeout)
	}), time.Minute, "too slow"))
	h.ServeHTTP(httptest.NewRecorder(), b.request("GET", "/"))
	check(t, "city", b.get("/city").body, "Bergen")

	// The whole request has a limit, set outside: that is no sign of anything inside.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	h = w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		city.Set(session.From(context.WithValue(r.Context(), http.LocalAddrContextKey, "x")), "Rome")
		rw.WriteHeader(http.StatusBadGateway)
	}))
	h.ServeHTTP(httptest.NewRecorder(), b.request("GET", "/").WithContext(ctx))
	check(t, "city", b.get("/city").body, "Rome")
}
