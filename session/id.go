package session

import "github.com/doorbook/doorbook/session/store"

// ID names a session. It is what lists show and what survives a renewal of the key; knowing it
// opens nothing.
type ID = store.ID

// ParseID reads the form that ID.String writes, and no other.
func ParseID(s string) (ID, error) { return store.ParseID(s) }
