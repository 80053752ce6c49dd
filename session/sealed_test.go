package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// The home in the cookie: what goes into it, what comes out, and what does not. What it promises is
// in sealed_promise_test.go.

const sealedCookie = "__Host-session"

func sealedHome(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() }

func newSealedWorld(t testing.TB, change ...func(*session.Config)) *world {
	t.Helper()
	return newWorld(t, append([]func(*session.Config){sealedHome}, change...)...)
}

func carrier(t testing.TB, name string, keys ...string) place.Codec {
	t.Helper()
	c, err := sealed.New().Keyed(session.Derive(ring(t, keys...)), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func seal(t testing.TB, c place.Codec, r store.Record) string {
	t.Helper()
	value, err := c.Seal(r)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func open(c place.Codec, value string) (r store.Record, old bool, err error) {
	o, err := c.Open(value)
	return o.Record, o.Old, err
}

func notOpened(t testing.TB, c place.Codec, what, value string) {
	t.Helper()
	r, old, err := open(c, value)
	if !errors.Is(err, store.ErrUnreadable) || old || !reflect.DeepEqual(r, store.Record{}) {
		t.Fatalf("%s: read as a session of %q, %t, %v; want nothing and ErrUnreadable", what, r.Subject, old, err)
	}
}

// adasRecord has something in all that is sealed.
func adasRecord() store.Record {
	begin := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	return store.Record{
		ID: session.ID{1, 2, 3, 0xff}, Created: begin, SignedIn: begin.Add(7 * time.Millisecond),
		LastSeen: begin.Add(23*time.Hour + time.Millisecond), Subject: "ada", Persist: true,
		Values: store.Values{"city": []byte(`"Oslo"`), "count": []byte("7")},
	}
}

func TestSealedRoundTrip(t *testing.T) {
	t.Parallel()
	tests := map[string]func(r *store.Record){
		"as it is":          func(*store.Record) {},
		"a stranger's":      func(r *store.Record) { r.Subject, r.SignedIn, r.Persist = "", time.Time{}, false },
		"without values":    func(r *store.Record) { r.Values = nil },
		"new":               func(r *store.Record) { r.LastSeen, r.SignedIn = r.Created, r.Created },
		"clock set back":    func(r *store.Record) { r.LastSeen = r.Created.Add(-time.Hour) },
		"the zero id":       func(r *store.Record) { r.ID = session.ID{} },
		"long ago":          func(r *store.Record) { r.Created = time.UnixMilli(1) },
		"long subject":      func(r *store.Record) { r.Subject = strings.Repeat("\u00e9", 127) + "x" },
		"any subject":       func(r *store.Record) { r.Subject = "a\x00b;\"\n\u2603" },
		"empty value":       func(r *store.Record) { r.Values = store.Values{"a": {}, "b": []byte("x")} },
		"binary":            func(r *store.Record) { r.Values = store.Values{"b\x00\xff": []byte("\x00\xff\r\n;\"\x80")} },
		"big":               func(r *store.Record) { r.Values = store.Values{"big": []byte(strings.Repeat("\xfe\x00", 1300))} },
		"accompanied":       func(r *store.Record) { r.Digest = store.Digest{place.CarriedDigest - 1: 9} },
		"lengths of a byte": func(r *store.Record) { r.Values = lengths(120, 135) },
	}
	c := carrier(t, sealedCookie, "one")
	for name, change := range tests {
		want := adasRecord()
		change(&want)
		want.Created, want.LastSeen = want.Created.UTC(), want.LastSeen.UTC()
		sent := want // what is not kept
		sent.Digest, sent.Version, sent.KeyID, sent.Parent = want.Digest, 7, "0123abcd", session.ID{5}
		sent.Digest[place.CarriedDigest] = 9
		sent.Addr, sent.UserAgent, sent.Idle = "192.0.2.1", "Mozilla", time.Hour
		sent.Expires, sent.Deadline = want.LastSeen.Add(time.Hour), want.LastSeen.Add(2*time.Hour)
		value := seal(t, c, sent)
		for _, r := range []string{";", " ", "\"", ",", "\\", "="} {
			if strings.Contains(value, r) {
				t.Errorf("%s: %q in a cookie", name, r)
			}
		}
		got, old, err := open(c, value)
		if err != nil || old {
			t.Errorf("%s: %t, %v", name, old, err)
			continue
		}
		if diff := compare.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// lengths gives values of all lengths from one to another, where the number of their bytes grows.
func lengths(from, to int) store.Values {
	v := make(store.Values)
	for n := from; n <= to; n++ {
		v[fmt.Sprint("k", n)] = []byte(strings.Repeat("x", n))
	}
	return v
}

// Values that came out of one cookie share no memory that an append could reach.
func TestSealedValuesStandAlone(t *testing.T) {
	t.Parallel()
	c := carrier(t, sealedCookie, "one")
	r := adasRecord()
	r.Values = store.Values{"a": []byte("1"), "b": []byte("2")}
	got, _, err := open(c, seal(t, c, r))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(got.Values["a"], "xxxxxxxx"...)
	check(t, "the neighbour", string(got.Values["b"]), "2")
}

// Nothing but what was written is read: not with any byte changed, cut off or added, nor in another
// spelling.
//
// Guard: sealed/sealed.go, codec.Open, the length of what was decoded; strictBase64; aad.
func TestSealedOnlyAsWritten(t *testing.T) {
	t.Parallel()
	c := carrier(t, sealedCookie, "one")
	for extra := range 3 { // each number of spare bits at the end
		r := adasRecord()
		r.Values["x"] = make([]byte, extra)
		valid := seal(t, c, r)
		for i := range valid {
			for b := range 256 {
				// Everywhere the bytes of the alphabet's seams, and at both ends all of them.
				ends := i < 4 || i >= len(valid)-4
				if byte(b) != valid[i] && (ends || strings.IndexByte("AZaz09-_+/=\n\r \"%\x00\xff", byte(b)) >= 0) {
					notOpened(t, c, fmt.Sprintf("byte %d is %q", i, byte(b)), valid[:i]+string([]byte{byte(b)})+valid[i+1:])
				}
			}
			notOpened(t, c, fmt.Sprint("cut to ", i), valid[:i])
			notOpened(t, c, fmt.Sprint("cut before ", i), valid[i:][min(1, len(valid)-i):])
			for _, put := range []string{"\n", "\r", "\r\n", "\n\n\n\n", " ", "=", "A", "\x00"} {
				notOpened(t, c, fmt.Sprintf("%q at %d", put, i), valid[:i]+put+valid[i:])
			}
		}
		raw, _ := base64.RawURLEncoding.DecodeString(valid)
		for what, value := range map[string]string{
			"quoted": `"` + valid + `"`, "padded": valid + strings.Repeat("=", (4-len(valid)%4)%4) + "=", "longer": valid + "A",
			"longer by a group": valid + "AAAA", "twice": valid + valid, "line break at the end": valid + "\n",
			"standard base64": base64.StdEncoding.EncodeToString(raw) + "+", "nothing": "", "hexadecimal": fmt.Sprintf("%x", raw),
			"percent": "%" + fmt.Sprintf("%02X", valid[0]) + valid[1:], "zeros": strings.Repeat("A", len(valid)),
			"full width": strings.Repeat("\uff21", 40), "other case": strings.ToUpper(valid),
		} {
			notOpened(t, c, what, value)
		}
	}
}

// Parts of two valid cookies make no third.
func TestSealedPartsAreBound(t *testing.T) {
	t.Parallel()
	c := carrier(t, sealedCookie, "one")
	first, second := adasRecord(), adasRecord()
	second.ID[5] = 9
	second.LastSeen = second.LastSeen.Add(time.Hour)
	a, _ := base64.RawURLEncoding.DecodeString(seal(t, c, first))
	b, _ := base64.RawURLEncoding.DecodeString(seal(t, c, second))
	for cut := 1; cut < len(a) && cut < len(b); cut++ {
		mixed := append(append([]byte(nil), a[:cut]...), b[cut:]...)
		if string(mixed) != string(a) && string(mixed) != string(b) {
			notOpened(t, c, fmt.Sprint("cut at ", cut), base64.RawURLEncoding.EncodeToString(mixed))
		}
	}
}

// The same through the whole middleware: an empty session, counted, and no error page.
//
// Guard: internal/place/carried.go, Env.recall, ErrForeign; lifecycle.go, Session.openIn.
func TestSealedForged(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=" + strings.Repeat("x", 50))
	name, valid, _ := strings.Cut(b.cookie, "=")
	list := forged(name, valid)
	list["another ring's"] = newSealedWorld(t, func(c *session.Config) { c.Keys = ring(t, "another ring") }).signedIn("ada").cookie
	sibling := newSealedWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-another-session" }).signedIn("ada")
	list["another cookie's"] = name + "=" + sibling.cookie[strings.Index(sibling.cookie, "=")+1:]
	list["a store's"] = newWorld(t).signedIn("ada").cookie
	for what, line := range list {
		before := w.seen(session.EventUnreadable)
		f := &browser{w: w, header: http.Header{}, cookie: line}
		a := f.get("/who")
		if a.status != http.StatusOK || a.body != "" || len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("%s: %d %q %v", what, a.status, a.body, a.header)
		}
		value, _ := strings.CutPrefix(line, name+"=")
		if counted := w.seen(session.EventUnreadable) - before; value != line && strings.Trim(value, " ;ab=") != "" && counted != 1 {
			t.Errorf("%s: counted %d times", what, counted)
		}
	}
	check(t, "the valid cookie still opens", b.get("/who").body, "ada")
}

// Guard: sealed/sealed.go, Keyed, the cookie's name in both purposes.
func TestSealedPurpose(t *testing.T) {
	t.Parallel()
	keys := ring(t, "one")
	value := seal(t, carrier(t, sealedCookie, "one"), adasRecord())
	for _, name := range []string{"__Host-sessio", "__Host-session ", "__Secure-session", "__host-session", ""} {
		notOpened(t, carrier(t, name, "one"), name, value)
	}
	// A store's cookie of the same ring, name and session is nothing to Sealed, nor the other way
	// round.
	raw := make([]byte, 36)
	mac := keys.Signer("cookie " + sealedCookie).Sum(raw)
	notOpened(t, carrier(t, sealedCookie, "one"), "a session key", base64.RawURLEncoding.EncodeToString(append(raw, mac[:24]...)))
	w := newWorld(t)
	b := &browser{w: w, header: http.Header{}, cookie: sealedCookie + "=" + value}
	check(t, "who in a store's world", b.get("/who").body, "")
	check(t, "store calls", len(w.store.called()), 0)
}

// keyName is the byte that names the key in what a ring seals first.
func keyName(t testing.TB, value string) byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw[0]
}

// Guard: sealed/sealed.go, codec.Open: the loop over the keys goes on, and the place in the ring;
// internal/place/carried.go, carried.Open, Aging.
func TestSealedKeys(t *testing.T) {
	t.Parallel()
	before := seal(t, carrier(t, sealedCookie, "old"), adasRecord())
	after := carrier(t, sealedCookie, "new", "old")
	r, old, err := open(after, before)
	if err != nil || !old || r.Subject != "ada" {
		t.Fatalf("under a ring that has the key: %+v, %t, %v", r, old, err)
	}
	if _, old, err = open(after, seal(t, after, r)); err != nil || old {
		t.Errorf("sealed again: %t, %v", old, err)
	}
	notOpened(t, carrier(t, sealedCookie, "new"), "under a ring without the key", before)

	// Two keys of one name.
	byName, pair := map[byte]string{}, [2]string{}
	for i := 0; pair[1] == ""; i++ {
		secret := fmt.Sprint("secret ", i)
		name := keyName(t, seal(t, carrier(t, sealedCookie, secret), adasRecord()))
		if earlier, ok := byName[name]; ok {
			pair = [2]string{earlier, secret}
		}
		byName[name] = secret
	}
	for i, secret := range pair {
		value := seal(t, carrier(t, sealedCookie, secret), adasRecord())
		r, old, err := open(carrier(t, sealedCookie, pair[0], "another", pair[1]), value)
		if err != nil || r.Subject != "ada" || old != (i == 1) {
			t.Errorf("key %d of two with one name: %+v, %t, %v", i, r, old, err)
		}
		notOpened(t, carrier(t, sealedCookie, pair[1-i]), "under the other of the same name", value)
	}
}

// What was made with an old key is made anew with the next touch or write, and not by reading.
func TestSealedAgainUnderTheNewKey(t *testing.T) {
	t.Parallel()
	for what, path := range map[string]string{"touch": "/city", "write": "/set?city=Rome"} {
		old := newSealedWorld(t, func(c *session.Config) { c.Keys = ring(t, "old") })
		b := old.signedIn("ada")
		b.get("/set?city=Oslo")
		w := newSealedWorld(t, func(c *session.Config) { c.Keys = ring(t, "new", "old") })
		b.w = w
		check(t, what+": cookies of a read", len(b.get("/city").header["Set-Cookie"]), 0)
		if what == "touch" {
			w.clock.add(2 * time.Minute)
		}
		check(t, what+": cookies", len(b.get(path).header["Set-Cookie"]), 1)
		b.w = newSealedWorld(t, func(c *session.Config) { c.Keys, c.Now = ring(t, "new"), w.clock.Now })
		check(t, what+": who without the old key", b.get("/who").body, "ada")
	}
}

// Limits hold whatever the browser does with the cookie.
//
// Guard: internal/place/carried.go, Env.recall; carried.Open, Alive.
func TestSealedLimits(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		w := newSealedWorld(t)
		b := w.signedIn("ada")
		w.clock.add(2*time.Hour - time.Millisecond)
		check(t, "just before the idle limit", b.copy().get("/who").body, "ada")
		w.clock.add(time.Millisecond)
		check(t, "at the idle limit", b.copy().get("/who").body, "")
		check(t, "cookies", len(b.copy().get("/who").header["Set-Cookie"]), 0)
	})
	for what, path := range map[string]string{"reading": "/who", "writing": "/set?city=Rome", "renewing": "/renew"} {
		t.Run("absolute, "+what, func(t *testing.T) {
			w := newSealedWorld(t)
			w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
			b := w.signedIn("ada")
			for range 23 {
				w.clock.add(time.Hour)
				b.get(path)
			}
			w.clock.add(time.Hour - time.Millisecond)
			check(t, "just before the absolute limit", b.get("/who").body, "ada")
			w.clock.add(time.Millisecond)
			check(t, "at the absolute limit", b.copy().get("/who").body, "")
		})
	}
	t.Run("remembered", func(t *testing.T) {
		w := newSealedWorld(t)
		b := w.browser()
		b.get("/in?as=ada&remember=1")
		for range 4 {
			w.clock.add(7*24*time.Hour - time.Millisecond)
			check(t, "within a week", b.get("/who").body, "ada")
		}
		w.clock.add(2*24*time.Hour + 4*time.Millisecond)
		check(t, "after 30 days", b.get("/who").body, "")
	})
	t.Run("lowered", func(t *testing.T) {
		w := newSealedWorld(t)
		b := w.signedIn("ada")
		w.clock.add(30 * time.Minute)
		b.w = newSealedWorld(t, func(c *session.Config) {
			c.Now, c.Lifetime = w.clock.Now, session.Lifetime{Idle: 20 * time.Minute, Absolute: time.Hour}
		})
		check(t, "under a lower idle limit", b.get("/who").body, "")
	})
	t.Run("from the future", func(t *testing.T) {
		w := newSealedWorld(t)
		w.clock.add(25 * time.Hour)
		b := w.signedIn("ada")
		w.clock.add(-25 * time.Hour)
		b.w = newSealedWorld(t) // a node whose clock was never ahead
		check(t, "who", b.get("/who").body, "")
	})
	t.Run("a new sign-in begins anew", func(t *testing.T) {
		w := newSealedWorld(t)
		b := w.signedIn("ada")
		for range 12 {
			w.clock.add(time.Hour + 59*time.Minute)
			b.get("/who")
		}
		w.clock.add(-time.Duration(0))
		b.get("/in?as=ada")
		w.clock.add(time.Hour)
		check(t, "after a day", b.get("/who").body, "ada")
	})
}

// Guard: answer.go, Session.setDue, the expiry.
func TestSealedCookieEndsWithItsSession(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	end := w.clock.Now().Add(30 * 24 * time.Hour)
	for w.clock.Now().Before(end) {
		a := b.get("/set?city=Oslo")
		c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		left := end.Sub(w.clock.Now())
		if most := min(left, 7*24*time.Hour); time.Duration(c.MaxAge)*time.Second > most || c.MaxAge < 1 || !c.Expires.IsZero() {
			t.Errorf("%v before the end the cookie lives for %d s", left, c.MaxAge)
		}
		w.clock.add(9*time.Hour + time.Millisecond)
	}
	c, _ := http.ParseSetCookie(w.browser().get("/in?as=ada").header.Get("Set-Cookie"))
	check(t, "Max-Age of who is not remembered", c.MaxAge, 0)
}

func TestSealedShowsNothing(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	w.on("/fill", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.SignIn("subject-canary")
		session.Key[string]("key-canary").Set(s, "value-canary")
		s.Flash("category-canary", "text-canary")
	})
	b := w.browser()
	a := b.get("/fill")
	value := b.cookie[len(sealedCookie)+1:]
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{value, string(raw), fmt.Sprint(a.header)} {
		if strings.Contains(text, "canary") {
			t.Errorf("plaintext in %q", text)
		}
	}
	second := b.copy()
	second.get("/set?city=Oslo")
	third := b.copy()
	third.get("/set?city=Oslo")
	if second.cookie == third.cookie {
		t.Error("the same written twice gives the same cookie")
	}
}

