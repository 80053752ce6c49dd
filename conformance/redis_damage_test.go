package conformance

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestRedisDamage: what somebody else did to a record costs that record at most. Nobody is signed
// in by it, others are not held up, and it can be ended and swept.
func TestRedisDamage(t *testing.T) {
	t.Parallel()
	type damage func(client *redis.Client, key string) error
	set := func(field, value string) damage {
		return func(client *redis.Client, key string) error { return client.HSet(t.Context(), key, field, value).Err() }
	}
	drop := func(fields ...string) damage {
		return func(client *redis.Client, key string) error { return client.HDel(t.Context(), key, fields...).Err() }
	}
	for name, c := range map[string]struct {
		damage damage
		load   error
		patch  error
		listed bool
	}{
		"life":           {set("l", "1 2 3"), store.ErrUnreadable, nil, true},
		"life overflows": {set("l", "0 0 99999999999999999 1"), store.ErrUnreadable, nil, true},
		"created":        {set("c", ""), store.ErrUnreadable, nil, true},
		"version":        {set("v", "one"), store.ErrUnreadable, store.ErrUnreadable, true},
		"great version":  {set("v", "9223372036854775807"), nil, store.ErrUnreadable, true},
		"digest":         {set("d", "short"), store.ErrUnreadable, store.ErrNotFound, true},
		"parent":         {set("p", "none"), store.ErrUnreadable, nil, true},
		"last seen":      {drop("s"), store.ErrUnreadable, nil, true},
		"expires":        {set("e", "soon"), store.ErrNotFound, store.ErrNotFound, false},
		"subject":        {drop("u"), nil, nil, false},
		"not a hash": {func(client *redis.Client, key string) error {
			return client.Set(t.Context(), key, "rubbish", 0).Err()
		}, store.ErrNotFound, store.ErrNotFound, false},
		"gone": {func(client *redis.Client, key string) error {
			return client.Del(t.Context(), key).Err()
		}, store.ErrNotFound, store.ErrNotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			client := redisClient(t, servers.Redis(t))
			prefix := ownKeys(t, client)
			st := redisstore.New(goRedis(client), redisstore.Prefix(prefix), redisstore.Shards(1))
			r, whole := redisRecord("ada"), redisRecord("ada")
			for _, r := range []store.Record{r, whole} {
				if err := st.Create(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.damage(client, "{"+prefix+":0}:"+r.ID.String()); err != nil {
				t.Fatal(err)
			}
			got, err := st.Load(ctx, r.ID, redisNow)
			if !errors.Is(err, c.load) || (err != nil && got.Values != nil) {
				t.Errorf("Load: %v with values %v, want %v", err, got.Values, c.load)
			}
			want := []string{whole.ID.String()}
			if c.listed {
				want = append(want, r.ID.String())
			}
			list, err := st.BySubject(ctx, "ada", redisNow)
			if err != nil {
				t.Errorf("BySubject: %v", err)
			}
			sameIDs(t, "BySubject", list, want)
			_, err = st.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: redisNow, Set: store.Values{"a": {1}}})
			if !errors.Is(err, c.patch) {
				t.Errorf("Patch: %v, want %v", err, c.patch)
			}
			err = st.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: redisNow, Expires: redisNow.Add(2 * time.Hour)}, redisNow)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Touch: %v", err)
			}
			if err := st.Delete(ctx, r.ID); err != nil {
				t.Errorf("Delete: %v", err)
			}
			if _, err := st.Load(ctx, r.ID, redisNow); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Load after deleting: %v, want ErrNotFound", err)
			}
			if list, err = st.BySubject(ctx, "ada", redisNow); err != nil {
				t.Error(err)
			}
			sameIDs(t, "BySubject after deleting", list, []string{whole.ID.String()})
			if _, err := st.DeleteExpired(ctx, redisNow.AddDate(1, 0, 0), 100); err != nil {
				t.Error(err)
			}
			if keys := redisKeys(t, client, prefix); len(keys) > 0 {
				t.Errorf("after the sweep there are keys: %q", keys)
			}
		})
	}
}
