// Package redisstore keeps sessions in Redis (6.2 or later) or Valkey, on one server or in a
// cluster, through a client that the caller opened. It imports none: every visit is one EVALSHA,
// and an [Eval] of a few lines sends it.
//
// # Start
//
// With go-redis (*redis.Client or *redis.ClusterClient; set ContextTimeoutEnabled, and MaxRetries
// to -1):
//
//	store := redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
//		return client.Do(ctx, c.Command()...).Result()
//	})
//
// Under load it takes less of the program's processor time, and of the server's, when calls that meet
// go there together ([Together]):
//
//	store := redisstore.New(redisstore.Together(func(ctx context.Context, calls []redisstore.Call) []redisstore.Reply {
//		pipeline := client.Pipeline()
//		sent := make([]*redis.Cmd, len(calls))
//		for i, c := range calls {
//			sent[i] = pipeline.Do(ctx, c.Command()...)
//		}
//		_, _ = pipeline.Exec(ctx) // each has its own error
//		replies := make([]redisstore.Reply, len(calls))
//		for i, one := range sent {
//			replies[i].Value, replies[i].Err = one.Result()
//		}
//		return replies
//	}))
//
// With rueidis, or valkey-go, which is its twin:
//
//	store := redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
//		command := client.B().Arbitrary(c.Name, c.Script, c.NumKeys()).Keys(c.Keys...).Args(c.Args...).Build()
//		return client.Do(ctx, command).ToAny()
//	})
//
// With redigo:
//
//	store := redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
//		conn, err := pool.GetContext(ctx)
//		if err != nil {
//			return nil, err
//		}
//		defer conn.Close()
//		command := c.Command()
//		return redis.DoContext(conn, ctx, command[0].(string), command[1:]...)
//	})
//
// A client that repeats a command by itself after a lost answer may do it twice. No data is harmed
// by that, but the second attempt at a Create, a renewal or a patch under a version is refused as
// too late, and somebody is signed out who need not be: turn it off (rueidis never repeats these).
// Calls must go to the primary. A replica may not know yet of a logout.
//
// # Layout
//
// Records are spread over a number of shards ([Shards]) by their id. A shard is three kinds of key
// with one hash tag, so that it lies on one node of a cluster, and every script names all keys that
// it touches:
//
//	{session:7}:0123456789abcdef01234567   hash: the record, and its values in fields that begin with "="
//	{session:7}:expiry                     sorted set: the ids of all records in the shard, by expiry
//	{session:7}:subjects                   sorted set: hash of the subject and id, of those who are signed in
//
// Both sorted sets of a shard also hold its mark, which every record of it names.
//
// Every change is one script, which Redis runs alone: a record and what is known of it elsewhere
// change together, or not at all. So the index names no session that is over, and misses none that
// is not. Keys that hold nothing do not exist.
//
// No key has a time to live. A record lives by the time its caller gives, never by the clock of the
// server, and what Redis expired by itself would stay in the index. Let session.Manager.RunSweeper
// run, on one node or on all.
//
// # Cost
//
// Create, Load, Patch and Touch take one round trip, which those that meet share with [Together];
// that both sorted sets know the record is seen in it, which takes the server some microseconds.
// Delete takes one for each shard concerned.
// BySubject asks all shards, eight at a time, and once more those that know the subject.
// DeleteExpired takes one for each shard, and one more for each 20 records. A script that the
// server does not know yet, after its restart, takes one more.
//
// On one server, Shards(1) makes lists and sweeps cheapest. Choose before the first session: the
// records of another number of shards are not found.
//
// A session with three small values and an ordinary browser's name takes some 1,500 bytes of the
// server's memory, or 750 under hash-max-listpack-value 300 (hash-max-ziplist-value before Redis
// 7), which is worth setting.
//
// # The server
//
//   - Memory: maxmemory-policy noeviction (the default) or one of volatile-*, which leaves these
//     keys alone. One of allkeys-* ends sessions at random, and all sessions of a shard when it drops
//     one of the shard's sorted sets: a session that is in no index lives no more, so that List,
//     End, EndAll and Each are right at any time, also when somebody deleted the keys by hand. The
//     records of such a shard stay in the memory until the server drops them, too, or they are met
//     in the other index. What nothing can tell is a note that was dropped by itself: beside
//     cookies that hold sessions (session.Home.Format) a note may say that one has ended (store.Mark),
//     and without it a copy of that cookie is good again. Do not use such a policy there.
//     Under noeviction a server that is full refuses Create with store.ErrFull, Patch and Touch
//     with its own error; sessions are still found, listed, ended and swept. Store.Check finds out
//     at the start of a program.
//   - Persistence: appendonly yes. Without it a restart ends every session; with snapshots alone it
//     brings back sessions that were ended since the latest one.
//   - Failover: replication is asynchronous. When a primary dies, what it acknowledged in its last
//     moment may be lost, and that can be a logout: the session lives again on the replica that
//     takes over. min-replicas-to-write and min-replicas-max-lag make that moment short; nothing in
//     Redis makes it none. Where a logout must survive any failure of a machine, keep sessions in a
//     database that commits (package sqlstore).
//   - Access: on the keys that begin with "{session:" (see [Prefix]) the commands eval, evalsha,
//     del, exists, hdel, hget, hgetall, hincrby, hkeys, hmget, hset, zadd, zcard, zrange,
//     zrangebylex, zrangebyscore, zrem, zrevrange, zscan and zscore are enough.
package redisstore
