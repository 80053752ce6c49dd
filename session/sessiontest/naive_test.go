package sessiontest_test

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// naive is the simplest store there can be: a map under a lock. With a flaw it is a store as people
// write them.
type naive struct {
	flaw    flaw
	mu      sync.Mutex
	records map[store.ID]store.Record
}

type flaw string

const (
	none          flaw = ""
	upserts       flaw = "upserts"
	losesUpdates  flaw = "loses updates"
	ownClock      flaw = "own clock"
	everlasting   flaw = "everlasting"
	noDigest      flaw = "ignores the digest"
	noVersion     flaw = "ignores IfVersion"
	touchCounts   flaw = "touch counts as a version"
	touchBack     flaw = "touch moves back"
	clearsLast    flaw = "clears after setting"
	overwrites    flaw = "create overwrites"
	noContext     flaw = "ignores the context"
	sweepsAll     flaw = "sweeps without limit"
	sweepsLiving  flaw = "sweeps the living"
	listsDead     flaw = "lists the dead"
	listsFolded   flaw = "folds case"
	sharesValues  flaw = "changes values in place"
	dropsEmpty    flaw = "drops empty values"
	roundsSeconds flaw = "keeps seconds"
	forgetsSignIn flaw = "forgets a sign-in's fields"
	halfPatches   flaw = "applies a patch in two steps"
	deletesNever  flaw = "acknowledges what it does not delete"
	forgetsParent flaw = "forgets the parent"
	signInOrphans flaw = "a sign-in takes the parent away"
	touchOrphans  flaw = "a touch takes the parent away"
	forgetsState  flaw = "forgets the state"
	shortState    flaw = "cuts the state"
	keepsState    flaw = "a rekey leaves the state"
	signInState   flaw = "a sign-in takes the state away"
	touchState    flaw = "a touch takes the state away"
	listsStates   flaw = "lists without the state"
	listsOrphans  flaw = "lists without the parent"
)

func newNaive(f flaw) *naive { return &naive{flaw: f, records: make(map[store.ID]store.Record)} }

// begin takes the lock, unless the context has ended.
func (n *naive) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil && n.flaw != noContext {
		return err
	}
	n.mu.Lock()
	return nil
}

func (n *naive) live(r store.Record, now time.Time) bool {
	if n.flaw == ownClock {
		now = time.Now()
	}
	return r.Live(now) || n.flaw == everlasting
}

func (n *naive) find(id store.ID, digest store.Digest, now time.Time) (store.Record, error) {
	r, ok := n.records[id]
	if !ok && n.flaw == upserts {
		return store.Record{ID: id, Digest: digest, Expires: now.Add(time.Hour)}, nil
	}
	if !ok || !n.live(r, now) || (r.Digest != digest && n.flaw != noDigest) {
		return store.Record{}, store.ErrNotFound
	}
	return r, nil
}

func (n *naive) Create(ctx context.Context, r store.Record) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	if _, ok := n.records[r.ID]; ok && n.flaw != overwrites {
		return store.ErrExists
	}
	switch n.flaw {
	case forgetsParent:
		r.Parent = store.ID{}
	case forgetsState:
		r.State = store.Live
	case shortState:
		r.State = r.State[:min(len(r.State), 16)]
	case roundsSeconds:
		r.Expires = r.Expires.Truncate(time.Second)
	case dropsEmpty:
		r.Values = maps.Clone(r.Values)
		maps.DeleteFunc(r.Values, func(_ string, value []byte) bool { return len(value) == 0 })
	}
	n.records[r.ID] = r
	return nil
}

func (n *naive) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	if err := n.begin(ctx); err != nil {
		return store.Record{}, err
	}
	defer n.mu.Unlock()
	if r, ok := n.records[id]; ok && n.live(r, now) {
		return r, nil
	}
	return store.Record{}, store.ErrNotFound
}

