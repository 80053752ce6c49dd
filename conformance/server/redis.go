package server

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Redis gives the URL of a Redis server. DOORBOOK_TEST_REDIS_URL names one that runs already: tests
// then use only keys of their own.
func (r *Rack) Redis(t testing.TB) string {
	t.Helper()
	return r.need(t, "Redis", "DOORBOOK_TEST_REDIS_URL", func() (string, func(), error) { return startRedis("redis-server") })
}

// Valkey gives the URL of a Valkey server. DOORBOOK_TEST_VALKEY_URL names one that runs already.
func (r *Rack) Valkey(t testing.TB) string {
	t.Helper()
	return r.need(t, "Valkey", "DOORBOOK_TEST_VALKEY_URL", func() (string, func(), error) { return startRedis("valkey-server") })
}

// OwnRedis gives the URL of a Redis server that this test binary started, so that a test may change
// its settings.
func (r *Rack) OwnRedis(t testing.TB) string {
	t.Helper()
	if address := os.Getenv("DOORBOOK_TEST_REDIS_URL"); address == "" {
		return r.Redis(t)
	}
	return r.need(t, "Redis of our own", "", func() (string, func(), error) { return startRedis("redis-server") })
}

func startRedis(program string) (string, func(), error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", nil, missing(program, program)
	}
	h, err := newHome("redis", "valkey")
	if err != nil {
		return "", nil, err
	}
	address := "unix://" + h.path("redis.sock")
	stop, err := h.start(redisEnds, func(ctx context.Context) error { return pingRedis(ctx, address) }, path,
		"--port", "0", "--unixsocket", h.path("redis.sock"), "--unixsocketperm", "777", "--save", "", "--appendonly", "no", "--dir", h.dir)
	if err != nil {
		h.remove()
		return "", nil, err
	}
	return address, stop, nil
}

func pingRedis(ctx context.Context, address string) error {
	options, err := redis.ParseURL(address)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	return client.Ping(ctx).Err()
}
