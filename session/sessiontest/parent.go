package sessiontest

import (
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// childOf returns the record of a child session: one that was issued by another and dies with it.
func childOf(parent store.Record) store.Record {
	r := recordOf("ada")
	r.Parent = parent.ID
	return r
}

var parentTests = []test{
	{"round trip", func(p probe) {
		parent := p.created(recordOf("ada"))
		child := p.created(childOf(parent))
		odd := recordOf("ada") // of a parent that is not stored, whose id has a meaning to some databases
		odd.Parent = store.ID{0, 0xff, '\'', '\\', '\n', 0, 0, 0, 0, 0, 0, 0}
		p.created(odd)
		for _, r := range []store.Record{parent, child, odd} {
			p.holds(r, past)
		}
		p.listed("ada", past, parent, child, odd)
		p.visits(past, parent, child, odd)
	}},
	{"no patch changes it", func(p probe) {
		r := p.created(childOf(record()))
		in := signIn("ada")
		seen := store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}
		for _, c := range []struct {
			name   string
			change store.Patch
		}{
			{"nothing", store.Patch{}},
			{"set", store.Patch{Set: store.Values{"a": []byte("1"), "parent": []byte("2")}}},
			{"delete", store.Patch{Delete: []string{"parent"}}},
			{"if version", store.Patch{IfVersion: 4}},
			{"seen", store.Patch{Seen: &seen}},
			{"clear", store.Patch{Clear: true}},
			{"sign-in", store.Patch{SignIn: &in}},
			{"rekey", store.Patch{Rekey: &store.Rekey{Digest: r.Digest, KeyID: "fedcba98"}}},
		} {
			c.change.ID, c.change.Digest, c.change.Now = r.ID, r.Digest, past
			p.patched(c.change)
			if got := p.loaded(r.ID, past).Parent; got != r.Parent {
				p.Fatalf("after a patch (%s) the parent is %v, want %v", c.name, got, r.Parent)
			}
		}
		for what, got := range map[string][]store.Record{"BySubject": p.of("ada", past), "Each": p.each(past)} {
			if len(got) != 1 || got[0].Parent != r.Parent {
				p.Errorf("%s after the patches: %+v, want one record with parent %v", what, got, r.Parent)
			}
		}
	}},
	{"no touch changes it", func(p probe) {
		r := p.created(childOf(record()))
		r.LastSeen, r.Expires = past.Add(time.Minute), past.Add(2*time.Hour)
		p.touched(r, store.Touch{LastSeen: r.LastSeen, Expires: r.Expires}, past)
		p.holds(r, past)
		p.listed("ada", past, r)
		p.visits(past, r)
	}},
}
