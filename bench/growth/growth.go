package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// growth prints what look-ups and writes take as there are more sessions.
func (s settings) growth(ctx context.Context, dir string, out io.Writer) error {
	fmt.Fprintf(out, "| store | sessions | look-up p50 | p99 | write p50 | p99 | bytes a session | filled in |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, kind := range s.stores {
		if err := s.grow(ctx, kind, dir, out); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return s.strangers(ctx, out)
}

func (s settings) grow(ctx context.Context, kind, dir string, out io.Writer) error {
	r, err := open(ctx, kind, dir)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	stored := 0
	for _, size := range s.sizes {
		if most, ok := s.most[kind]; ok && size > most {
			continue
		}
		now, start := time.Now().UTC().Truncate(time.Millisecond), time.Now()
		if err := r.fill(ctx, stored, size, now); err != nil {
			return err
		}
		stored = size
		filled := time.Since(start)
		bytes, err := r.bytes(ctx)
		if err != nil {
			return err
		}
		lookups, err := lookUp(ctx, r, s.lookups, size, now)
		if err != nil {
			return err
		}
		writes, err := write(ctx, r, s.writes, size, now)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %d | %v | %v | %v | %v | %d | %v |\n", kind, size,
			lookups.percentile(50), lookups.percentile(99), writes.percentile(50), writes.percentile(99),
			bytes/int64(size), filled.Round(100*time.Millisecond))
	}
	return nil
}

// strangers prints what sessions of nobody in particular take in memory, beside those of people who
// are signed in.
func (s settings) strangers(ctx context.Context, out io.Writer) error {
	for _, kind := range s.stores {
		if kind != "memory" {
			continue
		}
		for _, size := range s.sizes {
			if size > s.most[kind] {
				continue
			}
			m := newMemory(false)
			if err := m.fill(ctx, 0, size, time.Now()); err != nil {
				return err
			}
			bytes, err := m.bytes(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "| memory, not signed in | %d | | | | | %d | |\n", size, bytes/int64(size))
			if err := m.close(); err != nil { // until here the store is in use
				return err
			}
		}
	}
	return nil
}

// lookUp times look-ups of random sessions, one after the other.
func lookUp(ctx context.Context, st store.Store, times, sessions int, now time.Time) (samples, error) {
	random := rand.New(rand.NewPCG(1, uint64(sessions)))
	for range times / 10 { // statements prepared, connections open
		if _, err := st.Load(ctx, idOf(random.IntN(sessions)), now); err != nil {
			return nil, err
		}
	}
	took := make(samples, 0, times)
	for range times {
		id := idOf(random.IntN(sessions))
		start := time.Now()
		r, err := st.Load(ctx, id, now)
		took = append(took, time.Since(start))
		if err != nil {
			return nil, fmt.Errorf("look up %v: %w", id, err)
		}
		if r.ID != id || string(r.Values[valueKey]) != value {
			return nil, fmt.Errorf("looked up %v, got %v with %q", id, r.ID, r.Values[valueKey])
		}
	}
	return took, nil
}

// write times changes of one key of random sessions, one after the other.
func write(ctx context.Context, st store.Store, times, sessions int, now time.Time) (samples, error) {
	random := rand.New(rand.NewPCG(2, uint64(sessions)))
	took := make(samples, 0, times)
	for n := range times + times/10 {
		p := store.Patch{
			ID: idOf(random.IntN(sessions)), Digest: digest, Now: now,
			Set: store.Values{"last_page": fmt.Appendf(nil, `"/logs?page=%d"`, n)},
		}
		start := time.Now()
		version, err := st.Patch(ctx, p)
		if n >= times/10 {
			took = append(took, time.Since(start))
		}
		if err != nil {
			return nil, fmt.Errorf("write %v: %w", p.ID, err)
		}
		if version < 2 {
			return nil, fmt.Errorf("wrote %v and got version %d", p.ID, version)
		}
	}
	return took, nil
}
