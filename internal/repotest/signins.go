package repotest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// SignIns proves an account.SignIns together with the account.Devices that enters them.
func SignIns(t *testing.T, open func(t *testing.T) (account.Devices, account.SignIns)) {
	run := func(name string, test func(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns)) {
		t.Run(name, func(t *testing.T) {
			d, r := open(t)
			test(t, t.Context(), d, r)
		})
	}
	run("entered with the device", signInEntered)
	run("ended once", signInEnded)
	run("ended without having begun", signInUnknown)
	run("seen", signInSeen)
	run("the latest", signInLatest)
	run("sweep", signInSweep)
	run("at once", signInRace)
	run("hostile", signInHostile)
	run("cancelled", signInCancelled)
}

// signIn gives the n-th sign-in of an account, n minutes after now, for two hours without use and a
// day in all.
func signIn(owner string, n int) account.SignIn {
	at := now().Add(time.Duration(n) * time.Minute)
	return account.SignIn{
		Session: fmt.Sprintf("%s-s%02d", owner, n), Account: owner, Device: owner + "-01", Name: "mine",
		UserAgent: "Firefox", Addr: "192.0.2.1", Method: account.ByPassword,
		Began: at, LastSeen: at, Idle: 2 * time.Hour, Until: at.Add(24 * time.Hour),
	}
}

// ended is a sign-in that somebody has ended at a time.
func ended(s account.SignIn, at time.Time, why account.Ending) account.SignIn {
	s.Ended, s.Why, s.By, s.ByName = at, why, "root", "Root"
	return s
}

// over gives all of an account that were over by a time.
func over(t *testing.T, r account.SignIns, owner string, until time.Time) []account.SignIn {
	t.Helper()
	list, err := r.Over(t.Context(), owner, now().Add(-time.Hour), until, 100)
	noError(t, err)
	for i := range list {
		s := &list[i]
		s.Began, s.LastSeen, s.Until = s.Began.UTC(), s.LastSeen.UTC(), s.Until.UTC()
		if !s.Ended.IsZero() {
			s.Ended = s.Ended.UTC()
		}
	}
	return list
}

func signInEntered(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	s := signIn("ada", 1)
	noError(t, d.Keep(ctx, device("ada", 1), 5, s))
	same(t, "while it lasts", over(t, r, "ada", s.Over().Add(-time.Millisecond)), []account.SignIn(nil))
	same(t, "when it has ended by itself", over(t, r, "ada", s.Over()), []account.SignIn{s})
	again := s
	again.Addr, again.Method = "203.0.113.9", account.BySetup
	noError(t, d.Keep(ctx, device("ada", 1), 5, again)) // the same session: what began it stays
	same(t, "entered twice", over(t, r, "ada", s.Over()), []account.SignIn{s})
	same(t, "of others", over(t, r, "bob", s.Over()), []account.SignIn(nil))
	if got := s.Reason(); got != account.Unused {
		t.Errorf("ended because %s", got)
	}
}

func signInEnded(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	s, at := signIn("ada", 1), now().Add(time.Hour)
	noError(t, d.Keep(ctx, device("ada", 1), 5, s, signIn("ada", 2)))
	told := ended(account.SignIn{
		Session: s.Session, Account: "ada", Name: "the old laptop", UserAgent: "another", Addr: "another", LastSeen: at.Add(-time.Minute),
	}, at, account.Disowned)
	noError(t, r.End(ctx, []account.SignIn{told}))
	want := ended(s, at, account.Disowned)
	want.Name, want.LastSeen = told.Name, told.LastSeen
	same(t, "ended", over(t, r, "ada", at), []account.SignIn{want})

	later := ended(s, at.Add(time.Minute), account.PasswordChanged) // it has ended already
	noError(t, r.End(ctx, []account.SignIn{later}))
	noError(t, r.Seen(ctx, map[string]time.Time{s.Session: at.Add(time.Hour)}))
	foreign := ended(signIn("ada", 2), at, account.SignedOut)
	foreign.Account = "bob" // an end is of the account whose sign-in it was
	noError(t, r.End(ctx, []account.SignIn{foreign}))
	same(t, "ended once", over(t, r, "ada", at.Add(time.Hour)), []account.SignIn{want})
	noError(t, r.End(ctx, nil))
}

func signInUnknown(t *testing.T, ctx context.Context, _ account.Devices, r account.SignIns) {
	s := ended(signIn("ada", 1), now().Add(time.Hour), account.EndedByAdmin)
	s.Method, s.Device, s.Name = account.Elsewhere, "", ""
	noError(t, r.End(ctx, []account.SignIn{s}))
	same(t, "entered", over(t, r, "ada", s.Ended), []account.SignIn{s})
}

