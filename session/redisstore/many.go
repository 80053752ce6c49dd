package redisstore

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

const (
	deleteBatch = 100 // records that one script removes: the server does nothing else meanwhile
	sweepBatch  = 20  // the same for a sweep, which nobody waits for and which goes on for long
	readBatch   = 200 // records that one script reads
	crowd       = 8   // visits that one call makes at once
)

// Delete implements store.Store, shard by shard. After an error some of the records may be gone.
func (s *Store) Delete(ctx context.Context, ids ...store.ID) error {
	if len(ids) == 1 { // the usual case
		return explained("delete", s.deleteMany(ctx, s.shard(ids[0]), ids))
	}
	of := make(map[int][]store.ID)
	var shards []int
	for _, id := range ids {
		shard := s.shard(id)
		if of[shard] == nil {
			shards = append(shards, shard)
		}
		of[shard] = append(of[shard], id)
	}
	err := inShards(ctx, len(shards), func(ctx context.Context, i int) error {
		return s.deleteMany(ctx, shards[i], of[shards[i]])
	})
	return explained("delete", err)
}

func (s *Store) deleteMany(ctx context.Context, shard int, ids []store.ID) error {
	for len(ids) > 0 {
		batch := ids[:min(deleteBatch, len(ids))]
		ids = ids[len(batch):]
		reply, err := s.run(ctx, s.remove, s.keys(shard, batch), appendIDs(nil, batch))
		if err == nil {
			_, err = outcome(reply)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// BySubject implements store.Store.
func (s *Store) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if subject == "" {
		return nil, ctx.Err()
	}
	found := make([][]store.Record, s.shards)
	err := inShards(ctx, s.shards, func(ctx context.Context, shard int) error {
		reply, err := s.run(ctx, s.find, []string{s.subjects(shard)}, []string{subject})
		if err == nil {
			reply, err = outcome(reply)
		}
		if err != nil {
			return err
		}
		return s.readMany(ctx, shard, ids(reply), subject, now, func(r store.Record) error {
			if r.Subject == subject { // signed in as another meanwhile, or of the same hash
				found[shard] = append(found[shard], r)
			}
			return nil
		})
	})
	if err != nil {
		return nil, explained("by subject", err)
	}
	var all []store.Record
	for _, some := range found {
		all = append(all, some...)
	}
	return all, nil
}

// readMany calls yield with the live ones of some records of a shard. The subject is that under
// which they were found, if they were.
func (s *Store) readMany(ctx context.Context, shard int, ids []store.ID, subject string, now time.Time, yield func(store.Record) error) error {
	for len(ids) > 0 {
		batch := ids[:min(readBatch, len(ids))]
		ids = ids[len(batch):]
		reply, err := s.run(ctx, s.read, s.keys(shard, batch), appendIDs([]string{subject}, batch))
		if err != nil {
			return err
		}
		records, err := live(batch, reply, now)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := yield(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// Each implements store.Store. It goes through one shard after the other by ZSCAN, and remembers
// the ids of that shard, so that none is given twice. If another server takes over meanwhile,
// records may be left out: call it again.
func (s *Store) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	var stopped error // by yield, whose error goes as it is
	for shard := range s.shards {
		err := s.eachOf(ctx, shard, now, func(r store.Record) error {
			stopped = yield(r)
			return stopped
		})
		if stopped != nil {
			return stopped
		}
		if err != nil {
			return explained("each", err)
		}
	}
	return nil
}

func (s *Store) eachOf(ctx context.Context, shard int, now time.Time, yield func(store.Record) error) error {
	seen := make(map[store.ID]bool)
	for cursor := "0"; ; {
		args := []string{cursor, millis(now), strconv.Itoa(readBatch)}
		reply, err := s.run(ctx, s.scan, []string{s.expiry(shard)}, args)
		if err != nil {
			return err
		}
		if len(reply) == 0 {
			return errReply
		}
		if _, err := strconv.ParseUint(reply[0], 10, 64); err != nil {
			return errReply
		}
		var fresh []store.ID
		for _, id := range ids(reply[1:]) {
			if !seen[id] {
				seen[id] = true
				fresh = append(fresh, id)
			}
		}
		if err := s.readMany(ctx, shard, fresh, "", now, yield); err != nil {
			return err
		}
		if cursor = reply[0]; cursor == "0" {
			return nil
		}
	}
}

// DeleteExpired implements store.Store. No script removes more than 20 records, whatever the
// limit.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (total int, err error) {
	first := s.next.Add(1)
	for i := range s.shards {
		shard := int((uint64(first) + uint64(i)) % uint64(s.shards))
		n, err := s.sweepShard(ctx, shard, now, limit-total)
		total += n
		if err != nil {
			return total, explained("delete expired", err)
		}
		if total >= limit {
			break
		}
	}
	return total, nil
}

func (s *Store) sweepShard(ctx context.Context, shard int, now time.Time, limit int) (total int, err error) {
	for due := []store.ID(nil); total < limit; {
		more := min(sweepBatch, limit-total-len(due))
		args := appendIDs([]string{millis(now), strconv.Itoa(more)}, due)
		reply, err := s.run(ctx, s.sweep, s.keys(shard, due), args)
		if err != nil {
			return total, err
		}
		n, err := number(reply[:min(1, len(reply))])
		if err != nil || n > int64(len(due)) || len(reply)-1 > more {
			return total, errReply
		}
		total += int(n)
		if due = ids(reply[1:]); len(due) == 0 {
			break
		}
	}
	return total, nil
}

// inShards runs n functions, some at once, and returns an error of one that failed. The others are
// then told to stop.
func inShards(ctx context.Context, n int, run func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, crowd)
	var all sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			defer func() { <-places }()
			if ctx.Err() != nil {
				return
			}
			if err := run(ctx, i); err != nil {
				cancel(err)
			}
		}()
	}
	all.Wait()
	return context.Cause(ctx)
}
