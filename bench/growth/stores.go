package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// rig is a store to measure.
type rig interface {
	store.Store
	// fill adds the sessions numbered from up to to, without to.
	fill(ctx context.Context, from, to int, now time.Time) error
	// bytes is what the store takes up, in memory or on disk.
	bytes(ctx context.Context) (int64, error)
	close() error
}

// open gives a new and empty store of a kind, whose files are in dir.
func open(ctx context.Context, kind, dir string) (rig, error) {
	switch kind {
	case "memory":
		return newMemory(true), nil
	case "sqlite":
		return openSQLite(ctx, dir)
	case "redis":
		return startRedis(ctx, dir)
	case "mongo":
		return startMongo(ctx)
	}
	return nil, fmt.Errorf("no store %q", kind)
}

// memory is the library's store in memory.
type memory struct {
	*memstore.Store
	signedIn bool
	before   uint64
}

func newMemory(signedIn bool) *memory {
	return &memory{memstore.New(memstore.Config{MaxRecords: 2 * maxSessions}), signedIn, heap()}
}

// heap gives the memory in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first one may leave what was being swept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (m *memory) fill(ctx context.Context, from, to int, now time.Time) error {
	for n := from; n < to; n++ {
		if err := m.Create(ctx, recordOf(n, now, m.signedIn)); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) bytes(context.Context) (int64, error) { return int64(heap() - m.before), nil }
func (m *memory) close() error                         { return nil }
