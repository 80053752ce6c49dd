package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

func TestSealedSize(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.browser()
	b.get("/set?city=" + strings.Repeat("x", 200))
	value := b.cookie[len(sealedCookie)+1:]
	if len(value) > 340 {
		t.Errorf("200 bytes become %d characters, want at most 340", len(value))
	}
	t.Logf("200 bytes become %d characters", len(value))
}

// What fits is sent whole, what does not is told; at no size is there anything between.
//
// Guard: internal/place/carried.go, Env.seal, the limit.
func TestSealedTooLarge(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"", "?as=ada", "?as=ada&remember=1"} {
		w := newSealedWorld(t, func(c *session.Config) { c.Home.Cookie.Domain = "example.org" })
		var size int
		w.on("/fill", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
			rw.Header().Set("X-Handler", "said")
			http.SetCookie(rw, &http.Cookie{Name: "other", Value: "x"})
			session.Key[string]("blob").Set(s, strings.Repeat("x", size))
			rw.WriteHeader(http.StatusAccepted)
			_, _ = rw.Write([]byte("said"))
		})
		first := w.browser()
		if who != "" {
			first.get("/in" + who)
		}
		largest, refusals := 0, 0
		for size = 2700; size < 3100; size++ {
			b := first.copy()
			a := b.get("/fill")
			if a.status == http.StatusAccepted {
				line := a.header["Set-Cookie"][1]
				largest = max(largest, len(line))
				if refusals > 0 || len(line) > 4096 {
					t.Errorf("%q: %d bytes give a cookie of %d bytes, after %d refusals", who, size, len(line), refusals)
				}
				continue
			}
			refusals++
			if all := fmt.Sprint(a.header, a.body); a.status != http.StatusRequestEntityTooLarge || strings.Contains(all, "said") || len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("%q: %d bytes: %d %s", who, size, a.status, all)
			}
			check(t, "the cookie", b.cookie, first.cookie)
		}
		if largest < 4090-12 || refusals == 0 { // the sizes of base64 are 1 or 2 apart; see TestSealedEdgeStaysUsable
			t.Errorf("%q: the largest cookie has %d bytes, and %d were refused", who, largest, refusals)
		}
		for _, size = range []int{10_000, 60_000, 70_000} {
			check(t, fmt.Sprint(who, ": status of ", size, " bytes"), first.copy().get("/fill").status, http.StatusRequestEntityTooLarge)
		}
	}
}

// A session that just fitted must not grow out of its cookie by growing old, or it would be lost by
// use.
func TestSealedEdgeStaysUsable(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	size := 2700
	w.on("/fill", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		session.Key[string]("blob").Set(s, strings.Repeat("x", size))
	})
	first, full := w.signedIn("ada"), w.browser()
	for ; size < 3100; size++ {
		b := first.copy()
		if b.get("/fill").status != http.StatusOK {
			break
		}
		full = b
	}
	for range 20 {
		w.clock.add(time.Hour)
		if a := full.get("/who"); a.body != "ada" {
			t.Fatalf("a session of %d bytes is %q after %v of use", size-1, a.body, w.clock.Now().Sub(newClock().Now()))
		}
	}
	check(t, "touches that failed", w.seen(session.EventTouchFailed), 0)
}