func signInSeen(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	s := signIn("ada", 0)
	noError(t, d.Keep(ctx, device("ada", 1), 5, s))
	first := s.Over()
	seen := func(after time.Duration) {
		noError(t, r.Seen(ctx, map[string]time.Time{s.Session: s.Began.Add(after), "none": now()}))
	}
	seen(time.Hour)
	seen(30 * time.Minute) // only forward
	same(t, "it lasts", over(t, r, "ada", first), []account.SignIn(nil))
	s.LastSeen = s.Began.Add(time.Hour)
	same(t, "over later", over(t, r, "ada", first.Add(time.Hour)), []account.SignIn{s})
	seen(23 * time.Hour)
	s.LastSeen = s.Began.Add(23 * time.Hour)
	same(t, "over at its latest", over(t, r, "ada", s.Until), []account.SignIn{s})
	if got := s.Reason(); got != account.TimeOver {
		t.Errorf("ended because %s", got)
	}
	noError(t, r.Seen(ctx, nil))
}

func signInLatest(t *testing.T, ctx context.Context, _ account.Devices, r account.SignIns) {
	var list []account.SignIn
	for n := range 5 { // began one after the other, ended the other way round
		list = append(list, ended(signIn("ada", n), now().Add(time.Duration(60-n)*time.Minute), account.SignedOut))
	}
	noError(t, r.End(ctx, list))
	got, err := r.Over(ctx, "ada", list[4].Ended, list[0].Ended, 3)
	noError(t, err)
	var order []string
	for _, s := range got {
		order = append(order, s.Session)
	}
	same(t, "order", order, []string{"ada-s00", "ada-s01", "ada-s02"})
	got, err = r.Over(ctx, "ada", list[2].Ended, list[1].Ended, 10)
	noError(t, err)
	if len(got) != 1 || got[0].Session != "ada-s01" {
		t.Errorf("after a moment, up to another: %v", got)
	}
	got, err = r.Over(ctx, "ada", time.Time{}.Add(time.Hour), list[0].Ended, 0)
	noError(t, err)
	same(t, "none", len(got), 0)
}

func signInSweep(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	lasting := signIn("ada", 9)
	noError(t, d.Keep(ctx, device("ada", 1), 5, lasting))
	for n := range 4 {
		noError(t, r.End(ctx, []account.SignIn{ended(signIn("ada", n), now().Add(time.Duration(n)*time.Minute), account.SignedOut)}))
	}
	swept := func(before time.Time, limit, want int) {
		t.Helper()
		n, err := r.Sweep(ctx, before, limit)
		noError(t, err)
		same(t, "swept", n, want)
	}
	swept(now(), 10, 0) // before means before
	swept(now().Add(3*time.Minute), 0, 0)
	swept(now().Add(3*time.Minute), 2, 2)
	swept(now().Add(3*time.Minute), 2, 1)
	same(t, "what is left", len(over(t, r, "ada", now().Add(48*time.Hour))), 2)
	swept(lasting.Over(), 10, 1) // one that lasts is no rubbish
	swept(lasting.Over().Add(time.Millisecond), 10, 1)
}

// signInRace: of several ends at once, of a sign-in that is known and of one that is not, one stays.
func signInRace(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	noError(t, d.Keep(ctx, device("ada", 1), 5, signIn("ada", 1)))
	at := now().Add(time.Hour)
	tally(t, race(20, func(i int) error {
		return r.End(ctx, []account.SignIn{ended(signIn("ada", 1+i%2), at, account.SignedOut)})
	}), nil)
	same(t, "ends", len(over(t, r, "ada", at)), 2)
}

func signInHostile(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	s := signIn("ada", 1)
	s.UserAgent, s.Name = strings.Repeat("W", 10<<10), "\xff\x00'; --"
	noError(t, d.Keep(ctx, device("ada", 1), 5, s))
	got := over(t, r, "ada", s.Over())
	if len(got) != 1 || got[0].Name != s.Name || len(got[0].UserAgent) > account.MaxUserAgent {
		t.Errorf("kept: %.300q", got)
	}
	for _, id := range hostileIDs() {
		same(t, "of nobody", over(t, r, id, s.Over()), []account.SignIn(nil))
		noError(t, r.Seen(ctx, map[string]time.Time{id: now()}))
	}
}

func signInCancelled(t *testing.T, ctx context.Context, d account.Devices, r account.SignIns) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	s := signIn("ada", 1)
	mustBe(t, d.Keep(dead, device("ada", 1), 5, s), context.Canceled)
	mustBe(t, r.End(dead, []account.SignIn{s}), context.Canceled)
	mustBe(t, r.Seen(dead, map[string]time.Time{s.Session: now()}), context.Canceled)
	_, err := r.Over(dead, "ada", now(), now(), 10)
	mustBe(t, err, context.Canceled)
	_, err = r.Sweep(dead, now(), 10)
	mustBe(t, err, context.Canceled)
	same(t, "entered", over(t, r, "ada", s.Over()), []account.SignIn(nil))
}
