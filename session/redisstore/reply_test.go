package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// stored returns the fields of a record and their values in turn, as Create sends them.
func stored(t testing.TB, r store.Record) []string {
	t.Helper()
	a := &answer{reply: []any{"ok"}}
	if err := redisstore.New(a.eval).Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return a.calls[0].Args[3:] // after id, expires and subject
}

// TestReplies: a record comes back whole in every form that clients have for an array.
func TestReplies(t *testing.T) {
	t.Parallel()
	r := record()
	fields := stored(t, r)
	var texts, blobs, mixed []any
	var bytes [][]byte
	for i, field := range fields {
		texts, blobs, bytes = append(texts, field), append(blobs, []byte(field)), append(bytes, []byte(field))
		mixed = append(mixed, []any{field, []byte(field)}[i%2])
	}
	for _, reply := range []any{fields, texts, blobs, mixed, bytes} {
		got, err := redisstore.New((&answer{reply: reply}).eval).Load(t.Context(), r.ID, now)
		if diff := compare.Diff(r, got); err != nil || diff != "" {
			t.Errorf("%T: %v\n%s", reply, err, diff)
		}
	}
}

// TestStranger: what a stranger lacks takes no room, and comes back as nothing.
func TestStranger(t *testing.T) {
	t.Parallel()
	r := record()
	r.Subject, r.SignedIn, r.Parent, r.Addr, r.UserAgent = "", time.Time{}, store.ID{}, "", ""
	r.Persist, r.Values = false, nil
	fields := stored(t, r)
	if len(fields) != 2*8 {
		t.Errorf("a stranger has the fields %q, want 8", fields)
	}
	got, err := redisstore.New((&answer{reply: fields}).eval).Load(t.Context(), r.ID, now)
	r.Values = store.Values{}
	if diff := compare.Diff(r, got); err != nil || diff != "" || !got.SignedIn.IsZero() {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestHostileReplies: what is not a reply of ours is an error, and never a session, an answer or a
// panic.
func TestHostileReplies(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]any{
		"nil":           nil,
		"a number":      int64(1),
		"text":          "ok",
		"a map":         map[any]any{"d": "x"},
		"nil inside":    []any{"ok", nil},
		"number inside": []any{"ok", int64(2)},
		"nested":        []any{[]any{"ok"}},
		"error inside":  []any{errors.New("ERR")},
		"strange word":  []any{"fine"},
		"odd":           []any{"e", "1", "d"},
		"many":          strings.Split(strings.Repeat("x ", 100_000), " "),
	} {
		s := redisstore.New((&answer{reply: reply}).eval)
		for method, run := range operations(t.Context(), s) {
			err := run()
			if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) {
				t.Errorf("%s with %s: %v, want an error of its own", method, name, err)
			}
		}
	}
}

// TestVersions: only a number is one.
func TestVersions(t *testing.T) {
	t.Parallel()
	for reply, ok := range map[string]bool{"2": true, "999999999999999999": true, "": false, "-1": false, "2.0": false, "1e3": false, "99999999999999999999": false} {
		_, err := redisstore.New((&answer{reply: []any{"ok", reply}}).eval).Patch(t.Context(), store.Patch{})
		if (err == nil) != ok {
			t.Errorf("version %q: %v", reply, err)
		}
	}
}

// TestSweepKeepsItsLimit: whatever the server answers, no more is counted than was asked for, and
// it ends.
func TestSweepKeepsItsLimit(t *testing.T) {
	t.Parallel()
	id := store.ID{5}.String()
	for _, reply := range [][]string{{"0", id, id, id, id}, {"7"}, {"-1"}, {"x"}, {}} {
		n, err := redisstore.New((&answer{reply: reply}).eval).DeleteExpired(t.Context(), now, 3)
		if err == nil || n != 0 {
			t.Errorf("reply %q: %d, %v; want an error", reply, n, err)
		}
	}
	rounds := 0
	s := redisstore.New(func(_ context.Context, c redisstore.Call) (any, error) {
		rounds++
		return append([]string{"1"}, id)[:min(2, 1+len(c.Args)-1)], nil // one more is always dead
	}, redisstore.Shards(1))
	_, err := s.DeleteExpired(t.Context(), now, 3)
	if err == nil || rounds > 4 {
		t.Errorf("%d rounds, %v; want an end", rounds, err)
	}
}

// TestEachAsksOnce: a page of ZSCAN may name a record again that an earlier one named.
func TestEachAsksOnce(t *testing.T) {
	t.Parallel()
	id := store.ID{5}.String()
	var asked []string
	pages := [][]string{{"7", id, id}, {"0", id}}
	s := redisstore.New(func(_ context.Context, c redisstore.Call) (any, error) {
		if len(c.Keys) > 1 { // it reads records
			asked = append(asked, c.Args[1:]...)
			return make([]string, 12*len(c.Args[1:])), nil
		}
		page := pages[0]
		pages = pages[1:]
		return page, nil
	}, redisstore.Shards(1))
	if err := s.Each(t.Context(), now, func(store.Record) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 {
		t.Errorf("asked for %q, want one record once", asked)
	}
}

// FuzzReplies: no reply makes the store panic, give a dead or foreign record, or give more values
// than it was sent.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{"", "ok", "ok\x1f2", "missing", "0\x1f010203000000000000000000", strings.Join(stored(f, record()), "\x1f")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reply := strings.Split(text, "\x1f")
		calls := 0
		s := redisstore.New(func(context.Context, redisstore.Call) (any, error) {
			if calls++; calls > 1000 { // a cursor that never comes back to 0 is the server's, and the context's, affair
				return nil, errors.New("enough")
			}
			return reply, nil
		}, redisstore.Shards(1))
		loadsSoundly(t, s, len(reply))
		list, _ := s.BySubject(t.Context(), "ada", now)
		for _, r := range list {
			sound(t, r, len(reply))
			if r.Subject != "ada" {
				t.Errorf("a session of %q", r.Subject)
			}
		}
		calls = 0
		given := make(map[store.ID]bool)
		_ = s.Each(t.Context(), now, func(r store.Record) error {
			sound(t, r, len(reply))
			if given[r.ID] {
				t.Errorf("%v is given twice", r.ID)
			}
			given[r.ID] = true
			return nil
		})
		calls = 0
		if n, _ := s.DeleteExpired(t.Context(), now, 5); n < 0 || n > 5 {
			t.Errorf("%d deleted, want 5 at most", n)
		}
	})
}

// loadsSoundly loads a record from whatever the server replies: a sound one, or none beside an
// error, or what is left of a damaged one.
func loadsSoundly(t *testing.T, s *redisstore.Store, words int) {
	t.Helper()
	r, err := s.Load(t.Context(), store.ID{1}, now)
	switch {
	case err == nil:
		sound(t, r, words)
		if r.Version < 1 || r.ID != (store.ID{1}) {
			t.Errorf("a record that is none: %+v", r)
		}
	case errors.Is(err, store.ErrUnreadable):
		if r.Values != nil {
			t.Error("values of a damaged record")
		}
	case r.Digest != store.Digest{}:
		t.Errorf("a record beside %v", err)
	}
}

// sound checks a record that came of so many words.
func sound(t *testing.T, r store.Record, words int) {
	t.Helper()
	if !r.Live(now) || r.Idle < 0 || len(r.Values) > words {
		t.Errorf("a record that is none: %+v", r)
	}
}
