package sessiontest_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

const (
	deletesLater    flaw = "deletes a while later"
	deletesLess     flaw = "forgets to delete now and then"
	mixesValues     flaw = "begins with the values of another record"
	crossesSubjects flaw = "gives another record's subject now and then"
	dropsFlashes    flaw = "deletes all flash messages for one"
	losesRecords    flaw = "loses a record now and then"
	refuses         flaw = "finds no record now and then"
	fails           flaw = "fails now and then"
	readsStale      flaw = "reads what was there before"
)

// moody is a store that is right nearly always.
type moody struct {
	*naive
	mu      sync.Mutex
	last    store.Record
	earlier map[store.ID]store.Record
	deleted []store.ID
}

func newMoody(f flaw) store.Store {
	return &moody{naive: newNaive(f), earlier: make(map[store.ID]store.Record)}
}

func seldom() bool { return rand.IntN(100) == 0 }

func (m *moody) Create(ctx context.Context, r store.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.flaw == mixesValues:
		values := maps.Clone(r.Values)
		maps.Copy(values, m.last.Values)
		r.Values = values
	case m.flaw == losesRecords && seldom():
		return nil
	}
	m.last = r
	return m.naive.Create(ctx, r)
}

func (m *moody) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.deleted) > 0 && seldom() {
		_ = m.naive.Delete(ctx, m.deleted...)
		m.deleted = nil
	}
	r, err := m.naive.Load(ctx, id, now)
	switch {
	case err != nil:
	case m.flaw == crossesSubjects && seldom():
		r.Subject = m.last.Subject
	case m.flaw == readsStale && seldom() && m.earlier[id].Digest == r.Digest:
		r = m.earlier[id]
	}
	return r, err
}

func (m *moody) Patch(ctx context.Context, p store.Patch) (int64, error) {
	switch {
	case m.flaw == refuses && seldom():
		return 0, store.ErrNotFound
	case m.flaw == fails && seldom():
		return 0, errors.New("the connection was reset")
	case m.flaw == readsStale:
		if r, err := m.naive.Load(ctx, p.ID, p.Now); err == nil {
			m.mu.Lock()
			m.earlier[p.ID] = r
			m.mu.Unlock()
		}
	case m.flaw == dropsFlashes:
		r, _ := m.naive.Load(ctx, p.ID, p.Now)
		if len(p.Delete) > 0 && strings.HasPrefix(p.Delete[0], "_flash.") {
			p.IfVersion = 0
			for key := range r.Values {
				if strings.HasPrefix(key, "_flash.") {
					p.Delete = append(p.Delete, key)
				}
			}
		}
	}
	return m.naive.Patch(ctx, p)
}

func (m *moody) Delete(ctx context.Context, ids ...store.ID) error {
	switch {
	case m.flaw == deletesLess && seldom():
		return nil
	case m.flaw == deletesLater:
		m.mu.Lock()
		defer m.mu.Unlock()
		m.deleted = append(m.deleted, ids...)
		return nil
	}
	return m.naive.Delete(ctx, ids...)
}

func TestMoody(t *testing.T) {
	t.Parallel()
	f, rounds := flaw(os.Getenv(flawVariable)), 400
	if f == none {
		rounds = 50
	}
	sessiontest.Histories(t, func(*testing.T) store.Store { return newMoody(f) }, rounds)
}

// TestHistoriesFindFlaws: each flaw breaks a rule that is there for it.
func TestHistoriesFindFlaws(t *testing.T) {
	tests := map[flaw]string{
		losesUpdates:    "lost: ",
		readsStale:      "lost: ",
		noVersion:       "once: ",
		noDigest:        "once: one key was renewed twice",
		upserts:         "final: ",
		deletesLater:    "final: ",
		deletesLess:     "final: ",
		mixesValues:     "subjects: ",
		crossesSubjects: "subjects: ",
		dropsFlashes:    "swallowed: ",
		losesRecords:    "vanished: ",
		refuses:         "answers: refused though",
		fails:           "answers: the answer is 503",
	}
	for f, want := range tests {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			// Which of several rules a round breaks is a matter of luck, so there are a few tries.
			var out []byte
			for range 40 {
				command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMoody$", "-test.timeout=60s")
				command.Env = append(os.Environ(), flawVariable+"="+string(f))
				var err error
				out, err = command.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || !strings.Contains(string(out), "breaks the rules") {
					t.Fatalf("the histories find no fault in a store that has one (%v):\n%s", err, out)
				}
				if strings.Contains(string(out), "\n        "+want) || strings.Contains(string(out), "\n"+want) {
					return
				}
			}
			t.Errorf("no history breaks the rule %q; the last one:\n%s", want, out)
		})
	}
}
