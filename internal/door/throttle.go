package door

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
)

// take counts the attempt in the first lane that has room, before anything is guessed, so that
// parallel attempts count too; it gives that lane. An attempt that no lane has room for counts
// nowhere. It is entered under the action, and is told the shortest of the waits.
func (d *Door) take(
	ctx context.Context, v *Visit, refused book.Action, lanes []account.Lane,
) (account.Lane, error) {
	var shortest time.Duration
	for _, lane := range lanes {
		wait, err := d.throttle.Take(ctx, d.attempts(lane), d.now())
		if err != nil {
			return nil, unavailable(err)
		}
		if wait <= 0 {
			return lane, nil
		}
		if shortest == 0 || wait < shortest {
			shortest = wait
		}
	}
	d.note(ctx, v, refused, "", "too many attempts")
	return nil, &fault.Error{
		Kind: fault.Throttled,
		Public: fmt.Sprintf("There were too many attempts. Please wait %s and try again.",
			inWords(shortest)),
		RetryAfter: shortest,
	}
}

// refund takes an attempt back that was none: nothing was guessed.
func (d *Door) refund(ctx context.Context, lane account.Lane) {
	var all []string
	for _, c := range lane {
		all = append(all, d.counterKey(c))
	}
	d.settle(ctx, nil, all)
}

// forgive clears what an attempt that was right has counted.
func (d *Door) forgive(ctx context.Context, lane account.Lane) {
	var forgiven, refunded []string
	for _, c := range lane {
		if c.Own {
			forgiven = append(forgiven, d.counterKey(c))
		} else {
			refunded = append(refunded, d.counterKey(c))
		}
	}
	d.settle(ctx, forgiven, refunded)
}

func (d *Door) settle(ctx context.Context, forgiven, refunded []string) {
	if err := d.throttle.Settle(context.WithoutCancel(ctx), forgiven, refunded); err != nil {
		d.log.Warn("an attempt that was right still counts", "error", err)
	}
}

func (d *Door) attempts(lane account.Lane) []account.Attempt {
	list := make([]account.Attempt, len(lane))
	for i, c := range lane {
		list[i] = account.Attempt{Key: d.counterKey(c), Policy: c.Policy}
	}
	return list
}

// counterKey names a counter, and hides whose it is: what people type as an e-mail address may be a
// password.
func (d *Door) counterKey(c account.Count) string {
	sum := d.counters.Sum([]byte(c.Kind + "\x00" + c.Of))
	return c.Kind + ":" + hex.EncodeToString(sum[:16])
}

// inWords says how long to wait as a person would.
func inWords(d time.Duration) string {
	if d <= 90*time.Second {
		return plural(int((d+time.Second-1)/time.Second), "second")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