// Guard: sealed/sealed.go, codec.Seal, rand.
func TestSealedNonces(t *testing.T) {
	t.Parallel()
	c := carrier(t, sealedCookie, "one")
	r := adasRecord()
	seen := make(map[string]bool)
	for range 10_000 {
		raw, err := base64.RawURLEncoding.DecodeString(seal(t, c, r))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(raw[1:25])] = true
	}
	check(t, "nonces of 10,000 cookies of one session in one millisecond", len(seen), 10_000)
}

func TestSealedUnsupported(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.signedIn("ada")
	ctx := context.Background()
	_, list := w.m.List(ctx, "ada")
	end := w.m.End(ctx, "ada", session.ID{})
	_, endAll := w.m.EndAll(ctx, "ada")
	_, everything := w.m.EndEverything(ctx)
	_, oldKeys := w.m.OldKeys(ctx)
	each := w.m.Each(ctx, func(session.Info) error { return nil })
	var watch, issue error
	inRequestOf(b, func(s *session.Session) {
		watch = s.Watch(ctx)
		_, _, issue = s.Issue(ctx)
	})
	for what, err := range map[string]error{
		"List": list, "End": end, "EndAll": endAll, "EndEverything": everything, "OldKeys": oldKeys, "Each": each,
		"Watch": watch, "Issue": issue,
	} {
		if !errors.Is(err, session.ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", what, err)
		}
	}
	if n, err := w.m.Sweep(ctx, 10); n != 0 || err != nil {
		t.Errorf("Sweep: %d, %v", n, err)
	}
	check(t, "who afterwards", b.get("/who").body, "ada")
}

// A megabyte of rubbish costs little more than a request without it.
func TestSealedRubbishThroughTheMiddleware(t *testing.T) {
	w := newSealedWorld(t)
	cost := func(cookie string) uint64 {
		const runs = 1000
		r := httptest.NewRequest("GET", "/who", nil)
		r.Header.Set("Cookie", cookie)
		rw := &bareWriter{header: http.Header{}}
		w.h.ServeHTTP(rw, r) // what the first alone needs does not count
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			w.h.ServeHTTP(rw, r)
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / runs
	}
	w.events = nil
	little, much := cost(sealedCookie+"=x"), cost(sealedCookie+"="+strings.Repeat("A", 1<<20))
	if much > little+4096 {
		t.Errorf("a megabyte of rubbish takes %d bytes, a byte of it %d", much, little)
	}
}
