// Package mongostore keeps sessions in MongoDB (6.0 or later), on one server, in a replica set or
// in a sharded cluster, through a collection of the official driver that the caller opened.
//
// # Start
//
//	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://localhost:27017"))
//	store, err := mongostore.New(client.Database("shop").Collection("sessions"))
//	err = store.CreateIndexes(ctx)
//	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
//
// # Layout
//
// A record is one document. What a request needs is found by _id alone:
//
//	_id                    ObjectID   the record's id, which lists show
//	digest                 binary     SHA-256 of the secret half of the session key
//	version                long       1, and one more with each patch
//	key_id                 string     which key of the ring signed the cookie last
//	state                  string     see store.State; absent: an ordinary session
//	created, last_seen     date
//	expires, deadline      date       from expires on the record is dead
//	idle                   long       milliseconds
//	persist                bool
//	parent                 ObjectID   the session that this one dies with; absent: none
//	subject                string     who is signed in; absent: a stranger
//	signed_in              date       absent: never
//	addr, user_agent       string     absent: not known
//	values                 document   a binary for each key; absent: none
//
// A string that is no UTF-8, which BSON does not allow, is a binary. The name of a value is its
// key, in which everything but visible ASCII, and also the dot, the dollar and the percent sign, is
// written as in a URL: a.b is a%2Eb. The empty key is a lone percent sign.
//
// Documents and fields that are none of these are left alone.
//
// # One document at a time
//
// Every change is one update, insertion or deletion of one document, with its conditions (id,
// digest, alive, version) as the filter. MongoDB does such a change whole or not at all, and those
// of one document one after the other
// (https://www.mongodb.com/docs/manual/core/write-operations-atomicity/), also on a server that
// stands alone. So nothing here needs a transaction. A patch names the values that it sets and
// removes, each by its own path, so patches of different keys do not undo each other; times move by
// $max and the version by $inc. No record depends on another, nor on an index being there.
//
// # What counts as done
//
// Whatever the client was told, changes are written to a majority of the replica set and to its
// journals before they count as done, and reads go to the primary. A change that was acknowledged
// survives the loss of any minority of the machines; a logout too.
//
// One window remains: a primary that has been cut off from the others, and does not know it yet,
// may for some seconds (settings.electionTimeoutMillis, 10 by default) still answer reads with a
// session that was ended on its successor, to those programs alone that still reach it. It cannot
// acknowledge any change, so nothing that needs the session to be written succeeds there.
//
// The driver sends a change again after a lost answer, as long as the deadline of its context
// allows, where the server can tell that it is the same one: on replica sets and sharded clusters,
// unless the client has retryWrites=false. A server that stands alone cannot, and there the error
// says that nothing is known of the outcome: the change may have happened or not. No change of this
// package is ever sent a second time by itself, so that a Create never meets its own record, nor a
// patch under a version its own success. DeleteExpired is the one command that the driver never
// repeats; the next sweep does what it could not.
//
// # What is dead
//
// A record lives by the time its caller gives, in every method. Sweepers remove what is dead
// (session.Manager.RunSweeper, on one node or on all). Beside them the index on expires lets the
// server itself remove what has been dead for a day: a broom, not a rule; see [Grace] and
// [Store.CreateIndexes].
//
// # Cost
//
// Create, Load, Patch and Touch take one round trip, and a patch that meets another version takes
// two. Delete takes one for each 100 records, BySubject and Each one for each 500. DeleteExpired
// takes two for each 100 records, one if there are none. An answer to Patch brings the document
// with it.
//
// # The server
//
//   - Sharding: by {_id: "hashed"}, and no other key: a patch names nothing else, which a cluster
//     before 7.1 would refuse. Create, Load, Patch and Touch go to one shard, Delete to those
//     concerned, lists and sweeps to all.
//   - Access: find, insert, update and remove on the collection, and createIndex, listIndexes and
//     collMod for CreateIndexes.
//   - Size: a document has at most 16 MiB; session.Config.MaxBytes allows 64 KiB of values.
//   - Time: a call ends with its context. Without a deadline in it the client's own (timeoutMS)
//     counts.
package mongostore
