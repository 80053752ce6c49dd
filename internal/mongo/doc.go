// Package mongo keeps developers, throttling, sessions and the book in one MongoDB database, for
// any number of nodes at once: no node holds a state that matters. It wants MongoDB 6.0 or later,
// as a replica set, sharded, or standing alone; what speaks its protocol may do.
//
// # Layout
//
// The collections developers and logs are those of the original application, which may go on using
// them at the same time: its fields keep their names and types, and ours are additions, absent
// where they hold nothing.
//
//	collection  _id                of the original                          ours
//	developers  ObjectID           name, email, password (the hash),        email_key, email_seen, role, disabled,
//	                               skills (list), created_at (date),        epoch, updated_at, state (in a word, of whom
//	                                                                        disabled is true), short_name, groups, link,
//	                                                                        words, words_seen, name_key,
//	                               deleted (bool: counts as disabled)       admin_seen, admin_next (below)
//	logs        ObjectID           type, client_addr, url, http_method,     seq, status, duration (µs), route, user,
//	                               body, created_at (date), deleted (bool)  user_name, session, request_id, action,
//	                                                                        target, text, token, token_name, deleted_at,
//	                                                                        application, host, rule, bytes
//	sessions    session id         –                                        see package mongostore
//	throttle    the key            –                                        failures, last_at, until_at, mark
//	devices     a hash             –                                        account, epoch, name, session, first_seen,
//	                                                                        last_seen
//	sign_ins    session id         –                                        account, device, name, user_agent, addr,
//	                                                                        method, began, last_seen, idle (ms), until,
//	                                                                        ended, why, by, by_name, over
//	tokens      ObjectID           –                                        hash, account, epoch, name, scopes,
//	                                                                        created_at, ends_at, ended, used_at,
//	                                                                        used_from
//	minutes     minute and outcome –                                        at, outcome, n
//	state       "admins"           –                                        version, list, setup: see below
//	            "check", "key"     –                                        the latest Check; the mark of the secret key
//	            "registration"     –                                        mode, domains, approval
//
// Text that is not UTF-8 is stored as binary data. A developer without our fields is a member, not
// disabled, in epoch 0, and gets an email_key as soon as somebody looks for any address. An entry
// without a time, or with one that is no date, is listed after all others. Of an entry without a
// seq, which another program wrote, neither body nor query is given, for the original application
// kept them as they came, with passwords; of one beyond 64 KiB a list does not even tell the size
// of the body. A document that cannot be read in part is given without that part. One whose _id is
// not an ObjectID has no address here and is passed over.
//
// When the original application changes an address, the new one is known here as soon as somebody
// looks for it, if it was written without capital letters. If it was written with some, it is known
// only after somebody has looked for the old address, or the developer has changed it here: MongoDB
// cannot find such a one by an index that other programs do not keep up. Until then somebody else
// can register the new address here, and then keeps it.
//
// Our indexes are named doorbook_…; where another one has the same keys, and serves as well, it is
// used instead.
//
// # Cost
//
// Round trips, when nothing goes wrong and nobody else changes the same document:
//
//	1  ByID, ByEmail (known or not), List, SetupOpen, Joining, Presence; Update that touches neither e-mail address
//	   nor rights; Confirm (one wave of up to four questions, which goes before every write that
//	   has an actor); a Take that is refused,
//	   Settle for each key; a device: Find, End; a token: ByHash, List, EndAll,
//	   Touch, and its End but for Confirm; entries: ByID, Find (2 at the end of
//	   the whole book), SoftDelete, Delete, Finish, Minutes; session: Load, Patch, Touch
//	2  People (the first looks for those without words); HasAdmin, OpenSetup;
//	   Create, Update or Delete of somebody who is no admin, and is to be none;
//	   Update of the address; a Take that is let through (one more for each
//	   further counter), a device's Keep, a token's Create but for Confirm,
//	   Append of any number of entries, Sweep
//	4  Update that ends an admin's sign-ins
//	5  Update that makes an admin, or takes one away, and the Delete of one; Create of an admin,
//	   CompleteSetup
//	2  session and developer of a signed-in request, one after the other
//
// While developers of another program lack a key, a call that looks for an address gives it to at
// most 250 of them, for two more round trips for each 50; Open does so for all. What is asked at
// every request is found by _id, but for the newest entries, which an index gives in their order.
// The tests show by explain that each query has its index (with DOORBOOK_TEST_MONGO_URL).
//
// # What is atomic
//
// Every step is one atomic change of one document; no transaction is used, so a server that stands
// alone keeps the same promises as a replica set, but that it loses what it had not in its journal
// when it loses power, and that there is no second server when it is gone. All else follows from
// the order of steps:
//
//   - An address belongs to one developer: a unique index. It says nothing of developers whom
//     another program writes at the same moment; of two with one address, the one who has a key
//     keeps it.
//   - Who the admins are stands in one document: see below.
//   - A Take reads, decides, and replaces what it read, or begins anew. So it is exact on any
//     number of nodes.
//   - An Append stores the entries, and removes them again if it cannot store all; then the counts.
//     What a failure of those, or a crash, leaves is whole entries without their counts; a count
//     whose fate is unknown is not corrected.
//   - Trim and the sweeps find documents, then delete those that still qualify; any number of nodes
//     may do so. Beside the original application (Options.Beside) Trim takes nothing but what
//     Doorbook wrote.
//
// # Who the admins are
//
// The document "admins" of the collection state names the admins who can sign in, each with their
// epoch, and holds the open setup link. Whatever gives or takes rights is one conditional update of
// it: it is read, it is decided (the actor is in the list, in that epoch; an admin stays; the token
// is right and the list empty), and written if its version is still the same, or all begins anew.
// So of two admins who demote each other one succeeds, and nobody makes an admin after having
// ceased to be one. The list is the truth, and the developer's document follows it. Between the two
// somebody has fewer rights:
//
//   - Who ceases to be an admin is off the list first. Their document still lets them look, but
//     every change of theirs is refused. It is put right by making them a member.
//   - Who becomes one is marked first (admin_next, the version of the list that is to name them; a
//     new account is stored with the role "pending", which may not even sign in), then the list,
//     then the role. Before the list nothing has happened: a mark is no right, and a pending
//     account is deleted as soon as somebody wants its address. Behind it the right is given, and
//     the document is completed. Who loses the mark by another change of their rights in between
//     becomes none.
//   - A new epoch of an admin is in the list first. Until it is in the document too, every change
//     of theirs is refused; then the higher of the two holds.
//
// admin_seen is the version of the list that a document follows, so that a step that comes too late
// changes nothing. What disagrees is mended at Open, when an admin is refused, when such a
// developer is to be changed, when HasAdmin finds nobody, and when somebody looks for a pending
// account's address (mend.go); no clock tells who is late and nobody is waited for.
//
// Another program may disable or delete an admin in the developer's document: such a one counts for
// nothing when an admin is to stay, and is taken off the list at the next look; the last one, too.
// It cannot make an admin: who is not in the list is made a member. Where there is no such
// document, Open makes it of what the developers' documents say: once for an installation from
// before, and again for an operator who has deleted it after changing roles by hand.
//
// An actor who makes any other change is read right before it, with their session and the list:
// what they lose within that one round trip comes too late for that change.
//
// After a lost answer the driver sends a question again, once; a change of one document too, where
// the server can tell that it is the same one: in a replica set, or sharded. A server that stands
// alone cannot, and there the error says nothing of the outcome. A deletion of many documents is
// never sent again; the next one takes what was left.
//
// Accounts, setup, sessions and throttling wait until a majority has a change, and its journals.
// For an entry the journal of the primary is enough: it outlives this process and the server's, and
// a replica set that fails over at that moment may lose the last ones, for which a sign-in should
// not wait. All reading is from the primary. A primary that was cut off from its majority does not
// know so for up to ten seconds, and a node that is cut off with it reads for so long what was;
// nothing it writes counts.
//
// # Sharding
//
// Shard sessions, throttle and logs by {_id: "hashed"}, if at all. developers, state and minutes
// are small, and stay on one shard: a unique index holds within one only.
package mongo
