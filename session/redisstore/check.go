package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrEvicts: a server is set to drop keys of its choice when its memory is full (maxmemory-policy
// allkeys-…).
var ErrEvicts = errors.New("redisstore: the server may evict sessions; set maxmemory-policy to noeviction")

// checkScript: KEYS: any, so that the call goes to the shard's node. The reply is its limit of
// memory and its policy.
const checkScript = `
local info = redis.call('INFO', 'memory')
return {string.match(info, 'maxmemory:(%d+)') or '', string.match(info, 'maxmemory_policy:([%w-]+)') or ''}
`

// Check asks every node whether it can keep sessions: it is reached, runs scripts, and does not
// evict what it was told to keep (ErrEvicts). A program may call it when it starts; the store works
// without. It needs the command info beside those that the package documentation names.
func (s *Store) Check(ctx context.Context) error {
	script := newScript(checkScript)
	return inShards(ctx, s.shards, func(ctx context.Context, shard int) error {
		reply, err := s.run(ctx, script, []string{s.expiry(shard)}, nil)
		switch {
		case err != nil:
			return fmt.Errorf("redisstore: check: %w", err)
		case len(reply) != 2:
			return fmt.Errorf("redisstore: check: %w", errReply)
		case reply[0] != "0" && strings.HasPrefix(reply[1], "allkeys"):
			return ErrEvicts
		}
		return nil
	})
}
