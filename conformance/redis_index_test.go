package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestRedisIndexNeverLeaks: whatever happened, in whatever order and at once, the lists hold
// exactly what lives, and when the last record is swept not one key is left.
func TestRedisIndexNeverLeaks(t *testing.T) {
	t.Parallel()
	single := redisClient(t, servers.Redis(t))
	t.Run("one server", func(t *testing.T) { indexNeverLeaks(t, single) })
	t.Run("cluster", func(t *testing.T) { indexNeverLeaks(t, redisClusterClient(t, servers.RedisCluster(t))) })
}

func indexNeverLeaks(t *testing.T, client redis.UniversalClient) {
	const workers, steps = 8, 300
	prefix := ownKeys(t, client)
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix), redisstore.Shards(4))
	subjects := []string{"", "ada", "bob", "eve"}
	var wg sync.WaitGroup
	left := make([][]store.Record, workers)
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 7))
			mine := &left[w]
			for range steps {
				if err := randomStep(t, st, random, mine, subjects); err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()

	want := make(map[string][]string)
	for _, r := range slices.Concat(left...) {
		want[r.Subject] = append(want[r.Subject], r.ID.String())
		want["each"] = append(want["each"], r.ID.String())
	}
	for _, subject := range subjects[1:] {
		found, err := st.BySubject(t.Context(), subject, redisNow)
		if err != nil {
			t.Fatal(err)
		}
		sameIDs(t, "BySubject "+subject, found, want[subject])
	}
	var all []store.Record
	if err := st.Each(t.Context(), redisNow, func(r store.Record) error {
		all = append(all, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "Each", all, want["each"])

	for n := 1; n > 0; {
		var err error
		if n, err = st.DeleteExpired(t.Context(), redisNow.AddDate(1, 0, 0), 150); err != nil {
			t.Fatal(err)
		}
	}
	if keys := redisKeys(t, client, prefix); len(keys) > 0 {
		t.Errorf("after the last sweep there are keys: %q", keys)
	}
}

// randomStep does one thing to one of the records, and keeps track of it.
func randomStep(t *testing.T, st store.Store, random *rand.Rand, mine *[]store.Record, subjects []string) error {
	ctx := t.Context()
	if len(*mine) == 0 || random.IntN(3) == 0 {
		r := redisRecord(subjects[random.IntN(len(subjects))])
		*mine = append(*mine, r)
		return st.Create(ctx, r)
	}
	i := random.IntN(len(*mine))
	r := &(*mine)[i]
	switch random.IntN(6) {
	case 0:
		id := r.ID
		*mine = slices.Delete(*mine, i, i+1)
		return st.Delete(ctx, id)
	case 1: // it dies, and is swept or stays as dirt
		p := store.Patch{ID: r.ID, Digest: r.Digest, Now: redisNow, SignIn: &store.SignIn{Subject: r.Subject, Expires: redisNow}}
		*mine = slices.Delete(*mine, i, i+1)
		_, err := st.Patch(ctx, p)
		if err == nil && random.IntN(2) == 0 {
			_, err = st.DeleteExpired(ctx, redisNow, 3)
		}
		return err
	case 2:
		return st.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: redisNow, Expires: redisNow.Add(2 * time.Hour)}, redisNow)
	case 3: // too late: it must not come back
		gone := redisRecord("ada")
		_, err := st.Patch(ctx, store.Patch{ID: gone.ID, Digest: gone.Digest, Now: redisNow, SignIn: &store.SignIn{Subject: "ada", Expires: gone.Expires}})
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("a patch of nothing gave %v", err)
		}
		return nil
	default:
		subject := subjects[random.IntN(len(subjects))]
		_, err := st.Patch(ctx, store.Patch{
			ID: r.ID, Digest: r.Digest, Now: redisNow, Clear: true,
			SignIn: &store.SignIn{Subject: subject, Expires: r.Expires},
		})
		r.Subject = subject
		return err
	}
}

func sameIDs(t *testing.T, what string, found []store.Record, want []string) {
	t.Helper()
	var got []string
	for _, r := range found {
		got = append(got, r.ID.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s gave %d records, want %d; or others", what, len(got), len(want))
	}
}

// TestRedisEachWhileUsed: every record that lives throughout is given once, although the sorted set
// that it is found in changes all the time.
func TestRedisEachWhileUsed(t *testing.T) {
	t.Parallel()
	const records = 1000
	client := redisClient(t, servers.Redis(t))
	st := redisstore.New(goRedis(client), redisstore.Prefix(ownKeys(t, client)), redisstore.Shards(2))
	all := make([]store.Record, records)
	for i := range all {
		all[i] = redisRecord("ada")
		if err := st.Create(t.Context(), all[i]); err != nil {
			t.Fatal(err)
		}
	}
	given := make(map[session.ID]int)
	random := rand.New(rand.NewPCG(1, 2))
	err := st.Each(t.Context(), redisNow, func(r store.Record) error {
		given[r.ID]++
		other := all[random.IntN(records)]
		if random.IntN(2) == 0 {
			return st.Touch(t.Context(), other.ID, other.Digest, store.Touch{Expires: redisNow.Add(time.Duration(len(given)) * time.Minute)}, redisNow)
		}
		if err := st.Create(t.Context(), redisRecord("bob")); err != nil {
			return err
		}
		_, err := st.Patch(t.Context(), store.Patch{ // a shorter life
			ID: other.ID, Digest: other.Digest, Now: redisNow, SignIn: &store.SignIn{Subject: "eve", Expires: redisNow.Add(time.Second)},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if given[r.ID] != 1 {
			t.Errorf("record %v was given %d times", r.ID, given[r.ID])
		}
	}
}

// TestRedisClusterSpread: the shards lie on every node, each on one.
func TestRedisClusterSpread(t *testing.T) {
	t.Parallel()
	client := redisClusterClient(t, servers.RedisCluster(t))
	prefix := ownKeys(t, client)
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix))
	const records = 400
	for range records {
		if err := st.Create(t.Context(), redisRecord("ada")); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := st.BySubject(t.Context(), "ada", redisNow); len(found) != records || err != nil {
		t.Errorf("BySubject: %d records (%v), want %d", len(found), err, records)
	}
	if err := st.Check(t.Context()); err != nil {
		t.Error(err)
	}
	nodes := make(map[string]int)
	slots := make(map[int64]bool)
	for _, key := range redisKeys(t, client, prefix) {
		slot, err := client.ClusterKeySlot(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		slots[slot] = true
		node, err := client.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		nodes[node.Options().Addr]++
	}
	if len(slots) != 16 || len(nodes) < 2 {
		t.Errorf("%d slots on the nodes %v, want 16 on all", len(slots), nodes)
	}
}
