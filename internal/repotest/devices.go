package repotest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Devices proves an account.Devices.
func Devices(t *testing.T, open func(t *testing.T) account.Devices) {
	run := func(name string, test func(t *testing.T, ctx context.Context, r account.Devices)) {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
	run("kept as it is", deviceKept)
	run("renamed", deviceRenamed)
	run("the most", deviceMost)
	run("many at once", deviceRace)
	run("end", deviceEnd)
	run("sweep", deviceSweep)
	run("hostile ids", deviceHostile)
	run("cancelled", deviceCancelled)
}

// device gives the n-th device of an account, seen n minutes after now.
func device(owner string, n int) account.Device {
	return account.Device{
		ID: fmt.Sprintf("%s-%02d", owner, n), Account: owner, Epoch: 3, Name: "Firefox on Linux",
		Session: "abc", FirstSeen: now(), LastSeen: now().Add(time.Duration(n) * time.Minute),
	}
}

// names gives the ids of an account's devices, as List orders them.
func names(t *testing.T, r account.Devices, owner string) (ids []string) {
	t.Helper()
	list, err := r.List(t.Context(), owner)
	noError(t, err)
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

func deviceKept(t *testing.T, ctx context.Context, r account.Devices) {
	_, err := r.Find(ctx, "ada-01")
	mustBe(t, err, account.ErrNotFound)
	want := device("ada", 1)
	for _, change := range []func(){
		func() {},
		func() { want.LastSeen, want.Session, want.Epoch = now().Add(time.Hour), "def", 4 },
		func() { want.Session, want.Epoch = "", 0 },
		func() { want.Account, want.Name = "bob", "\xff\x00'; --" }, // a row is whose it says
	} {
		change()
		noError(t, r.Keep(ctx, want, 5))
		got, err := r.Find(ctx, want.ID)
		noError(t, err)
		got.FirstSeen, got.LastSeen = got.FirstSeen.UTC(), got.LastSeen.UTC()
		same(t, "device", got, want)
	}
	same(t, "of the one before", names(t, r, "ada"), []string{})
	same(t, "of the new one", names(t, r, "bob"), []string{"ada-01"})
}

// A name is its owner's to give and to take away; no sign-in that is under way meanwhile undoes it.
func deviceRenamed(t *testing.T, ctx context.Context, r account.Devices) {
	rename := func(owner, session, name string) account.Device {
		t.Helper()
		d, err := r.Rename(ctx, owner, session, name)
		noError(t, err)
		return d
	}
	want := device("ada", 1)
	stale := want
	noError(t, r.Keep(ctx, want, 5))
	want.Name = "the laptop of Ada"
	got := rename("ada", want.Session, want.Name)
	got.FirstSeen, got.LastSeen = got.FirstSeen.UTC(), got.LastSeen.UTC()
	same(t, "renamed", got, want)
	stale.Session, stale.LastSeen = "def", now().Add(time.Hour)
	noError(t, r.Keep(ctx, stale, 5))
	got, err := r.Find(ctx, want.ID)
	noError(t, err)
	same(t, "after a sign-in", got.Name, want.Name)
	for _, none := range [][2]string{{"bob", "def"}, {"ada", want.Session}, {"ada", ""}, {"", "def"}} {
		_, err := r.Rename(ctx, none[0], none[1], "x")
		mustBe(t, err, account.ErrNotFound)
	}
	same(t, "without a name", rename("ada", "def", "").Name, "")
	noError(t, r.Keep(ctx, stale, 5)) // nor does one bring back what was taken away
	got, err = r.Find(ctx, want.ID)
	noError(t, err)
	same(t, "after another", got.Name, "")
}

// Of the devices of one account stay those seen last, and always the one that is being kept.
func deviceMost(t *testing.T, ctx context.Context, r account.Devices) {
	noError(t, r.Keep(ctx, device("bob", 0), 3))
	for _, n := range []int{4, 2, 3, 5} {
		noError(t, r.Keep(ctx, device("ada", n), 3))
	}
	same(t, "devices", names(t, r, "ada"), []string{"ada-05", "ada-04", "ada-03"})
	noError(t, r.Keep(ctx, device("ada", 1), 3)) // by a clock that is behind
	same(t, "devices", names(t, r, "ada"), []string{"ada-05", "ada-04", "ada-01"})
	noError(t, r.Keep(ctx, device("ada", 4), 3))
	same(t, "the same again", names(t, r, "ada"), []string{"ada-05", "ada-04", "ada-01"})
	same(t, "of others", names(t, r, "bob"), []string{"bob-00"})
	noError(t, r.Keep(ctx, device("ada", 9), 1))
	same(t, "one", names(t, r, "ada"), []string{"ada-09"})
}

func deviceRace(t *testing.T, ctx context.Context, r account.Devices) {
	tally(t, race(40, func(i int) error { return r.Keep(ctx, device("ada", i%10), 5) }), nil)
	if ids := names(t, r, "ada"); len(ids) == 0 || len(ids) > 5 {
		t.Errorf("%d devices are left of 10 that were kept at once, want 1 to 5", len(ids))
	}
}

func deviceEnd(t *testing.T, ctx context.Context, r account.Devices) {
	for n := range 4 {
		noError(t, r.Keep(ctx, device("ada", n), 10))
		noError(t, r.Keep(ctx, device("bob", n), 10))
	}
	end := func(want int, owner string, except ...string) {
		t.Helper()
		n, err := r.End(ctx, owner, except...)
		noError(t, err)
		if n != want {
			t.Fatalf("%d devices have ended, want %d", n, want)
		}
	}
	end(0, "cleo")
	end(2, "ada", "ada-01", "ada-03", "bob-00")
	same(t, "excepted", names(t, r, "ada"), []string{"ada-03", "ada-01"})
	end(2, "ada")
	same(t, "all", names(t, r, "ada"), []string{})
	same(t, "others'", names(t, r, "bob"), []string{"bob-03", "bob-02", "bob-01", "bob-00"})
}

func deviceSweep(t *testing.T, ctx context.Context, r account.Devices) {
	for n := range 5 {
		noError(t, r.Keep(ctx, device("ada", n), 10))
	}
	swept := func(before time.Time, limit, want int) {
		t.Helper()
		n, err := r.Sweep(ctx, before, limit)
		noError(t, err)
		if n != want {
			t.Fatalf("%d swept, want %d", n, want)
		}
	}
	swept(now(), 10, 0) // before means before
	swept(now().Add(3*time.Minute), 0, 0)
	swept(now().Add(3*time.Minute), 2, 2)
	swept(now().Add(3*time.Minute), 2, 1)
	same(t, "the rest", names(t, r, "ada"), []string{"ada-04", "ada-03"})
}

func deviceHostile(t *testing.T, ctx context.Context, r account.Devices) {
	noError(t, r.Keep(ctx, device("ada", 1), 5))
	for _, id := range hostileIDs() {
		_, err := r.Find(ctx, id)
		mustBe(t, err, account.ErrNotFound)
		same(t, "list", names(t, r, id), []string{})
		n, err := r.End(ctx, id)
		noError(t, err)
		if n != 0 {
			t.Errorf("%.20q ends %d devices", id, n)
		}
	}
	same(t, "devices", names(t, r, "ada"), []string{"ada-01"})
}

func deviceCancelled(t *testing.T, ctx context.Context, r account.Devices) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	_, err := r.Find(dead, "ada-01")
	mustBe(t, err, context.Canceled)
	mustBe(t, r.Keep(dead, device("ada", 1), 5), context.Canceled)
	_, err = r.Rename(dead, "ada", "abc", "x")
	mustBe(t, err, context.Canceled)
	_, err = r.List(dead, "ada")
	mustBe(t, err, context.Canceled)
	_, err = r.End(dead, "ada")
	mustBe(t, err, context.Canceled)
	_, err = r.Sweep(dead, now(), 10)
	mustBe(t, err, context.Canceled)
	same(t, "devices", names(t, r, "ada"), []string{})
}
