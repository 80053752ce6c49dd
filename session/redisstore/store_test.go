package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

var now = time.UnixMilli(1_000_000_000_000).UTC()

func record() store.Record {
	return store.Record{
		ID: store.ID{1, 2, 3}, Digest: store.Digest{9}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: now, SignedIn: now, LastSeen: now, Expires: now.Add(time.Hour), Deadline: now.Add(8 * time.Hour), Idle: time.Hour,
		Persist: true, Parent: store.ID{7}, Addr: "192.0.2.1", UserAgent: "Firefox", Values: store.Values{"a": {0, 0xff}},
	}
}

// answer is a server that gives one reply to everything, and keeps what it was asked.
type answer struct {
	reply any
	err   error

	mu    sync.Mutex
	calls []redisstore.Call
}

func (a *answer) eval(_ context.Context, c redisstore.Call) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, c)
	return a.reply, a.err
}

// operations are all calls of a store that reach the server.
func operations(ctx context.Context, s *redisstore.Store) map[string]func() error {
	r := record()
	return map[string]func() error{
		"Create":        func() error { return s.Create(ctx, r) },
		"Load":          func() error { _, err := s.Load(ctx, r.ID, now); return err },
		"Patch":         func() error { _, err := s.Patch(ctx, store.Patch{ID: r.ID, Now: now}); return err },
		"Touch":         func() error { return s.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) },
		"Delete":        func() error { return s.Delete(ctx, r.ID) },
		"Delete 2":      func() error { return s.Delete(ctx, r.ID, store.ID{4}) },
		"BySubject":     func() error { _, err := s.BySubject(ctx, "ada", now); return err },
		"Each":          func() error { return s.Each(ctx, now, func(store.Record) error { return nil }) },
		"DeleteExpired": func() error { _, err := s.DeleteExpired(ctx, now, 10); return err },
		"Check":         func() error { return s.Check(ctx) },
	}
}

