//go:build go1.25

package memstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(*testing.T) store.Store {
		return memstore.New(memstore.Config{})
	})
}

// memoryTime is an arbitrary moment; a store has no clock of its own.
var memoryTime = time.UnixMilli(1_000_000_000_000).UTC()

// memoryRecord returns the n-th record, living for an hour.
func memoryRecord(n int, subject string) store.Record {
	r := store.Record{
		Digest: store.Digest{1}, Version: 1, KeyID: "0123abcd", Subject: subject,
		Created: memoryTime, LastSeen: memoryTime, Expires: memoryTime.Add(time.Hour), Deadline: memoryTime.Add(8 * time.Hour),
		Values: store.Values{"n": binary.AppendUvarint(nil, uint64(n))},
	}
	binary.BigEndian.PutUint64(r.ID[4:], uint64(n))
	return r
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 10
	ctx := t.Context()
	m := memstore.New(memstore.Config{MaxRecords: most})
	create := func(n int, subject string, want error) {
		t.Helper()
		if err := m.Create(ctx, memoryRecord(n, subject)); !errors.Is(err, want) {
			t.Fatalf("creating record %d of %q: %v, want %v", n, subject, err, want)
		}
	}
	lives := func(n int, want bool) {
		t.Helper()
		if _, err := m.Load(ctx, memoryRecord(n, "").ID, memoryTime); (err == nil) != want {
			t.Errorf("record %d: %v, want it there: %v", n, err, want)
		}
	}
	for n := range most {
		create(n, "", nil)
	}
	create(100, "", nil) // in the place of the first
	lives(0, false)
	lives(1, true)
	for n := range most {
		create(200+n, "ada", nil)
	}
	for n := range most { // in the places of all strangers
		lives(100, true)
		create(210+n, "ada", nil)
	}
	lives(100, false)
	create(300, "ada", store.ErrFull)
	create(300, "", store.ErrFull)
	if of, _ := m.BySubject(ctx, "ada", memoryTime); len(of) != 2*most {
		t.Fatalf("%d signed-in records, want all %d", len(of), 2*most)
	}

	// A refused record leaves no trace in the count: one out, one in.
	if err := m.Delete(ctx, memoryRecord(200, "").ID); err != nil {
		t.Fatal(err)
	}
	create(300, "ada", nil)
	create(301, "ada", store.ErrFull)

	// The dead make room for the living.
	late := memoryRecord(400, "")
	late.Created = memoryTime.Add(2 * time.Hour)
	late.Expires = memoryTime.Add(3 * time.Hour)
	if err := m.Create(ctx, late); err != nil {
		t.Fatalf("creating a record when all others are dead: %v", err)
	}
	if n, _ := m.DeleteExpired(ctx, late.Created, 100); n != 0 {
		t.Errorf("%d dead records were left, want none: fewer than 64 were stored", n)
	}
}

func TestMemoryCountsUnderLoad(t *testing.T) {
	t.Parallel()
	const most = 100
	ctx := t.Context()
	m := memstore.New(memstore.Config{MaxRecords: most})
	var stored atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range most {
				if m.Create(ctx, memoryRecord(g*most+n, "")) == nil {
					stored.Add(1)
				}
				if n%3 == 0 {
					_ = m.Create(ctx, memoryRecord(g*most+n, "")) // ErrExists or ErrFull, never counted
				}
			}
		})
	}
	wg.Wait()
	n, err := m.DeleteExpired(ctx, memoryTime.Add(2*time.Hour), 10*most)
	if err != nil || n > most || n < most-8 || stored.Load() < most { // each of those at work may have made room for nothing
		t.Errorf("%d records deleted (%v), %d acknowledged, at most %d allowed", n, err, stored.Load(), most)
	}
	if err := m.Create(ctx, memoryRecord(1, "")); err != nil {
		t.Errorf("the empty store takes nothing: %v", err)
	}
}

