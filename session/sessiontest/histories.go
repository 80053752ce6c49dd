package sessiontest

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// seedVariable and soakVariable are described at Histories.
const (
	seedVariable = "SESSIONTEST_SEED"
	soakVariable = "DOORBOOK_SOAK"
)

// Histories proves what a store and the library promise together under concurrency. In each round
// six tabs of one browser share a session, over two managers on one store, and do eight random
// things each, all at once: load, set, update, pop, flash, renew, sign in, sign in as somebody
// else, sign out, end by id or by subject, let time pass, let everything expire. One in three does
// so by the session's key, through Manager.Open. What they did and saw is checked against these
// rules:
//
//   - lost: a write that was acknowledged is seen by every request that begins afterwards, until it
//     is overwritten; a counter is at the number of its acknowledged updates;
//   - final: nobody sees a session after its end was acknowledged, nor with a key that was
//     replaced, and no write that comes after that succeeds;
//   - subjects: a record answers for one subject, and what one subject wrote or left as a message
//     is seen by no other;
//   - once: a value is popped once, a flash message is shown once, and a key is renewed once, by
//     another key;
//   - swallowed: a flash message that was acknowledged and not shown is waiting still;
//   - vanished: a session that nobody ended is there, and its key opens it;
//   - answers: no request is answered by an error, but a write whose session was ended or renewed
//     meanwhile, and a pop of what another request changed.
//
// A failure prints the history of its round and a seed. With that in the environment, as
// SESSIONTEST_SEED, every round does the same things; who comes first is left to the scheduler, so
// give it many rounds. DOORBOOK_SOAK, a duration as time.ParseDuration reads it, replaces the
// number of rounds. Use the race detector: 1,000 rounds take some 30 seconds with it on a store in
// memory.
//
// open is called once; the records of a round stay in the store.
func Histories(t *testing.T, open func(t *testing.T) store.Store, rounds int) {
	t.Helper()
	seed, fixed := randomSeed(), false
	if text := os.Getenv(seedVariable); text != "" {
		n, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
		seed, fixed = n, true
	}
	var until time.Time
	if text := os.Getenv(soakVariable); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
		until = time.Now().Add(d)
	}
	st := open(t)
	round := 0
	for ; !until.IsZero() && time.Now().Before(until) || until.IsZero() && round < rounds; round++ {
		h := play(t, st, seed)
		if broken := h.check(); len(broken) > 0 {
			t.Fatalf("round %d breaks the rules; to play it again: %s=%#x\n%s\n\nthe history:\n%s",
				round+1, seedVariable, seed, strings.Join(broken, "\n"), h)
		}
		if !fixed {
			seed++
		}
	}
	t.Logf("%d rounds", round)
}

func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.NativeEndian.Uint64(b[:])
}

// tabs and steps are the size of a round.
const (
	tabs  = 6
	moves = 8
)

// play plays one round and returns its history.
func play(t *testing.T, st store.Store, seed uint64) *history {
	t.Helper()
	suffix := " of round " + rand.Text() // others use the store, too
	h := &history{t: t, store: st, subjects: [2]string{"ada" + suffix, "bob" + suffix}, jar: jar{}}
	h.clock.Store(past.UnixMilli())
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	keys, err := session.NewKeyRing([]byte("the keys of a round: " + rand.Text()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.nodes {
		config := session.Config{Keys: keys, Home: session.Home{Store: st}, Now: h.now, SaveTimeout: time.Hour} // a busy machine is no fault of the store
		if random.IntN(2) == 0 {
			config.Home.Store = dawdling{st}
		}
		if h.nodes[i], err = session.New(config); err != nil {
			t.Fatal(err)
		}
	}
	menu := menus[random.IntN(len(menus))]
	first := &tab{h: h, n: tabs, random: random}
	first.do("sign in", 0, "")
	var group sync.WaitGroup
	for n := range tabs {
		b := &tab{h: h, n: n, random: mathrand.New(mathrand.NewPCG(seed, uint64(n)+1))}
		group.Add(1)
		go func() {
			defer group.Done()
			for range moves {
				b.move(menu)
			}
		}()
	}
	group.Wait()
	for node := range h.nodes {
		first.do("load", node, "")
	}
	return h
}
