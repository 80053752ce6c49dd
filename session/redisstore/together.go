package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/together"
)

// Reply is what came of one of several calls: the reply or the error that Eval describes.
type Reply struct {
	Value any
	Err   error
}

// Together makes an Eval of a client's pipeline. Calls that come while others are under way wait for
// each other, and go to the server in one trip, up to 64, so that many visitors at once cost less
// than one after the other; nobody waits for others to come. rueidis does so by itself.
//
// Send sends the calls to the primaries that hold their keys, in their order or not, and returns
// what came of each, in their order. Of one that was not sent, or whose answer was lost, that is an
// error. It is called by several goroutines at once. Its context ends with the last deadline of the
// calls; a caller whose own ends before leaves without an answer, like one who hung up.
func Together(send func(ctx context.Context, calls []Call) []Reply) Eval {
	line := &together.Line[sent]{Most: 64, AtOnce: 4, Go: func(batch []*sent) { sendAll(send, batch) }}
	return func(ctx context.Context, c Call) (any, error) {
		deadline, _ := ctx.Deadline()
		q, err := line.Ask(ctx, &sent{call: c, deadline: deadline}, nil)
		if err != nil {
			return nil, err
		}
		return q.reply.Value, q.reply.Err
	}
}

// sent is a call on its way.
type sent struct {
	call     Call
	deadline time.Time // zero for none
	reply    Reply
}

func sendAll(send func(ctx context.Context, calls []Call) []Reply, batch []*sent) {
	ctx, last := context.Background(), batch[0].deadline
	calls := make([]Call, len(batch))
	for i, q := range batch {
		calls[i] = q.call
		if q.deadline.IsZero() || !last.IsZero() && q.deadline.After(last) {
			last = q.deadline
		}
	}
	if !last.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, last)
		defer cancel()
	}
	replies := send(ctx, calls)
	for i, q := range batch {
		if len(replies) == len(batch) {
			q.reply = replies[i]
		} else {
			q.reply.Err = fmt.Errorf("%w: %d of %d calls", errReply, len(replies), len(batch))
		}
	}
}
