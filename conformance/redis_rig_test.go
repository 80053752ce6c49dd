package conformance

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

var redisNow = time.UnixMilli(1_000_000_000_000).UTC() // long ago for every server's clock

// redisRecord gives a record that lives for an hour from redisNow.
func redisRecord(subject string) store.Record {
	r := store.Record{
		Version: 1, KeyID: "0123abcd", Subject: subject, Created: redisNow, LastSeen: redisNow,
		Expires: redisNow.Add(time.Hour), Deadline: redisNow.Add(24 * time.Hour), Idle: time.Hour, Addr: "192.0.2.1",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Values:    store.Values{"user": []byte(`{"name":"Ada"}`), "cart": []byte(`[1,2,3]`), "csrf": make([]byte, 32)},
	}
	_, _ = rand.Read(r.ID[:]) // never fails
	_, _ = rand.Read(r.Digest[:])
	return r
}

// redisClient opens a client of one server.
func redisClient(t testing.TB, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	options.ContextTimeoutEnabled, options.MaxRetries, options.PoolSize = true, -1, 20
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func redisClusterClient(t testing.TB, addresses string) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: strings.Split(addresses, ","), ContextTimeoutEnabled: true, MaxRetries: -1,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// rueidisClient opens a client of one server, or of a cluster by its addresses.
func rueidisClient(t testing.TB, address string) rueidis.Client {
	t.Helper()
	option := rueidis.ClientOption{InitAddress: strings.Split(address, ",")}
	if strings.Contains(address, "://") {
		option = rueidis.MustParseURL(address)
	}
	option.DisableCache = true
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// ownKeys gives a prefix that nobody else uses, and removes its keys at the end.
func ownKeys(t testing.TB, client redis.UniversalClient) (prefix string) {
	t.Helper()
	prefix = "test-" + rand.Text()
	t.Cleanup(func() {
		ctx := context.Background()
		for _, key := range redisKeys(t, client, prefix) {
			if err := client.Del(ctx, key).Err(); err != nil {
				t.Error(err)
			}
		}
	})
	return prefix
}

// redisKeys gives the keys of a prefix, on all nodes.
func redisKeys(t testing.TB, client redis.UniversalClient, prefix string) (keys []string) {
	t.Helper()
	ctx := context.Background()
	var mu sync.Mutex // nodes are asked at once
	scan := func(ctx context.Context, node *redis.Client) error {
		i := node.Scan(ctx, 0, "{"+prefix+":*", 1000).Iterator()
		for i.Next(ctx) {
			mu.Lock()
			keys = append(keys, i.Val())
			mu.Unlock()
		}
		return i.Err()
	}
	var err error
	switch client := client.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, scan)
	case *redis.Client:
		err = scan(ctx, client)
	}
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// counted passes calls on and counts them.
func counted(eval redisstore.Eval, n *int) redisstore.Eval {
	var mu sync.Mutex
	return func(ctx context.Context, c redisstore.Call) (any, error) {
		mu.Lock()
		*n++
		mu.Unlock()
		return eval(ctx, c)
	}
}

// usedMemory gives the bytes that a server has allocated, once it stands still.
func usedMemory(t testing.TB, client *redis.Client) int64 {
	t.Helper()
	info, err := client.InfoMap(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
