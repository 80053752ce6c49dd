package main

import (
	"context"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/redis/go-redis/v9"
)

// pipeline sends the calls of many goroutines together, so that a million of them need not wait for
// a million answers. It is for filling, not for what is measured.
type pipeline struct {
	client *redis.Client
	calls  chan *pipedCall
}

type pipedCall struct {
	redisstore.Call
	reply any
	err   error
	done  chan struct{}
}

const pipelineMost = 256

// run sends what is waiting, until ctx is done.
func (p *pipeline) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-p.calls:
			p.send(ctx, first)
		}
	}
}

func (p *pipeline) send(ctx context.Context, first *pipedCall) {
	waiting := []*pipedCall{first}
	for more := true; more && len(waiting) < pipelineMost; {
		select {
		case c := <-p.calls:
			waiting = append(waiting, c)
		default:
			more = false
		}
	}
	pipe := p.client.Pipeline()
	replies := make([]*redis.Cmd, len(waiting))
	for i, c := range waiting {
		replies[i] = pipe.Do(ctx, c.Command()...)
	}
	_, _ = pipe.Exec(ctx) // each reply has its error
	for i, c := range waiting {
		c.reply, c.err = replies[i].Result()
		close(c.done)
	}
}

// eval is redisstore.Eval.
func (p *pipeline) eval(ctx context.Context, call redisstore.Call) (any, error) {
	c := &pipedCall{Call: call, done: make(chan struct{})}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case p.calls <- c:
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return c.reply, c.err
	}
}
