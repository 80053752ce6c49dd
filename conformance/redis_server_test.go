package conformance

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestRedisFull: without memory nothing is begun and nothing half-done, and what is there can be
// seen and ended.
func TestRedisFull(t *testing.T) {
	ctx := t.Context()
	client := redisClient(t, servers.OwnRedis(t))
	prefix := ownKeys(t, client)
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix))
	r, other, dead := redisRecord("ada"), redisRecord("ada"), redisRecord("ada")
	dead.Expires = redisNow
	for _, r := range []store.Record{r, other, dead} {
		if err := st.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	full := true
	room := func() {
		if err := client.ConfigSet(context.Background(), "maxmemory", "0").Err(); err != nil && full {
			t.Error(err)
		}
		full = false
	}
	defer room()

	before := len(redisKeys(t, client, prefix))
	if err := st.Create(ctx, redisRecord("bob")); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v, want ErrFull", err)
	}
	p := store.Patch{
		ID: r.ID, Digest: r.Digest, Now: redisNow, Clear: true,
		SignIn: &store.SignIn{Subject: "eve", Expires: redisNow.Add(time.Minute)},
		Rekey:  &store.Rekey{}, Set: store.Values{"a": {1}},
	}
	if _, err := st.Patch(ctx, p); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Patch: %v, want an error of the server's", err)
	}
	to := store.Touch{LastSeen: redisNow.Add(time.Minute), Expires: r.Expires.Add(time.Minute)}
	if err := st.Touch(ctx, r.ID, r.Digest, to, redisNow); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Touch: %v, want an error of the server's", err)
	}
	if after := len(redisKeys(t, client, prefix)); after != before {
		t.Errorf("%d keys, want %d as before", after, before)
	}
	got, err := st.Load(ctx, r.ID, redisNow)
	if diff := cmp.Diff(r, got); err != nil || diff != "" {
		t.Errorf("Load: %v\n%s", err, diff)
	}
	if err := st.Delete(ctx, other.ID); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if n, err := st.DeleteExpired(ctx, redisNow, 10); n != 1 || err != nil {
		t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
	}
	list, err := st.BySubject(ctx, "ada", redisNow)
	if err != nil {
		t.Errorf("BySubject: %v", err)
	}
	sameIDs(t, "BySubject", list, []string{r.ID.String()})

	room()
	if _, err := st.Patch(ctx, p); err != nil {
		t.Errorf("Patch with room again: %v", err)
	}
}

// TestRedisCheck: a server that evicts is found out, and only that.
func TestRedisCheck(t *testing.T) {
	client := redisClient(t, servers.OwnRedis(t))
	st := redisstore.New(goRedis(client), redisstore.Prefix(ownKeys(t, client)))
	for _, c := range []struct {
		maxmemory, policy string
		want              error
	}{
		{"0", "noeviction", nil},
		{"0", "allkeys-lru", nil},
		{"1gb", "volatile-lru", nil},
		{"1gb", "allkeys-lfu", redisstore.ErrEvicts},
		{"0", "noeviction", nil},
	} {
		for name, value := range map[string]string{"maxmemory": c.maxmemory, "maxmemory-policy": c.policy} {
			if err := client.ConfigSet(t.Context(), name, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Check(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("Check with %s, maxmemory %s: %v, want %v", c.policy, c.maxmemory, err, c.want)
		}
	}
}

// TestRedisAccess: the whole suite's work needs no more commands and keys than the package
// documentation names.
func TestRedisAccess(t *testing.T) {
	ctx := t.Context()
	address := servers.OwnRedis(t)
	admin := redisClient(t, address)
	prefix := ownKeys(t, admin)
	rules := []string{"on", ">secret", "resetkeys", "~{" + prefix + ":*", "-@all"}
	for _, command := range strings.Fields("eval evalsha del exists hdel hget hgetall hincrby hkeys hmget hset zadd zcard zrange zrangebylex zrangebyscore zrem zrevrange zscan zscore") {
		rules = append(rules, "+"+command)
	}
	if err := admin.ACLSetUser(ctx, "sessions", rules...).Err(); err != nil {
		t.Fatal(err)
	}
	defer admin.ACLDelUser(ctx, "sessions")
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	options.Username, options.Password, options.DisableIdentity = "sessions", "secret", true
	client := redis.NewClient(options)
	defer client.Close()
	if err := admin.ScriptFlush(ctx).Err(); err != nil { // as after a restart: scripts are sent in full
		t.Fatal(err)
	}
	everyOperation(t, redisstore.New(goRedis(client), redisstore.Prefix(prefix)))
	other := redisstore.New(goRedis(client), redisstore.Prefix("another"))
	if err := other.Create(ctx, redisRecord("ada")); err == nil || errors.Is(err, store.ErrFull) {
		t.Errorf("Create with keys that are not allowed: %v", err)
	}
	if _, err := other.Load(ctx, session.ID{}, redisNow); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load with keys that are not allowed: %v, want an error of the server's", err)
	}
	if _, err := other.Patch(ctx, store.Patch{Now: redisNow}); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Patch with keys that are not allowed: %v, want an error of the server's", err)
	}
	if _, err := other.BySubject(ctx, "ada", redisNow); err == nil {
		t.Error("BySubject with keys that are not allowed succeeds")
	}
}

