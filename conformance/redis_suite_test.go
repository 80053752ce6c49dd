package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

func TestRedisThroughGoRedis(t *testing.T) {
	t.Parallel()
	client := redisClient(t, servers.Redis(t))
	redisSuite(t, goRedis(client), client)
}

func TestRedisTogether(t *testing.T) {
	t.Parallel()
	client := redisClient(t, servers.Redis(t))
	redisSuite(t, goRedisTogether(client), client)
}

func TestRedisClusterTogether(t *testing.T) {
	t.Parallel()
	client := redisClusterClient(t, servers.RedisCluster(t))
	redisSuite(t, goRedisTogether(client), client)
}

func TestRedisThroughRueidis(t *testing.T) {
	t.Parallel()
	address := servers.Redis(t)
	redisSuite(t, rueidisEval(rueidisClient(t, address)), redisClient(t, address))
}

func TestRedisInOneShard(t *testing.T) {
	t.Parallel()
	client := redisClient(t, servers.Redis(t))
	redisSuite(t, goRedis(client), client, redisstore.Shards(1))
}

func TestRedisClusterThroughGoRedis(t *testing.T) {
	t.Parallel()
	client := redisClusterClient(t, servers.RedisCluster(t))
	redisSuite(t, goRedis(client), client)
}

func TestRedisClusterThroughRueidis(t *testing.T) {
	t.Parallel()
	addresses := servers.RedisCluster(t)
	redisSuite(t, rueidisEval(rueidisClient(t, addresses)), redisClusterClient(t, addresses))
}

// TestValkey runs where there is a Valkey: Debian has one from version 13 on.
func TestValkey(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("valkey-server"); err != nil && os.Getenv("DOORBOOK_TEST_VALKEY_URL") == "" {
		t.Log("no valkey-server here, and no DOORBOOK_TEST_VALKEY_URL")
		return
	}
	client := redisClient(t, servers.Valkey(t))
	redisSuite(t, goRedis(client), client)
}

func redisSuite(t *testing.T, eval redisstore.Eval, client redis.UniversalClient, options ...redisstore.Option) {
	sessiontest.Run(t, func(t *testing.T) store.Store {
		t.Parallel()
		return redisstore.New(saysLate(eval), append(options, redisstore.Prefix(ownKeys(t, client)))...)
	})
}

// TestRedisHistories: random histories of many goroutines and two managers, checked against the
// rules of package session.
func TestRedisHistories(t *testing.T) {
	t.Parallel()
	client := redisClient(t, servers.Redis(t))
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		redisHistories(t, goRedis(client), client)
	})
	cluster := redisClusterClient(t, servers.RedisCluster(t))
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		redisHistories(t, goRedis(cluster), cluster)
	})
}

// saysLate has the error of a call that a busy machine was too slow for say so: a client that finds
// the deadline passed when it reads or writes tells of the connection only.
func saysLate(eval redisstore.Eval) redisstore.Eval {
	return func(ctx context.Context, c redisstore.Call) (any, error) {
		answer, err := eval(ctx, c)
		if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return answer, err
	}
}

func redisHistories(t *testing.T, eval redisstore.Eval, client redis.UniversalClient) {
	sessiontest.Histories(t, func(t *testing.T) store.Store {
		return redisstore.New(eval, redisstore.Prefix(ownKeys(t, client)))
	}, 20)
}
