package repotest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Throttle proves an account.Throttle.
func Throttle(t *testing.T, open func(t *testing.T) account.Throttle) {
	run := func(name string, test func(t *testing.T, ctx context.Context, th account.Throttle)) {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
	run("pauses", pauses)
	run("a fine clock", fineClock)
	run("quiet time", quietTime)
	run("keys are apart", keysApart)
	run("many at once", takeRace)
	run("forgive", forgive)
	run("refund", refund)
	run("refunds at once", refundRace)
	run("several counters", severalCounters)
	run("sweep", sweep)
	run("cancelled", cancelledThrottle)
	run("failures", failures)
}

// What a counter holds can be asked for.
func failures(t *testing.T, ctx context.Context, th account.Throttle) {
	told, ok := th.(account.Failures)
	if !ok {
		t.Fatal("it cannot be asked")
	}
	want := func(key string, want int) {
		t.Helper()
		got, err := told.Failures(ctx, key)
		noError(t, err)
		same(t, key, got, want)
	}
	want("a", 0)
	take(t, th, "a", now(), 0)
	take(t, th, "a", now(), 0)
	take(t, th, "b", now(), 0)
	want("a", 2)
	want("b", 1)
	noError(t, th.Settle(ctx, []string{"a"}, nil))
	want("a", 0)
}

func policy() account.Policy {
	return account.Policy{Free: 3, First: time.Second, Most: 5 * time.Second, Forget: time.Hour}
}

func one(key string, p account.Policy) []account.Attempt {
	return []account.Attempt{{Key: key, Policy: p}}
}

func take(t *testing.T, th account.Throttle, key string, at time.Time, want time.Duration) {
	t.Helper()
	wait, err := th.Take(t.Context(), one(key, policy()), at)
	noError(t, err)
	if wait != want {
		t.Fatalf("wait is %v, want %v", wait, want)
	}
}

// pauses goes through what Policy.Take decides when every counter passes through the database.
func pauses(t *testing.T, _ context.Context, th account.Throttle) {
	at := now()
	take(t, th, "k", at, 0)
	take(t, th, "k", at, 0)
	take(t, th, "k", at, 0) // the third causes the first pause
	for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		take(t, th, "k", at, pause)
		take(t, th, "k", at.Add(pause/2), pause-pause/2)
		take(t, th, "k", at.Add(pause-time.Millisecond), time.Millisecond) // knocking did not lengthen it
		at = at.Add(pause)
		take(t, th, "k", at, 0)
	}
	take(t, th, "k", at.Add(-time.Hour), 0) // a clock that jumped back locks nobody out
}

// A real clock is finer than what is stored. The first and the longest pause hold all the same.
func fineClock(t *testing.T, ctx context.Context, th account.Throttle) {
	p := account.Policy{Free: 1, First: time.Second, Most: time.Second, Forget: time.Hour}
	for i := range 50 {
		key, at := fmt.Sprint(i), now().Add(time.Duration(i)*20_001)
		for _, step := range []struct {
			after time.Duration
			let   bool
		}{{0, true}, {0, false}, {300 * time.Microsecond, false}, {990 * time.Millisecond, false}, {1001 * time.Millisecond, true}} {
			wait, err := th.Take(ctx, one(key, p), at.Add(step.after))
			noError(t, err)
			if (wait == 0) != step.let {
				t.Fatalf("at %v, %v after the first: wait is %v", at.Nanosecond(), step.after, wait)
			}
		}
	}
}

func quietTime(t *testing.T, _ context.Context, th account.Throttle) {
	at := now()
	for range 3 {
		take(t, th, "k", at, 0)
	}
	take(t, th, "k", at, time.Second)
	at = at.Add(policy().Forget)
	for range 3 {
		take(t, th, "k", at, 0)
	}
	take(t, th, "k", at, time.Second)
}

func keysApart(t *testing.T, _ context.Context, th account.Throttle) {
	keys := []string{"a", "A", "a ", "", "a\x00", "a\x00b", "' OR 1=1 --", "$where", "%", "\xff", string(make([]byte, 1024))}
	for range 3 {
		for _, k := range keys {
			take(t, th, k, now(), 0)
		}
	}
	for _, k := range keys {
		take(t, th, k, now(), time.Second)
	}
}

// Of 100 at once exactly as many are let through as would be one after the other, on every key.
func takeRace(t *testing.T, ctx context.Context, th account.Throttle) {
	var let [2]atomic.Int32
	errs := race(100, func(i int) error {
		wait, err := th.Take(ctx, one(fmt.Sprint("key", i%2), policy()), now())
		if err == nil && wait == 0 {
			let[i%2].Add(1)
		}
		return err
	})
	tally(t, errs, nil)
	for i := range let {
		if n := int(let[i].Load()); n != policy().Free {
			t.Errorf("key %d: %d let through, want %d", i, n, policy().Free)
		}
	}
}

