package book

import (
	"fmt"
	"strings"
)

// Kinds counts entries by what has a budget of its own: what strangers do must never push out what
// people did.
type Kinds struct {
	Strangers int // requests of strangers, and what was refused to them
	People    int // requests of signed-in people
	Deeds     int // activities and errors
}

// Total returns how many there are of all kinds.
func (k Kinds) Total() int { return k.Strangers + k.People + k.Deeds }

// Plus returns the sum of both.
func (k Kinds) Plus(o Kinds) Kinds {
	return Kinds{k.Strangers + o.Strangers, k.People + o.People, k.Deeds + o.Deeds}
}

// Add counts an entry.
func (k *Kinds) Add(c Catalog, e *Entry) {
	switch {
	case c.byAnybody(e):
		k.Strangers++
	case e.Type == Request:
		k.People++
	default:
		k.Deeds++
	}
}

// byAnybody reports whether strangers can bring about such entries as often as they like: requests,
// and activities that tell of a refusal.
func (c Catalog) byAnybody(e *Entry) bool {
	return e.User == "" && e.Type != Error && !c.lasts(e.Action)
}

// String returns the counts in words, those that are not zero.
func (k Kinds) String() string {
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{k.Strangers, "entry of a stranger", "entries of strangers"},
		{k.People, "request of a signed-in person", "requests of signed-in people"},
		{k.Deeds, "activity or error", "activities and errors"},
	} {
		switch part.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return strings.Join(parts, ", ")
}
