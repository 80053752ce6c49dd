package session

// NewMoving is the Store of a program that moves its sessions, for the tests of package
// session_test.
func NewMoving(to, from Store) Store { return &moving{to: to, from: from} }