// TestErrors: what the server says is passed on, never taken for an answer of the store, and a
// context that has ended reaches no server.
func TestErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("CLUSTERDOWN Hash slot not served")
	a := &answer{err: down}
	for name, run := range operations(t.Context(), redisstore.New(a.eval)) {
		err := run()
		if !errors.Is(err, down) || !strings.HasPrefix(err.Error(), "redisstore: ") || errors.Is(err, store.ErrFull) {
			t.Errorf("%s: %v, want the server's error and where it comes from", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a = &answer{reply: []any{"ok"}}
	for name, run := range operations(ctx, redisstore.New(a.eval)) {
		if err := run(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended: %v", name, err)
		}
	}
	if len(a.calls) > 0 {
		t.Errorf("%d calls with a context that has ended", len(a.calls))
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"OOM command not allowed when used memory > 'maxmemory'. script: 1234, on @user_script:3.",
		"ERR Error running script (call to f_12): @user_script:3: -OOM command not allowed when used memory > 'maxmemory'.",
	} {
		s := redisstore.New((&answer{err: errors.New(text)}).eval)
		if err := s.Create(t.Context(), record()); !errors.Is(err, store.ErrFull) {
			t.Errorf("Create: %v, want ErrFull", err)
		}
		if _, err := s.Patch(t.Context(), store.Patch{}); errors.Is(err, store.ErrFull) {
			t.Errorf("Patch: %v, want an error that is not about strangers", err)
		}
	}
}

// TestUnknownScript: the script itself is sent when the server asks for it, and only then.
func TestUnknownScript(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first error
		names string
		fails bool
	}{
		{nil, "EVALSHA", false},
		{errors.New("NOSCRIPT No matching script. Please use EVAL."), "EVALSHA EVAL", false},
		{errors.New("i/o timeout"), "EVALSHA", true},
	} {
		var calls []redisstore.Call
		s := redisstore.New(func(_ context.Context, call redisstore.Call) (any, error) {
			calls = append(calls, call)
			if len(calls) == 1 {
				return []any{"ok"}, c.first
			}
			return []any{"ok"}, nil
		})
		if err := s.Create(t.Context(), record()); (err != nil) != c.fails {
			t.Errorf("after %v: %v", c.first, err)
		}
		var names []string
		for _, call := range calls {
			names = append(names, call.Name)
			if diff := compare.Diff(calls[0].Args, call.Args) + compare.Diff(calls[0].Keys, call.Keys); diff != "" {
				t.Error(diff)
			}
		}
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("after %v: sent %s, want %s", c.first, got, c.names)
		}
		if len(calls[0].Script) != 40 {
			t.Errorf("EVALSHA of %q, want 40 hexadecimal digits", calls[0].Script)
		}
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	c := redisstore.Call{Name: "EVAL", Script: "return {}", Keys: []string{"a", "b"}, Args: []string{"c"}}
	if diff := compare.Diff([]any{"EVAL", "return {}", "2", "a", "b", "c"}, c.Command()); diff != "" {
		t.Error(diff)
	}
}

// TestKeys: all keys of a call have one hash tag, which is the text between the first brace and the
// next closing one, and the shards of a store have as many.
func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options []redisstore.Option
		tags    int
		prefix  string
	}{
		{nil, 16, "{session:"},
		{[]redisstore.Option{redisstore.Shards(1), redisstore.Prefix("shop")}, 1, "{shop:"},
		{[]redisstore.Option{redisstore.Shards(0)}, 1, "{session:"},
		{[]redisstore.Option{redisstore.Shards(1 << 20)}, 1024, "{session:"},
		{[]redisstore.Option{redisstore.Prefix("")}, 16, "{:"},
		{[]redisstore.Option{redisstore.Prefix("{}a%{b}")}, 16, "{%7B%7Da%25%7Bb%7D:"},
	} {
		a := &answer{reply: []any{"0"}}
		s := redisstore.New(a.eval, c.options...)
		for _, run := range operations(t.Context(), s) {
			_ = run() // the reply is not always a fitting one
		}
		tags := make(map[string]bool)
		for _, call := range a.calls {
			if len(call.Keys) == 0 {
				t.Fatalf("a call without keys: %+v", call)
			}
			for _, key := range call.Keys {
				if !strings.HasPrefix(key, c.prefix) || tag(key) != tag(call.Keys[0]) {
					t.Errorf("keys %q, want one hash tag after %q", call.Keys, c.prefix)
				}
			}
			tags[tag(call.Keys[0])] = true
		}
		if len(tags) != c.tags {
			t.Errorf("%d shards were visited, want %d", len(tags), c.tags)
		}
	}
}

// tag is what a cluster makes a slot of.
func tag(key string) string {
	_, rest, _ := strings.Cut(key, "{")
	inside, _, _ := strings.Cut(rest, "}")
	return inside
}

// TestBatches: one script never gets more than 100 records to delete, and every id reaches its
// shard once.
func TestBatches(t *testing.T) {
	t.Parallel()
	var list []store.ID
	want := make(map[string]int)
	for n := range 1000 {
		id := store.ID{0: byte(n), 1: byte(n >> 8), 11: byte(n % 3)}
		list = append(list, id)
		want[id.String()]++
	}
	a := &answer{reply: []any{"ok"}}
	if err := redisstore.New(a.eval, redisstore.Shards(2)).Delete(t.Context(), list...); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for _, call := range a.calls {
		if len(call.Args) > 100 || len(call.Keys) != len(call.Args)+2 {
			t.Errorf("%d ids and %d keys in one script", len(call.Args), len(call.Keys))
		}
		for i, id := range call.Args {
			got[id]++
			if !strings.HasSuffix(call.Keys[i+2], "}:"+id) {
				t.Errorf("key %q for id %s", call.Keys[i+2], id)
			}
		}
	}
	if diff := compare.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
