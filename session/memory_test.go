package session_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(*testing.T) session.Store {
		return session.NewMemory(session.MemoryConfig{})
	})
}

// memoryTime is an arbitrary moment; a store has no clock of its own.
var memoryTime = time.UnixMilli(1_000_000_000_000).UTC()

// memoryRecord gives the n-th record, living for an hour.
func memoryRecord(n int, subject string) session.Record {
	r := session.Record{
		Digest: session.Digest{1}, Version: 1, KeyID: "0123abcd", Subject: subject,
		Created: memoryTime, LastSeen: memoryTime, Expires: memoryTime.Add(time.Hour), Deadline: memoryTime.Add(8 * time.Hour),
		Values: session.Values{"n": binary.AppendUvarint(nil, uint64(n))},
	}
	binary.BigEndian.PutUint64(r.ID[4:], uint64(n))
	return r
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 10
	ctx := t.Context()
	m := session.NewMemory(session.MemoryConfig{MaxRecords: most})
	create := func(n int, subject string, want error) {
		t.Helper()
		if err := m.Create(ctx, memoryRecord(n, subject)); !errors.Is(err, want) {
			t.Fatalf("creating record %d of %q: %v, want %v", n, subject, err, want)
		}
	}
	for n := range most {
		create(n, "", nil)
	}
	create(100, "", session.ErrFull)
	for n := range most {
		create(200+n, "ada", nil)
	}
	create(300, "ada", session.ErrFull)
	create(300, "", session.ErrFull)
	if of, _ := m.BySubject(ctx, "ada", memoryTime); len(of) != most {
		t.Fatalf("%d signed-in records, want all %d", len(of), most)
	}

	// A refused record leaves no trace in the count: one out, one in.
	if err := m.Delete(ctx, memoryRecord(200, "").ID); err != nil {
		t.Fatal(err)
	}
	create(300, "ada", nil)
	create(301, "ada", session.ErrFull)

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
	m := session.NewMemory(session.MemoryConfig{MaxRecords: most})
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
	if err != nil || n != int(stored.Load()) || n > most || n == 0 {
		t.Errorf("%d records deleted (%v), %d acknowledged, at most %d allowed", n, err, stored.Load(), most)
	}
	if err := m.Create(ctx, memoryRecord(1, "")); err != nil {
		t.Errorf("the empty store takes nothing: %v", err)
	}
}

func TestMemoryLoadAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	m := session.NewMemory(session.MemoryConfig{})
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
	m := session.NewMemory(session.MemoryConfig{})
	ids := make([]session.ID, stored)
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
	b.Run("Patch", func(b *testing.B) {
		b.ReportAllocs()
		set := session.Values{"n": []byte("1")}
		for n := 0; b.Loop(); n++ {
			p := session.Patch{ID: ids[n%stored], Digest: session.Digest{1}, Now: memoryTime, Set: set}
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
	m := session.NewMemory(session.MemoryConfig{})
	now := time.Now().UTC()
	r := session.Record{ID: session.ID{1}, Version: 1, Subject: "ada", Expires: now.Add(time.Hour)}
	if err := m.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, loadErr := m.Load(t.Context(), r.ID, now)
	_, patchErr := m.Patch(t.Context(), session.Patch{ID: r.ID, Now: now})
	_, listErr := m.BySubject(t.Context(), "ada", now)
	_, sweepErr := m.DeleteExpired(t.Context(), now, 10)
	for call, err := range map[string]error{
		"Create": m.Create(t.Context(), r), "Load": loadErr, "Patch": patchErr, "BySubject": listErr, "DeleteExpired": sweepErr,
		"Touch": m.Touch(t.Context(), r.ID, r.Digest, session.Touch{}, now), "Delete": m.Delete(t.Context(), r.ID),
		"Each": m.Each(t.Context(), now, func(session.Record) error { return nil }),
	} {
		if !errors.Is(err, session.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", call, err)
		}
	}
}
