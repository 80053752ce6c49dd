package sessiontest

import (
	"time"

	"github.com/doorbook/doorbook/session/store"
)

var subjectTests = []test{
	{"none", func(p probe) {
		p.created(recordOf("ada"))
		p.listed("bob", past)
	}},
	{"the empty subject has none", func(p probe) {
		p.created(record())
		p.created(recordOf("ada"))
		p.listed("", past)
	}},
	{"all of theirs", func(p probe) {
		var want []store.Record
		for range 70 {
			r := recordOf("ada")
			r.Values = store.Values{"a": []byte("1")}
			want = append(want, p.created(r))
			p.created(recordOf("bob"))
		}
		p.listed("ada", past, want...)
	}},
	{"odd subjects", func(p probe) {
		stored := make(map[string]store.Record)
		for _, subject := range oddStrings {
			stored[subject] = p.created(recordOf(subject))
		}
		for subject, r := range stored {
			p.holds(r, past)
			p.listed(subject, past, r)
		}
	}},
	{"only the living", func(p probe) {
		dies, stays := recordOf("ada"), recordOf("ada")
		dies.Expires = past.Add(time.Minute)
		p.created(dies)
		p.created(stays)
		p.listed("ada", past, dies, stays)
		p.listed("ada", past.Add(time.Minute), stays)
	}},
	{"after a patch", func(p probe) {
		r := p.created(recordOf("ada"))
		p.patched(set(r, "a", "1"))
		r.Version = 2
		p.listed("ada", past, r)
	}},
	{"after deleting", func(p probe) {
		first, second := p.created(recordOf("ada")), p.created(recordOf("ada"))
		if err := p.Delete(p.Context(), first.ID); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		p.listed("ada", past, second)
		if err := p.Delete(p.Context(), second.ID); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		p.listed("ada", past)
	}},
}