func (n *naive) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := n.begin(ctx); err != nil {
		return 0, err
	}
	defer n.mu.Unlock()
	r, err := n.find(p.ID, p.Digest, p.Now)
	if err != nil {
		return 0, err
	}
	if p.IfVersion != 0 && p.IfVersion != r.Version && n.flaw != noVersion {
		return 0, store.ErrConflict
	}
	if n.flaw == halfPatches {
		if err := n.half(ctx, r, p); err != nil {
			return 0, err
		}
	}
	r, p = n.misread(r, p)
	r = r.Apply(p)
	n.records[p.ID] = r
	return r.Version, nil
}

// half applies half of a patch, and gives up then if nobody waits any more.
func (n *naive) half(ctx context.Context, r store.Record, p store.Patch) error {
	first := p
	first.Rekey, first.SignIn, first.Set = nil, nil, maps.Clone(p.Set)
	for key := range p.Set {
		delete(first.Set, key)
		break
	}
	n.records[p.ID] = r.Apply(first)
	time.Sleep(10 * time.Microsecond)
	return ctx.Err()
}

// misread returns what a store with its flaw makes of a patch, and of the record for it.
func (n *naive) misread(r store.Record, p store.Patch) (store.Record, store.Patch) {
	switch n.flaw {
	case losesUpdates: // what was read is written back later, over whatever came between
		n.mu.Unlock()
		time.Sleep(time.Millisecond)
		n.mu.Lock()
	case clearsLast:
		if p.Clear {
			p.Set = nil
		}
	case sharesValues:
		for key, value := range p.Set {
			if old := r.Values[key]; len(old) == len(value) {
				copy(old, value)
			}
		}
	case forgetsSignIn:
		if p.SignIn != nil {
			in := *p.SignIn
			in.Deadline = r.Deadline
			p.SignIn = &in
		}
	case signInOrphans:
		if p.SignIn != nil {
			r.Parent = store.ID{}
		}
	case signInState:
		if p.SignIn != nil && p.Rekey == nil {
			r.State = store.Live
		}
	case keepsState:
		if p.Rekey != nil {
			rekey := *p.Rekey
			rekey.State = r.State
			p.Rekey = &rekey
		}
	}
	return r, p
}

func (n *naive) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	r, err := n.find(id, digest, now)
	if err != nil {
		return err
	}
	switch n.flaw {
	case touchBack:
		r.LastSeen, r.Expires = t.LastSeen, t.Expires
	case touchCounts:
		r.Version++
	case touchState:
		r.State = store.Live
	case touchOrphans:
		r.Parent = store.ID{}
	}
	n.records[id] = r.Touched(t)
	return nil
}

func (n *naive) Delete(ctx context.Context, ids ...store.ID) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	for _, id := range ids {
		if n.flaw == deletesNever && n.records[id].Values != nil {
			continue
		}
		delete(n.records, id)
	}
	return nil
}

func (n *naive) BySubject(ctx context.Context, subject string, now time.Time) (found []store.Record, err error) {
	if err := n.begin(ctx); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	for _, r := range n.records {
		same := r.Subject == subject || n.flaw == listsFolded && len(r.Subject) == len(subject) && r.Subject[0]|32 == subject[0]|32
		if same && subject != "" && (n.live(r, now) || n.flaw == listsDead) {
			r.Values = nil
			if n.flaw == listsStates {
				r.State = store.Live
			}
			if n.flaw == listsOrphans {
				r.Parent = store.ID{}
			}
			found = append(found, r)
		}
	}
	return found, nil
}

func (n *naive) DeleteExpired(ctx context.Context, now time.Time, limit int) (deleted int, err error) {
	if err := n.begin(ctx); err != nil {
		return 0, err
	}
	defer n.mu.Unlock()
	for id, r := range n.records {
		if deleted >= limit && n.flaw != sweepsAll {
			break
		}
		if !n.live(r, now) || n.flaw == sweepsLiving && !r.Live(now.Add(time.Minute)) {
			delete(n.records, id)
			deleted++
		}
	}
	return deleted, nil
}
