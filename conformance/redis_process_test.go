package conformance

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// redisChild is set for a process that TestRedisTwoProcesses started: its name, and what it needs
// to know.
const redisChild = "DOORBOOK_TEST_REDIS_CHILD"

const redisPatches = 50 // of each process

// TestRedisTwoProcesses: two processes on one store, of which each patches the same record, and the
// first to finish ends another that the other goes on using. (The children run this test, too, with
// redisChild set.)
func TestRedisTwoProcesses(t *testing.T) {
	if child := os.Getenv(redisChild); child != "" {
		redisChildWork(t, strings.Split(child, " "))
		return
	}
	address := servers.Redis(t)
	client := redisClient(t, address)
	prefix := ownKeys(t, client)
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix))
	shared, ended := redisRecord("ada"), redisRecord("ada")
	for _, r := range []store.Record{shared, ended} {
		if err := st.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRedisTwoProcesses$", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s %x %x %x %x", redisChild, name, address, prefix,
				shared.ID[:], shared.Digest[:], ended.ID[:], ended.Digest[:]))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %s: %v\n%s", name, err, out)
			}
		})
	}
	wg.Wait()
	got, err := st.Load(t.Context(), shared.ID, redisNow)
	if err != nil || len(got.Values) != len(shared.Values)+2*redisPatches || got.Version != 1+2*redisPatches {
		t.Errorf("%d keys at version %d (%v), want %d more than %d", len(got.Values), got.Version, err, 2*redisPatches, len(shared.Values))
	}
	list, err := st.BySubject(t.Context(), "ada", redisNow)
	if err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "BySubject", list, []string{shared.ID.String()})
}

func redisChildWork(t *testing.T, args []string) {
	name, client, prefix := args[0], redisClient(t, args[1]), args[2]
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix))
	var shared, ended store.Record
	for i, into := range [][]byte{shared.ID[:], shared.Digest[:], ended.ID[:], ended.Digest[:]} {
		if _, err := hex.Decode(into, []byte(args[3+i])); err != nil {
			t.Fatal(err)
		}
	}
	over := false
	for n := range redisPatches {
		p := store.Patch{ID: shared.ID, Digest: shared.Digest, Now: redisNow, Set: store.Values{fmt.Sprintf("%s/%d", name, n): {1}}}
		if _, err := st.Patch(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		p.ID, p.Digest = ended.ID, ended.Digest
		switch _, err := st.Patch(context.Background(), p); {
		case err == nil && over:
			t.Fatal("a session that was over is back")
		case errors.Is(err, store.ErrNotFound):
			over = true
		case err != nil:
			t.Fatal(err)
		}
		if n == redisPatches/2 {
			if err := st.Delete(context.Background(), ended.ID); err != nil {
				t.Fatal(err)
			}
			over = true
		}
	}
}
