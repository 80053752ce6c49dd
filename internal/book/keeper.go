package book

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/doorbook/doorbook/internal/id"
)

// DefaultMaxAge is how long entries are kept: 90 days.
const DefaultMaxAge = 90 * 24 * time.Hour

// KeeperConfig says how much of the book is kept. Only Repo is required.
type KeeperConfig struct {
	Repo     Repository
	Clock    func() time.Time                      // default time.Now
	MaxAge   time.Duration                         // older entries go; default DefaultMaxAge; negative: no bound
	MaxBytes int64                                 // the oldest entries go while the book takes more; default 1 GiB; negative: no bound
	Batch    int                                   // entries deleted between two rests at most; default 1000
	Every    time.Duration                         // how often the keeper looks; default 1 min
	Pause    time.Duration                         // shortest time between two batches; default 60 ms
	Limit    time.Duration                         // longest one batch may take; default 10 s
	Tell     func(context.Context, ...Entry) error // where the entry goes that tells of entries that went before their age; default: nowhere
	Log      *slog.Logger                          // told when trimming begins to fail and when it works again; default: nobody
}

// Keeper keeps the book within its bounds, of age and of bytes, from the first day. It deletes in
// batches and rests after each one at least as long as it took, so that entries and pages find the
// database and a processor free half of the time; within a batch the repository lets others have
// their turn. Some ten thousand entries a second go that way. A shorter pause lets more go, but
// what is deleted has to get to the disk, and all who write wait for that more often.
type Keeper struct{ c KeeperConfig }

// NewKeeper makes a Keeper. It panics without a repository.
func NewKeeper(c KeeperConfig) *Keeper {
	if c.Repo == nil {
		panic("book: NewKeeper needs a repository")
	}
	c.Clock = clockOr(c.Clock)
	c.Log = logOr(c.Log)
	if c.MaxAge == 0 {
		c.MaxAge = DefaultMaxAge
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 1 << 30
	}
	c.Batch = positiveOr(c.Batch, 1000)
	c.Every = positiveOr(c.Every, time.Minute)
	c.Pause = positiveOr(c.Pause, 60*time.Millisecond)
	c.Limit = positiveOr(c.Limit, 10*time.Second)
	return &Keeper{c}
}

// Run trims at once and then every Every until ctx is done, and returns nil. A failure is logged
// and tried again the next time.
func (k *Keeper) Run(ctx context.Context) error {
	failing := false
	for ctx.Err() == nil {
		n, err := k.Trim(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !failing:
			k.c.Log.LogAttrs(ctx, slog.LevelError, "the book cannot be trimmed; it may grow beyond its bounds", slog.String("error", plain(err)))
		case err == nil && failing:
			k.c.Log.LogAttrs(ctx, slog.LevelInfo, "the book is trimmed again", slog.Int("entries", n))
		}
		failing = err != nil
		rest(ctx, k.c.Every)
	}
	return nil
}

// Trim deletes what is beyond the bounds now, batch by batch, and gives how many entries went. It
// ends early, with the context's error, when ctx is done. What went before its age is told in one
// entry.
func (k *Keeper) Trim(ctx context.Context) (int, error) {
	var total Trimmed
	defer func() { k.tell(ctx, total.Early) }()
	for {
		began := time.Now()
		n, err := k.batch(ctx)
		total.Old += n.Old
		total.Early = total.Early.Plus(n.Early)
		if err != nil || n.Total() < k.c.Batch {
			return total.Total(), err
		}
		if !rest(ctx, max(k.c.Pause, time.Since(began))) {
			return total.Total(), context.Cause(ctx)
		}
	}
}

// tell enters what went before its age.
func (k *Keeper) tell(ctx context.Context, early Kinds) {
	if early.Total() == 0 || k.c.Tell == nil {
		return
	}
	now := k.c.Clock()
	e := Entry{ID: id.New(now), Type: Activity, CreatedAt: now, Action: ActionEntriesTrimmed, Text: early.String()}
	if err := k.c.Tell(ctx, e); err != nil {
		k.c.Log.LogAttrs(ctx, slog.LevelWarn, "the book does not tell what it let go of", slog.String("entries", early.String()),
			slog.String("error", plain(err)))
	}
}

func (k *Keeper) batch(ctx context.Context) (n Trimmed, err error) {
	var olderThan time.Time // the zero time is older than every entry
	if k.c.MaxAge > 0 {
		olderThan = k.c.Clock().Add(-k.c.MaxAge)
	}
	ctx, cancel := context.WithTimeout(ctx, k.c.Limit)
	defer cancel()
	err = guard(func() error {
		var err error
		n, err = k.c.Repo.Trim(ctx, olderThan, max(k.c.MaxBytes, 0), k.c.Batch)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("book: trim: %w", err)
	}
	return n, nil
}

// rest waits for d and reports whether ctx is still alive.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
