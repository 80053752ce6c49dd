// Package movestore makes one store of two, for a program that moves its sessions from one store to
// another while people use them. Nobody is signed out, and nothing that was saved is lost.
//
// # A program on one node
//
// Give it the new store and the old one, and only the new one when the longest lifetime is over,
// or nothing is left in the old one:
//
//	st := movestore.New(to, from)
//
// A session is moved when it is next used; new ones begin in the new store.
//
// # A program on several nodes
//
// Change them one after the other, in steps. Begin a step when all nodes have taken the one before:
//
//  1. movestore.Ready(from, to) on each node. Nothing moves: sessions begin and stay in the old
//     store, but every node now knows where to look for one that has moved.
//  2. movestore.New(to, from) on each node. Beside it nodes of step 1 go on.
//  3. When the longest lifetime is over, or nothing is left in the old store: the new store alone.
//
// A node that knows the old store alone must never run beside one of step 2: it would not find what
// has moved. From step 2 back to step 1 is safe at any time, node by node; sessions then stay where
// they are. Nothing is ever moved back, and a move from here to a third store begins when this one
// is over.
//
// # How a session is moved
//
//  1. It is claimed where it is: a patch turns its digest into one that no key has, so that nobody
//     can change it any more (store.Leaving).
//  2. A copy is created in the new store, with a digest of its own that no key has either
//     (store.Arriving).
//  3. If the claim still stands in the old store (so nobody has ended the session meanwhile), the
//     copy gets the session's digest and state, and
//  4. the claimed record is removed.
//
// Each step leaves a state that says what the next one is, so that any request with the session's
// key can carry on where another stopped or died. All moves go one way. An end deletes in both
// stores, the old one first: a move under way then finds the claim gone.
//
// While a store takes no writes reading goes on with the record where it is; what would have to
// change the session fails, as it does with one store.
package movestore
