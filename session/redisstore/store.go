package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

const (
	defaultPrefix = "session"
	defaultShards = 16
	maxShards     = 1024
)

// Store is a store.Store in Redis or Valkey. It is safe for concurrent use, also by many
// processes on one server.
type Store struct {
	eval   Eval
	prefix string
	shards int
	next   atomic.Uint32 // where the next sweep begins, so that a small limit reaches all shards in time

	create, load, patch, touch, remove, sweep, find, scan, read script
}

var _ store.Store = (*Store)(nil)

// Option changes a Store while it is made.
type Option func(*Store)

// Prefix sets what the names of all keys begin with, after a brace. It defaults to session.
// Programs that share a server each have their own. Any text will do; a brace or a percent sign in
// it is written as in a URL.
func Prefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// Shards sets over how many shards the records are spread. It defaults to 16, which serves a
// cluster of some four nodes; take sixteen for each node of a larger one, and 1 where there will
// never be a cluster. A number beyond 1 to 1024 means the nearest in it. All processes must have
// the same, for as long as any session lives.
func Shards(n int) Option { return func(s *Store) { s.shards = min(max(n, 1), maxShards) } }

// New returns a store over a client that the caller opened and closes. It sends nothing yet, and
// needs nothing made.
func New(eval Eval, options ...Option) *Store {
	s := &Store{
		eval: eval, prefix: defaultPrefix, shards: defaultShards,
		create: newScript(createScript), load: newScript(loadScript), patch: newScript(patchScript),
		touch: newScript(touchScript), remove: newScript(deleteScript), sweep: newScript(sweepScript),
		find: newScript(findScript), scan: newScript(scanScript),
		read: newScript(strings.ReplaceAll(readScript, "{names}", namesInLua())),
	}
	for _, option := range options {
		option(s)
	}
	s.prefix = strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D").Replace(s.prefix) // braces mark the hash tag
	return s
}

// shard returns the shard of a record. Ids are random, so shards are of one size.
func (s *Store) shard(id store.ID) int {
	return int(binary.BigEndian.Uint32(id[len(id)-4:]) % uint32(s.shards))
}

// key returns the name of a key in a shard.
func (s *Store) key(shard int, name string) string {
	return "{" + s.prefix + ":" + strconv.Itoa(shard) + "}:" + name
}

func (s *Store) expiry(shard int) string   { return s.key(shard, "expiry") }
func (s *Store) subjects(shard int) string { return s.key(shard, "subjects") }

// keys returns the keys for a script on some records of one shard.
func (s *Store) keys(shard int, ids []store.ID) []string {
	keys := make([]string, 0, 2+len(ids))
	keys = append(keys, s.expiry(shard), s.subjects(shard))
	for _, id := range ids {
		keys = append(keys, s.key(shard, id.String()))
	}
	return keys
}

// recordKeys returns the keys for a script on one record.
func (s *Store) recordKeys(id store.ID) []string {
	shard := s.shard(id)
	return []string{s.key(shard, id.String()), s.expiry(shard), s.subjects(shard)}
}

// appendIDs appends ids to the arguments of a script.
func appendIDs(args []string, ids []store.ID) []string {
	for _, id := range ids {
		args = append(args, id.String())
	}
	return args
}

// Create implements store.Store. A server whose memory is used up answers store.ErrFull, to
// everybody alike: it tells no strangers apart.
func (s *Store) Create(ctx context.Context, r store.Record) error {
	args := append([]string{r.ID.String(), millis(r.Expires), r.Subject, "g", freshMark()}, encoded(r)...)
	reply, err := s.run(ctx, s.create, s.recordKeys(r.ID), args)
	if err == nil {
		_, err = outcome(reply)
	} else if full(err) {
		err = fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return explained("create", err)
}

// freshMark returns a mark that no shard has had. It is no secret.
func freshMark() string { return fmt.Sprintf("#%010x", rand.Uint64()>>24) }

// Load implements store.Store. A record of which a part is damaged comes with the rest, without
// its values, beside an error that wraps store.ErrUnreadable.
func (s *Store) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	reply, err := s.run(ctx, s.load, s.recordKeys(id), nil)
	if err != nil {
		return store.Record{}, explained("load", err)
	}
	r, err := decoded(id, reply, now)
	return r, explained("load", err)
}

// Patch implements store.Store. Only the values that it changes are sent. A record whose version
// is damaged takes no patch: the error wraps store.ErrUnreadable.
func (s *Store) Patch(ctx context.Context, p store.Patch) (int64, error) {
	reply, err := s.run(ctx, s.patch, s.recordKeys(p.ID), patchArgs(p))
	if err == nil {
		reply, err = outcome(reply)
	}
	if err != nil {
		return 0, explained("patch", err)
	}
	version, err := number(reply)
	return version, explained("patch", err)
}

// patchArgs returns the arguments of the patch script, in its order.
func patchArgs(p store.Patch) []string {
	clear, seen, until, signedIn, subject, expires := "0", "", "", "0", "", ""
	if p.Clear {
		clear = "1"
	}
	if p.Seen != nil {
		seen, until = millis(p.Seen.LastSeen), millis(p.Seen.Expires)
	}
	var set, unset []string
	if p.Rekey != nil {
		set = append(set, "d", string(p.Rekey.Digest[:]), "k", p.Rekey.KeyID)
		if p.Rekey.State != store.Live {
			set = append(set, "t", string(p.Rekey.State))
		} else {
			unset = append(unset, "t")
		}
	}
	for _, key := range p.Delete {
		unset = append(unset, valuePrefix+key)
	}
	if in := p.SignIn; in != nil {
		signedIn, subject, expires = "1", in.Subject, millis(in.Expires)
		set = append(set, "u", in.Subject, "a", in.Addr, "b", in.UserAgent, "l", life(in.SignedIn, in.Deadline, in.Idle, in.Persist))
	}
	set = appendValues(set, p.Set)

	args := make([]string, 0, 11+len(unset)+len(set))
	args = append(args, p.ID.String(), string(p.Digest[:]), millis(p.Now), strconv.FormatInt(p.IfVersion, 10), clear,
		strconv.Itoa(len(unset)), seen, until, signedIn, subject, expires)
	return append(append(args, unset...), set...)
}

// Touch implements store.Store.
func (s *Store) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	args := []string{id.String(), string(digest[:]), millis(now), millis(t.LastSeen), millis(t.Expires)}
	reply, err := s.run(ctx, s.touch, s.recordKeys(id), args)
	if err == nil {
		_, err = outcome(reply)
	}
	return explained("touch", err)
}

// explained says where an error comes from. What a store answers goes as it is.
func explained(method string, err error) error {
	for _, answer := range []error{store.ErrNotFound, store.ErrConflict, store.ErrExists} {
		if err == nil || errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("redisstore: %s: %w", method, err)
}
