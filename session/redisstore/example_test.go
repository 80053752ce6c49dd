package redisstore_test

import (
	"context"
	"log"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/redisstore"
)

// redisClient stands for *redis.Client of github.com/redis/go-redis/v9, which this module does not
// import:
//
//	client := redis.NewClient(&redis.Options{Addr: "redis.internal:6379", ContextTimeoutEnabled: true, MaxRetries: -1})
type redisClient interface {
	Do(ctx context.Context, args ...any) interface{ Result() (any, error) }
}

// With go-redis; the package documentation has the same for rueidis, valkey-go and redigo.
func ExampleNew() {
	var client redisClient // see above
	store := redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
		return client.Do(ctx, c.Command()...).Result()
	}, redisstore.Shards(1)) // one server, and never a cluster

	ctx := context.Background()
	if err := store.Check(ctx); err != nil { // it can be reached, and evicts nothing
		log.Fatal(err)
	}
	keys, err := session.KeyFile("session.key")
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
	if err != nil {
		log.Fatal(err)
	}
	go sessions.RunSweeper(ctx, time.Minute)
}
