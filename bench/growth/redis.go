package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/doorbook/doorbook/bench/program"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/redis/go-redis/v9"
)

// redisRig is the store over a server of its own, which listens on a socket in the temporary folder
// and keeps nothing on disk.
type redisRig struct {
	*redisstore.Store
	client *redis.Client
	server *exec.Cmd
	empty  int64
}

// startRedis starts the server.
func startRedis(ctx context.Context, dir string) (rig, error) {
	command, socket, err := program.RedisServer(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (or leave redis out of -stores)", err)
	}
	// The program ends the server itself, after what it asks of it last.
	server := exec.Command(command[0], command[1:]...)
	if err := server.Start(); err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{
		Network: "unix", Addr: socket, MaxRetries: -1, ContextTimeoutEnabled: true, PoolSize: 64,
	})
	r := &redisRig{client: client, server: server}
	r.Store = redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
		return client.Do(ctx, c.Command()...).Result()
	})
	for try := 0; ; try++ {
		err := client.Ping(ctx).Err()
		if err == nil {
			break
		}
		if try == 100 {
			return nil, errors.Join(err, r.close())
		}
		time.Sleep(50 * time.Millisecond)
	}
	r.empty, err = r.used(ctx)
	return r, err
}

// fill creates sessions from many goroutines at once, whose commands travel together.
func (r *redisRig) fill(ctx context.Context, from, to int, now time.Time) error {
	const workers = 2 * pipelineMost
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &pipeline{client: r.client, calls: make(chan *pipedCall, workers)}
	go p.run(ctx)
	store := redisstore.New(p.eval)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for n := from + w; n < to && ctx.Err() == nil; n += workers {
				if err := store.Create(ctx, recordOf(n, now, true)); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (r *redisRig) used(ctx context.Context) (int64, error) {
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(info) {
		if text, ok := strings.CutPrefix(line, "used_memory:"); ok {
			return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		}
	}
	return 0, errors.New("redis does not tell its memory")
}

func (r *redisRig) bytes(ctx context.Context) (int64, error) {
	n, err := r.used(ctx)
	return n - r.empty, err
}

func (r *redisRig) close() error {
	_ = r.client.Close()
	_ = r.server.Process.Kill()
	_ = r.server.Wait() // says that it was killed
	return nil
}
