package flask_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P11: size is an error, at 4096 bytes for the cookie with its attributes.
func TestTooLargeIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, cookie := w.see(w.born("ada"))
	for n := 3000; n < 4100; n += 50 {
		text := random(n)
		var saved error
		a := w.get(cookie, func(s *session.Session) string { city.Set(s, text); saved = s.Save(); return "done" })
		set := cookieOf(a)
		switch {
		case saved == nil && (set == nil || len(set.Raw) > 4096 || a.StatusCode != 200):
			t.Fatalf("%d bytes: status %d, cookie %v", n, a.StatusCode, set)
		case saved != nil && (!errors.Is(saved, session.ErrTooLarge) || set != nil || a.StatusCode < 400):
			t.Fatalf("%d bytes: %v, status %d, cookie %v", n, saved, a.StatusCode, set)
		case saved != nil && n < 3100:
			t.Fatalf("%d bytes: %v", n, saved)
		case saved == nil && n > 4000:
			t.Fatalf("%d bytes fit", n)
		}
	}
	check(t, "the session afterwards", w.opens(cookie), "ada")
}

// P11, too: a cookie that Flask may send, and that has no room for what we add, still opens.
func TestFlaskCookieWithoutRoom(t *testing.T) {
	t.Parallel()
	for n := 3000; ; n += 50 {
		w := newWorld(t)
		cookie := w.born("ada", `"cart":"`+random(n)+`"`)
		if len(cookie) > 4067 { // what Flask sends with its own attributes
			break
		}
		for range 3 {
			status, said, after := w.visit(cookie, who)
			check(t, fmt.Sprint(len(cookie), " bytes"), fmt.Sprint(status, said), "200ada")
			cookie = after
			w.now = w.now.Add(2 * time.Minute)
		}
		w.endOnly("ada")
		check(t, fmt.Sprint(len(cookie), " bytes, ended"), w.opens(cookie), "")
	}
}

// What compresses well may be large: a session of up to 256 KiB opens, and one beyond is none.
func TestInflatedSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, want := range map[int]string{200 << 10: "ada", 256 << 10: ""} {
		cookie := w.born("ada", `"cart":"`+strings.Repeat("x", n)+`"`)
		check(t, "fits a cookie", len(cookie) < 4067, true)
		check(t, fmt.Sprint(n, " bytes"), w.opens(cookie), want)
	}
}
