package conformance

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// story calls every method in the ways that settings of drivers and servers might spoil: odd bytes,
// a touch that changes nothing, records that exist or do not.
func story(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	const subject = "ada\x00\xff'\\\"` é?$1"
	r := record(subject, store.Values{"a\x00\xff": {0, 0xff, '\'', '\\'}})
	r.UserAgent, r.Parent = "Mozilla \xfe\x00 \\x41", session.ID{1, 2, 3}
	if err := s.Create(ctx, r); err != nil {
		t.Fatalf("Create: %v", err)
	}
	if err := s.Create(ctx, r); !errors.Is(err, store.ErrExists) {
		t.Errorf("Create again: %v, want ErrExists", err)
	}
	same := store.Touch{LastSeen: r.LastSeen, Expires: r.Expires}
	for range 2 {
		if err := s.Touch(ctx, r.ID, r.Digest, same, now); err != nil {
			t.Errorf("a touch that changes nothing: %v", err)
		}
	}
	if err := s.Touch(ctx, r.ID, store.Digest{}, same, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a touch with another digest: %v, want ErrNotFound", err)
	}
	version, err := s.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: store.Values{"b": {2}}})
	if version != 2 || err != nil {
		t.Errorf("Patch: version %d, %v; want 2", version, err)
	}
	r.Version, r.Values = 2, store.Values{"a\x00\xff": {0, 0xff, '\'', '\\'}, "b": {2}}
	got, err := s.Load(ctx, r.ID, now)
	if diff := cmp.Diff(r, got); err != nil || diff != "" {
		t.Errorf("Load: %v\n%s", err, diff)
	}
	if found, err := s.BySubject(ctx, subject, now); len(found) != 1 || err != nil {
		t.Errorf("BySubject: %d records, %v; want 1", len(found), err)
	}
	n := 0
	if err := s.Each(ctx, now, func(store.Record) error { n++; return nil }); n != 1 || err != nil {
		t.Errorf("Each: %d records, %v; want 1", n, err)
	}
	if err := s.Delete(ctx, session.ID{1}, session.ID{2}); err != nil {
		t.Errorf("Delete of none: %v", err)
	}
	if n, err := s.DeleteExpired(ctx, r.Expires, 10); n != 1 || err != nil {
		t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
	}
	if _, err := s.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: now}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Patch of a record that is gone: %v, want ErrNotFound", err)
	}
}

// crowd lets writers, and touches beside them, meet on one record. Every one of them must get
// through.
func crowd(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	r := record("ada", nil)
	if err := s.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	const writers = 2
	var all sync.WaitGroup
	for i := range writers {
		w := writer{Name: fmt.Sprint(i), ID: r.ID, Digest: r.Digest}
		all.Go(func() {
			if err := w.write(ctx, s); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			for n := range 2 * writerEach {
				to := store.Touch{LastSeen: now.Add(time.Duration(n) * time.Second), Expires: r.Expires.Add(time.Duration(n) * time.Second)}
				if err := s.Touch(ctx, r.ID, r.Digest, to, now); err != nil {
					t.Errorf("Touch: %v", err)
				}
				if _, err := s.DeleteExpired(ctx, now, 10); err != nil {
					t.Errorf("DeleteExpired: %v", err)
				}
			}
		})
	}
	all.Wait()
	writer{ID: r.ID, Digest: r.Digest}.check(ctx, t, s, writers)
}

// testSettings tells the story under settings of drivers and servers that people have.
func testSettings(t *testing.T, d database) {
	for _, with := range d.settings {
		t.Run(with, func(t *testing.T) { story(t, d.fresh(t, d.open(t, d.with(t, with), 4))) })
	}
}

// testLevels lets a crowd in under every isolation level that a database may have by default.
func testLevels(t *testing.T, d database) {
	for _, level := range d.levels {
		t.Run(level, func(t *testing.T) { crowd(t, d.fresh(t, d.open(t, d.with(t, level), 12))) })
	}
}

// with gives the address with a parameter more.
func (d database) with(t *testing.T, parameter string) string {
	address := d.address(t)
	if strings.Contains(address, "?") {
		return address + "&" + parameter
	}
	return address + "?" + parameter
}
