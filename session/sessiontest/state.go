package sessiontest

import (
	"fmt"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// states are what the tests of states store: a store knows none of them. Leaving and Arriving are
// missing, because to a store that moves records they mean something.
var states = []store.State{store.Live, store.Pending, store.Mark, "a b-c_d'e\"f`g", store.State(strings.Repeat("~", 32))}

// stateOf gives the record of a state.
func stateOf(state store.State) store.Record {
	r := recordOf("ada")
	r.State = state
	return r
}

var stateTests = []test{
	{"round trip", func(p probe) {
		var all []store.Record
		for _, state := range states {
			r := p.created(stateOf(state))
			p.holds(r, past)
			all = append(all, r)
		}
		p.listed("ada", past, all...)
		p.visits(past, all...)
	}},
	{"a rekey sets it", func(p probe) {
		r := p.created(stateOf(store.Pending))
		for i, state := range append(states, states...) {
			change := patch(r)
			r.Version, r.Digest, r.KeyID, r.State = r.Version+1, store.Digest{byte(i + 1)}, fmt.Sprintf("0000000%x", i), state
			change.Rekey = &store.Rekey{Digest: r.Digest, KeyID: r.KeyID, State: state}
			p.patched(change)
			p.holds(r, past)
			p.listed("ada", past, r)
			p.visits(past, r)
		}
	}},
	{"no other patch changes it", func(p probe) {
		r := p.created(stateOf(store.Mark))
		in := signIn("ada")
		seen := store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}
		for _, c := range []struct {
			name   string
			change store.Patch
		}{
			{"nothing", store.Patch{}},
			{"set", store.Patch{Set: store.Values{"a": []byte("1"), "state": []byte("2"), "t": []byte("3")}}},
			{"delete", store.Patch{Delete: []string{"state", "t"}}},
			{"seen", store.Patch{Seen: &seen}},
			{"clear", store.Patch{Clear: true}},
			{"sign-in", store.Patch{SignIn: &in}},
		} {
			c.change.ID, c.change.Digest, c.change.Now = r.ID, r.Digest, past
			p.patched(c.change)
			if got := p.loaded(r.ID, past).State; got != r.State {
				p.Fatalf("after a patch (%s) the state is %q, want %q", c.name, got, r.State)
			}
		}
	}},
	{"no touch changes it", func(p probe) {
		r := p.created(stateOf(store.Mark))
		r.LastSeen, r.Expires = past.Add(time.Minute), past.Add(2*time.Hour)
		p.touched(r, store.Touch{LastSeen: r.LastSeen, Expires: r.Expires}, past)
		p.holds(r, past)
		p.listed("ada", past, r)
		p.visits(past, r)
	}},
}