// everyOperation runs every script and every branch of it that uses another command.
func everyOperation(t *testing.T, st store.Store) {
	t.Helper()
	ctx := t.Context()
	r, dead := redisRecord("ada"), redisRecord("bob")
	dead.Expires = redisNow
	steps := []struct {
		name string
		run  func() error
	}{
		{"Create", func() error { return errors.Join(st.Create(ctx, r), st.Create(ctx, dead)) }},
		{"Load", func() error { _, err := st.Load(ctx, r.ID, redisNow); return err }},
		{"Patch", func() error {
			_, err := st.Patch(ctx, store.Patch{
				ID: r.ID, Digest: r.Digest, Now: redisNow, Clear: true, Delete: []string{"a"}, Set: store.Values{"b": {1}},
				SignIn: &store.SignIn{Subject: "eve", Expires: r.Expires},
				Seen:   &store.Touch{LastSeen: redisNow.Add(1e9), Expires: r.Expires.Add(1e9)},
			})
			return err
		}},
		{"Touch", func() error {
			to := store.Touch{LastSeen: redisNow.Add(2e9), Expires: r.Expires.Add(2e9)}
			return st.Touch(ctx, r.ID, r.Digest, to, redisNow)
		}},
		{"BySubject", func() error {
			found, err := st.BySubject(ctx, "eve", redisNow)
			if len(found) != 1 {
				t.Errorf("BySubject gave %d records, want 1", len(found))
			}
			return err
		}},
		{"Each", func() error { return st.Each(ctx, redisNow, func(store.Record) error { return nil }) }},
		{"DeleteExpired", func() error { _, err := st.DeleteExpired(ctx, redisNow, 10); return err }},
		{"Delete", func() error { return st.Delete(ctx, r.ID, dead.ID) }},
	}
	for _, step := range steps {
		if err := step.run(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

// TestRedisHangs: a call waits for a server that does not answer no longer than its context.
func TestRedisHangs(t *testing.T) {
	address := servers.OwnRedis(t)
	client := redisClient(t, address)
	for name, eval := range map[string]redisstore.Eval{"go-redis": goRedis(client), "rueidis": rueidisEval(rueidisClient(t, address))} {
		t.Run(name, func(t *testing.T) {
			st := redisstore.New(eval, redisstore.Prefix(ownKeys(t, client)))
			r := redisRecord("ada")
			if err := st.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			// For as long as it takes. Scripts count as writes.
			if err := client.Do(t.Context(), "CLIENT", "PAUSE", 1_000_000, "WRITE").Err(); err != nil {
				t.Fatal(err)
			}
			goOn := func() error { return client.Do(context.Background(), "CLIENT", "UNPAUSE").Err() }
			defer goOn()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := st.BySubject(ctx, "ada", redisNow); err == nil {
				t.Error("BySubject was answered in the pause")
			}
			if err := goOn(); err != nil {
				t.Fatal(err)
			}
			if _, err := st.Load(t.Context(), r.ID, redisNow); err != nil {
				t.Errorf("Load afterwards: %v", err)
			}
		})
	}
}
