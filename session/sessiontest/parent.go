package sessiontest

import (
	"time"

	"github.com/doorbook/doorbook/session"
)

// childOf gives the record of a child session: one that was issued by another and dies with it.
func childOf(parent session.Record) session.Record {
	r := recordOf("ada")
	r.Parent = parent.ID
	return r
}

var parentTests = []test{
	{"round trip", func(p probe) {
		parent := p.created(recordOf("ada"))
		child := p.created(childOf(parent))
		odd := recordOf("ada") // of a parent that is not stored, whose id has a meaning to some databases
		odd.Parent = session.ID{0, 0xff, '\'', '\\', '\n', 0, 0, 0, 0, 0, 0, 0}
		p.created(odd)
		for _, r := range []session.Record{parent, child, odd} {
			p.holds(r, past)
		}
		p.listed("ada", past, parent, child, odd)
		p.visits(past, parent, child, odd)
	}},
	{"no patch changes it", func(p probe) {
		r := p.created(childOf(record()))
		in := signIn("ada")
		seen := session.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}
		for _, c := range []struct {
			name   string
			change session.Patch
		}{
			{"nothing", session.Patch{}},
			{"set", session.Patch{Set: session.Values{"a": []byte("1"), "parent": []byte("2")}}},
			{"delete", session.Patch{Delete: []string{"parent"}}},
			{"if version", session.Patch{IfVersion: 4}},
			{"seen", session.Patch{Seen: &seen}},
			{"clear", session.Patch{Clear: true}},
			{"sign-in", session.Patch{SignIn: &in}},
			{"rekey", session.Patch{Rekey: &session.Rekey{Digest: r.Digest, KeyID: "fedcba98"}}},
		} {
			c.change.ID, c.change.Digest, c.change.Now = r.ID, r.Digest, past
			p.patched(c.change)
			if got := p.loaded(r.ID, past).Parent; got != r.Parent {
				p.Fatalf("after a patch (%s) the parent is %v, want %v", c.name, got, r.Parent)
			}
		}
		for what, got := range map[string][]session.Record{"BySubject": p.of("ada", past), "Each": p.each(past)} {
			if len(got) != 1 || got[0].Parent != r.Parent {
				p.Errorf("%s after the patches: %+v, want one record with parent %v", what, got, r.Parent)
			}
		}
	}},
	{"no touch changes it", func(p probe) {
		r := p.created(childOf(record()))
		r.LastSeen, r.Expires = past.Add(time.Minute), past.Add(2*time.Hour)
		p.touched(r, session.Touch{LastSeen: r.LastSeen, Expires: r.Expires}, past)
		p.holds(r, past)
		p.listed("ada", past, r)
		p.visits(past, r)
	}},
}