func forgive(t *testing.T, ctx context.Context, th account.Throttle) {
	for range 3 {
		take(t, th, "k", now(), 0)
		take(t, th, "other", now(), 0)
	}
	noError(t, th.Settle(ctx, []string{"k"}, nil))
	for range 3 {
		take(t, th, "k", now(), 0)
	}
	take(t, th, "k", now(), time.Second)
	take(t, th, "other", now(), time.Second)
	noError(t, th.Settle(ctx, []string{"nobody"}, nil))
}

func refund(t *testing.T, ctx context.Context, th account.Throttle) {
	noError(t, th.Settle(ctx, nil, []string{"nobody"}))
	take(t, th, "nobody", now(), 0)
	take(t, th, "nobody", now(), 0)
	take(t, th, "nobody", now(), 0)
	take(t, th, "nobody", now(), time.Second) // an unknown key was not given credit

	take(t, th, "k", now(), 0)
	take(t, th, "k", now(), 0)
	for range 3 {
		take(t, th, "k", now(), 0)
		take(t, th, "k", now(), time.Second)
		noError(t, th.Settle(ctx, nil, []string{"k"})) // with the pause that this attempt caused
	}
	take(t, th, "k", now(), 0)
	take(t, th, "k", now(), time.Second) // the two before it still count

	take(t, th, "once", now(), 0)
	noError(t, th.Settle(ctx, nil, []string{"once"}))
	noError(t, th.Settle(ctx, nil, []string{"once"})) // never below zero
	for range 3 {
		take(t, th, "once", now(), 0)
	}
	take(t, th, "once", now(), time.Second)
}

// An attempt counts in all of its counters or, when one of them refuses, in none.
func severalCounters(t *testing.T, ctx context.Context, th account.Throttle) {
	strict, mild := policy(), policy()
	strict.Free, mild.Free = 1, 4
	both := []account.Attempt{{Key: "mild", Policy: mild}, {Key: "strict", Policy: strict}}
	for _, want := range []time.Duration{0, time.Second, time.Second, time.Second} {
		wait, err := th.Take(ctx, both, now())
		noError(t, err)
		if wait != want {
			t.Fatalf("wait is %v, want %v", wait, want)
		}
	}
	for want, left := time.Duration(0), 3; left >= 0; left-- { // the refused ones did not count
		if left == 0 {
			want = time.Second
		}
		wait, err := th.Take(ctx, both[:1], now())
		noError(t, err)
		if wait != want {
			t.Fatalf("%d are left: wait is %v, want %v", left, wait, want)
		}
	}
	noError(t, th.Settle(ctx, []string{"strict"}, []string{"mild"}))
	wait, err := th.Take(ctx, both, now())
	noError(t, err)
	if wait != 0 {
		t.Errorf("wait is %v after both were settled", wait)
	}
}

func refundRace(t *testing.T, ctx context.Context, th account.Throttle) {
	const n = 20
	wide := account.Policy{Free: 2 * n, First: time.Minute, Most: time.Minute, Forget: time.Hour}
	takes := func(count int) {
		tally(t, race(count, func(int) error {
			wait, err := th.Take(ctx, one("k", wide), now())
			if err == nil && wait > 0 {
				err = fmt.Errorf("refused for %v", wait)
			}
			return err
		}), nil)
	}
	takes(n + 5)
	tally(t, race(n, func(int) error { return th.Settle(ctx, nil, []string{"k"}) }), nil)
	takes(2*n - 5) // 5 are left of the first
	wait, err := th.Take(ctx, one("k", wide), now())
	noError(t, err)
	if wait != time.Minute {
		t.Errorf("wait is %v, want a minute: a take or a refund was lost", wait)
	}
}

func sweep(t *testing.T, ctx context.Context, th account.Throttle) {
	swept := func(before time.Time, limit, want int) {
		t.Helper()
		n, err := th.Sweep(ctx, before, limit)
		noError(t, err)
		if n != want {
			t.Fatalf("%d swept, want %d", n, want)
		}
	}
	swept(now(), 10, 0)
	for i := range 5 {
		for range 3 {
			take(t, th, fmt.Sprint("key", i), now().Add(time.Duration(i)*time.Minute), 0)
		}
	}
	swept(now(), 10, 0) // before means before
	swept(now().Add(4*time.Minute), 0, 0)
	swept(now().Add(4*time.Minute), 3, 3)
	swept(now().Add(4*time.Minute), 3, 1)
	swept(now().Add(4*time.Minute), 3, 0)
	take(t, th, "key4", now().Add(4*time.Minute), time.Second)
	take(t, th, "key0", now().Add(4*time.Minute), 0)
}

func cancelledThrottle(t *testing.T, ctx context.Context, th account.Throttle) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	for range 5 {
		_, err := th.Take(dead, one("k", policy()), now())
		mustBe(t, err, context.Canceled)
	}
	for range 3 {
		take(t, th, "k", now(), 0)
	}
	mustBe(t, th.Settle(dead, []string{"k"}, nil), context.Canceled)
	mustBe(t, th.Settle(dead, nil, []string{"k"}), context.Canceled)
	_, err := th.Sweep(dead, now().Add(time.Hour), 10)
	mustBe(t, err, context.Canceled)
	take(t, th, "k", now(), time.Second)
}
