package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
)

const (
	lookEvery = 64  // commits between two looks at the WAL
	somePages = 500 // to be moved: much at once holds up those who write for as long as the disk takes for it
	lastPages = 64  // at most so many are moved while writers wait,
	rounds    = 8   // unless more is left after this many attempts to get there
	usualLog  = 2   // the WAL's file is cut to so many times profile.logPages when it begins anew
	logMost   = 8   // a commit moves the WAL when it is so many times as long as profile.logPages

	walPage = 4096 + 24 // bytes of a page in the WAL, with its header

	// readerTime is how long writers wait, in milliseconds, for those who read what was before the
	// last pages.
	readerTime = 50
)

// checkpointer moves what was committed from the WAL into the database file, on a connection of its
// own. Most of that is waiting for the disk, tens of milliseconds, and a commit that did it would
// hold up every other one.
//
// What is committed meanwhile makes the WAL longer, and it begins anew only once nothing is left in
// it that anybody needs. So the last few pages are moved while writers wait, for little longer than
// the disk takes to confirm them.
type checkpointer struct {
	write   *sql.DB
	busy    time.Duration // busy timeout of write
	own     *sql.DB       // opens its connection when it is first needed
	pages   int           // length at which the WAL is to begin anew
	after   int           // length before which it is not tried again, because a reader holds on to an old moment
	commits atomic.Uint64
	wake    chan struct{} // holds one token when it is time to look

	cancel context.CancelFunc
	ended  chan struct{}
}

// newCheckpointer starts a checkpointer, which runs until it is stopped. It fills in write before
// anything is committed.
func newCheckpointer(own driver.Connector, pages int, busy time.Duration) *checkpointer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{
		own: sql.OpenDB(own), pages: pages, busy: busy,
		wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{}),
	}
	c.own.SetMaxOpenConns(1)
	go c.run(ctx)
	return c
}

// stop waits for a checkpoint under way, which is cut short.
func (c *checkpointer) stop() error {
	c.cancel()
	<-c.ended
	return c.own.Close()
}

// committed is told of each commit.
func (c *checkpointer) committed() {
	if c.commits.Add(1)%lookEvery != 0 {
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run(ctx context.Context) {
	defer close(c.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		// A failure needs no word here: the next look tries again, and a disk that is full fails
		// commits, which tell of it.
		_ = c.checkpoint(ctx)
	}
}

// checkpoint moves what has come since the last time, if it is much, and has the WAL begin anew if
// it is long. Where a reader holds on to an old moment of the file, it moves what it can, and
// leaves writers alone until the WAL has grown by its usual length again.
func (c *checkpointer) checkpoint(ctx context.Context) error {
	length, left, _, err := pass(ctx, c.own, `PRAGMA wal_checkpoint(NOOP)`)
	if err != nil {
		return err
	}
	if length < c.pages {
		c.after = 0
	}
	long, enough := length >= max(c.pages, c.after), somePages
	if long {
		enough = lastPages
	}
	for round := 0; left > enough && round < rounds; round++ {
		before := left
		if length, left, _, err = pass(ctx, c.own, `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
			return err
		}
		if left >= before {
			break
		}
	}
	if !long {
		return nil
	}
	anew, err := c.restart(ctx)
	if err == nil && !anew {
		c.after = length + c.pages
	}
	return err
}

// restart moves the rest while writers wait, and reports whether the WAL begins anew with the next
// commit.
func (c *checkpointer) restart(ctx context.Context) (anew bool, err error) {
	conn, err := c.write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	patience := func(ms int64) error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = `+strconv.FormatInt(ms, 10))
		return err
	}
	if err := patience(readerTime); err != nil {
		return false, err
	}
	_, _, busy, err := pass(ctx, conn, `PRAGMA wal_checkpoint(RESTART)`)
	return !busy, errors.Join(err, patience(c.busy.Milliseconds()))
}

// pass runs one checkpoint. It returns the length of the WAL in pages, how many of them are left to
// be moved, and whether somebody was in the way.
func pass(ctx context.Context, q queryer, pragma string) (length, left int, busy bool, err error) {
	var moved int
	err = q.QueryRowContext(ctx, pragma).Scan(&busy, &length, &moved)
	return length, length - moved, busy, err
}

// counted is a connector whose connections tell the checkpointer of their commits.
type counted struct {
	driver.Connector
	committed func()
}

// Connect implements driver.Connector.
func (c counted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 {
		c.committed()
		return 0 // go on with the commit
	})
	return conn, nil
}
