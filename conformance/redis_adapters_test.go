package conformance

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/doorbook/doorbook/session/redisstore"
)

// goRedis sends scripts through go-redis: a *redis.Client or a *redis.ClusterClient.
func goRedis(client redis.UniversalClient) redisstore.Eval {
	return func(ctx context.Context, c redisstore.Call) (any, error) {
		return client.Do(ctx, c.Command()...).Result()
	}
}

// goRedisTogether sends what meets through a pipeline of go-redis.
func goRedisTogether(client redis.UniversalClient) redisstore.Eval {
	return redisstore.Together(func(ctx context.Context, calls []redisstore.Call) []redisstore.Reply {
		pipeline := client.Pipeline()
		sent := make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			sent[i] = pipeline.Do(ctx, c.Command()...)
		}
		_, _ = pipeline.Exec(ctx) // each has its own error
		replies := make([]redisstore.Reply, len(calls))
		for i, one := range sent {
			replies[i].Value, replies[i].Err = one.Result()
		}
		return replies
	})
}

// rueidisEval sends scripts through rueidis, to one server or a cluster. For valkey-go only the
// import differs.
func rueidisEval(client rueidis.Client) redisstore.Eval {
	return func(ctx context.Context, c redisstore.Call) (any, error) {
		command := client.B().Arbitrary(c.Name, c.Script, c.NumKeys()).Keys(c.Keys...).Args(c.Args...).Build()
		return client.Do(ctx, command).ToAny()
	}
}

func Example_goRedis() {
	client := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 []string{"localhost:6379"}, // several are a cluster
		ContextTimeoutEnabled: true,                       // obey the context's deadline
		MaxRetries:            -1,                         // never send a command again whose answer was lost
	})
	defer client.Close()
	store := redisstore.New(goRedis(client), redisstore.Prefix("shop"))
	fmt.Printf("%T\n", store)
	// Output: *redisstore.Store
}

func Example_rueidis() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
	if err != nil {
		fmt.Println("no server")
		return
	}
	defer client.Close()
	store := redisstore.New(rueidisEval(client), redisstore.Prefix("shop"))
	fmt.Printf("%T\n", store)
}