// TestMemoryRoom: room for a stranger is made by the one who was away longest, and by nobody who is
// signed in, nor by a note or a copy under way.
func TestMemoryRoom(t *testing.T) {
	t.Parallel()
	const most = 300
	ctx := t.Context()
	m := memstore.New(memstore.Config{MaxRecords: most})
	at := func(n int) time.Time { return memoryTime.Add(time.Duration(n) * time.Second) }
	stranger := func(n int) store.Record {
		r := memoryRecord(n, "")
		binary.BigEndian.PutUint64(r.ID[4:], uint64(n)*0x9e3779b97f4a7c15) // in any shard
		r.LastSeen = at(n)
		return r
	}
	others := []store.Record{memoryRecord(1_000_001, "ada"), memoryRecord(1_000_002, ""), memoryRecord(1_000_003, "")}
	others[1].State, others[2].State = store.Mark, store.Arriving
	for _, r := range others {
		if err := m.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(n int) bool {
		_, err := m.Load(ctx, stranger(n).ID, memoryTime)
		return errors.Is(err, store.ErrNotFound)
	}
	for n := range most - len(others) {
		if err := m.Create(ctx, stranger(n)); err != nil {
			t.Fatal(err)
		}
	}
	// The first comes back, and the second signs in.
	if err := m.Touch(ctx, stranger(0).ID, store.Digest{1}, store.Touch{LastSeen: at(most)}, memoryTime); err != nil {
		t.Fatal(err)
	}
	in := &store.SignIn{Subject: "bob", Expires: at(3600), Deadline: at(3600)}
	if _, err := m.Patch(ctx, store.Patch{ID: stranger(1).ID, Digest: store.Digest{1}, Now: memoryTime, SignIn: in}); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < 50; n++ {
		if gone(n) {
			t.Fatalf("stranger %d went before its time", n)
		}
		if err := m.Create(ctx, stranger(10_000+n)); err != nil {
			t.Fatalf("a stranger in a full store: %v", err)
		}
		if !gone(n) {
			t.Fatalf("stranger %d is there, who was away longest", n)
		}
	}
	if gone(0) || gone(1) {
		t.Error("one who came back, or signed in, is gone")
	}
	for n := range 2 * most {
		if err := m.Create(ctx, stranger(20_000+n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range others {
		if _, err := m.Load(ctx, r.ID, memoryTime); err != nil {
			t.Errorf("%q, state %q: %v", r.Subject, r.State, err)
		}
	}
	if gone(1) {
		t.Error("one who signed in is gone")
	}
}

// TestMemoryRoomForForms: in a store full of people who are signed in there is room for the
// strangers who are about to be.
func TestMemoryRoomForForms(t *testing.T) {
	t.Parallel()
	const most = 80
	ctx := t.Context()
	m := memstore.New(memstore.Config{MaxRecords: most})
	for n := range most {
		if err := m.Create(ctx, memoryRecord(n, "ada")); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 * most {
		r := memoryRecord(1000+n, "")
		r.LastSeen = memoryTime.Add(time.Duration(n) * time.Second)
		if err := m.Create(ctx, r); err != nil {
			t.Fatalf("stranger %d: %v", n, err)
		}
		for k := max(0, n-9); k <= n; k++ {
			if _, err := m.Load(ctx, memoryRecord(1000+k, "").ID, memoryTime); err != nil {
				t.Fatalf("stranger %d when %d have come: %v", k, n, err)
			}
		}
	}
	if n, _ := m.DeleteExpired(ctx, memoryTime.Add(2*time.Hour), 10*most); n != most+most/8 {
		t.Errorf("%d records, want %d", n, most+most/8)
	}
}

func TestMemoryLoadAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	m := memstore.New(memstore.Config{})
	r := memoryRecord(1, "ada")
	if err := m.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := m.Load(ctx, r.ID, memoryTime); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("Load allocates %v times, want 0", allocs)
	}
}

func BenchmarkMemory(b *testing.B) {
	const stored = 10_000
	ctx := context.Background()
	m := memstore.New(memstore.Config{})
	ids := make([]store.ID, stored)
	for n := range stored {
		r := memoryRecord(n, "ada")
		ids[n] = r.ID
		if err := m.Create(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Load", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				if _, err := m.Load(ctx, ids[n%stored], memoryTime); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("Create in a full store", func(b *testing.B) {
		full := memstore.New(memstore.Config{MaxRecords: stored})
		for n := 0; b.Loop(); n++ {
			if err := full.Create(ctx, memoryRecord(n, "")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Patch", func(b *testing.B) {
		b.ReportAllocs()
		set := store.Values{"n": []byte("1")}
		for n := 0; b.Loop(); n++ {
			p := store.Patch{ID: ids[n%stored], Digest: store.Digest{1}, Now: memoryTime, Set: set}
			if _, err := m.Patch(ctx, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A create that is under way when the store is closed may leave a record behind; nobody can reach
// it.
func TestMemoryClose(t *testing.T) {
	t.Parallel()
	m := memstore.New(memstore.Config{})
	now := time.Now().UTC()
	r := store.Record{ID: store.ID{1}, Version: 1, Subject: "ada", Expires: now.Add(time.Hour)}
	if err := m.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, loadErr := m.Load(t.Context(), r.ID, now)
	_, patchErr := m.Patch(t.Context(), store.Patch{ID: r.ID, Now: now})
	_, listErr := m.BySubject(t.Context(), "ada", now)
	_, sweepErr := m.DeleteExpired(t.Context(), now, 10)
	for call, err := range map[string]error{
		"Create": m.Create(t.Context(), r), "Load": loadErr, "Patch": patchErr, "BySubject": listErr, "DeleteExpired": sweepErr,
		"Touch": m.Touch(t.Context(), r.ID, r.Digest, store.Touch{}, now), "Delete": m.Delete(t.Context(), r.ID),
		"Each": m.Each(t.Context(), now, func(store.Record) error { return nil }),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", call, err)
		}
	}
}
