// Package mongo keeps developers, throttling, sessions and the book in one MongoDB database, for any number of nodes at
// once: no node holds a state that matters. It wants MongoDB 6.0 or later, as a replica set, sharded, or standing alone; what
// speaks its protocol may do.
//
// # Layout
//
// The collections developers and logs are those of the original application, which may go on using them at the same time:
// its fields keep their names and types, and ours are additions, absent where they hold nothing.
//
//	collection  _id                of the original                          ours
//	developers  ObjectID           name, email, password (the hash),        email_key, email_seen, role, disabled, epoch,
//	                               skills (list), created_at (date),        updated_at, fence
//	                               deleted (bool: counts as disabled)
//	logs        ObjectID           type, client_addr, url, http_method,     seq, status, duration (µs), route, user, user_name,
//	                               body, created_at (date), deleted (bool)  session, request_id, action, target, text, deleted_at
//	sessions    session id         –                                        see package mongostore
//	throttle    the key            –                                        failures, last_at, until_at, mark
//	setup       "link"             –                                        token_hash, expires_at
//	minutes     minute and outcome –                                        at, outcome, n
//	state       "admins", "check"  –                                        see admins.go; the latest Check
//
// Text that is not UTF-8 is stored as binary data. A developer without our fields is a member, not disabled, in epoch 0, and
// gets an email_key as soon as somebody looks for any address. An entry without a time, or with one that is no date, is
// listed after all others. Of an entry without a seq, which another program wrote, neither body nor query is given, for the
// original application kept them as they came, with passwords; of one beyond 64 KiB a list does not even tell the size of the
// body. A document that cannot be read in part is given without that part. One whose _id is not an ObjectID has no address
// here and is passed over.
//
// When the original application changes an address, the new one is known here as soon as somebody looks for it, if it was
// written without capital letters. If it was written with some, it is known only after somebody has looked for the old
// address, or the developer has changed it here: MongoDB cannot find such a one by an index that other programs do not keep
// up. Until then somebody else can register the new address here, and then keeps it.
//
// Our indexes are named doorbook_…; where another one has the same keys, and serves as well, it is used instead.
//
// # Cost
//
// Round trips, when nothing goes wrong and nobody else changes the same document:
//
//	1  ByID, ByEmail (known or not), List, HasAdmin, OpenSetup; Update without e-mail address, demotion or disabling; a Take
//	   that is refused, Forgive, Refund; entries: ByID, Find (2 at the end of the whole book), SoftDelete, Delete, Finish,
//	   Minutes; session: Load, Patch, Touch
//	2  Create, Update of the address, SetupOpen with the right token, a Take that is let through, Append of any number of
//	   entries, Sweep; Update or Delete of somebody who is no admin
//	5  Update that takes an admin away, and its Delete: read, turn, look, change, give back
//	5  CompleteSetup
//	2  session and developer of a signed-in request, one after the other
//
// While developers of another program lack a key, a call that looks for an address gives it to at most 250 of them, for
// two more round trips for each 50; Open does so for all. What is asked at every request is found by _id, but for the newest entries, which an index gives in their order. The
// tests show by explain that each query has its index (with DOORBOOK_TEST_MONGO_URL).
//
// # What is atomic
//
// Every step is one atomic change of one document; no transaction is used, so a server that stands alone keeps the same
// promises as a replica set, but that it loses what it had not in its journal when it loses power, and that there is no
// second server when it is gone. All else follows from the order of steps:
//
//   - An address belongs to one developer: a unique index. It says nothing of developers whom another program writes at
//     the same moment; of two with one address, the one who has a key keeps it.
//   - One enabled admin stays: taking one away is done in turn, and a turn that is not given back is taken over after three
//     seconds, safely (admins.go). Another program may delete the last one all the same.
//   - The setup link is taken away, then the admin made. A crash in between leaves neither; the next start makes a link.
//   - A Take reads, decides, and replaces what it read, or begins anew. So it is exact on any number of nodes.
//   - An Append stores the entries, and removes them again if it cannot store all; then the counts. What a failure of those,
//     or a crash, leaves is whole entries without their counts; a count whose fate is unknown is not corrected.
//   - Trim and the sweeps find documents, then delete those that still qualify; any number of nodes may do so. Beside the
//     original application (Options.Beside) Trim takes nothing but what Doorbook wrote.
//
// After a lost answer the driver sends a question again, once; a change of one document too, where the server can tell that
// it is the same one: in a replica set, or sharded. A server that stands alone cannot, and there the error says nothing of the
// outcome. A deletion of many documents is never sent again; the next one takes what was left.
//
// Accounts, setup, sessions and throttling wait until a majority has a change, and its journals. For an entry the journal of
// the primary is enough: it outlives this process and the server's, and a replica set that fails over at that moment may
// lose the last ones, for which a sign-in should not wait. All reading is from the primary. A primary that was cut off from
// its majority does not know so for up to ten seconds, and a node that is cut off with it reads for so long what was; nothing
// it writes counts.
//
// # Sharding
//
// Shard sessions, throttle and logs by {_id: "hashed"}, if at all. developers, setup, state and minutes are small, and stay
// on one shard: a unique index holds within one only.
package mongo
