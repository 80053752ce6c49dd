package sessiontest

import (
	"errors"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

var createTests = []test{
	{"round trip", func(p probe) {
		for name, now := range map[string]time.Time{"past": past, "future": future} {
			p.Run(name, func(t *testing.T) {
				p := probe{t, p.Store}
				r := recordAt(now)
				r.Version, r.Subject, r.Persist = 1, "ada", true
				r.SignedIn, r.LastSeen = now.Add(time.Millisecond), now.Add(2*time.Millisecond)
				r.Expires, r.Deadline, r.Idle = now.Add(3*time.Millisecond), now.Add(4*time.Millisecond), 1500*time.Millisecond
				r.Addr, r.UserAgent = "2001:db8::1", "Mozilla/5.0 (\xff\xfe) 'Browser\" \u2603"
				r.Values = store.Values{"user": []byte(`{"name":"Ada"}`), "empty": {}}
				p.created(r)
				p.holds(r, now)
			})
		}
	}},
	{"a stranger's record", func(p probe) {
		r := p.created(record())
		p.holds(r, past)
		if got := p.loaded(r.ID, past); !got.SignedIn.IsZero() {
			p.Errorf("SignedIn is %v, want the zero time", got.SignedIn)
		}
	}},
	{"absent", func(p probe) {
		p.created(record())
		p.gone(store.ID{}, past)
		p.gone(record().ID, past)
	}},
	{"exists", func(p probe) {
		first := p.created(recordOf("ada"))
		second := recordOf("bob")
		second.ID = first.ID
		if err := p.Create(p.Context(), second); !errors.Is(err, store.ErrExists) {
			p.Errorf("Create of an id that is stored: %v, want ErrExists", err)
		}
		p.holds(first, past)
		p.listed("ada", past, first)
		p.listed("bob", past)
	}},
	{"ids that are nearly the same", func(p probe) {
		first, second := record(), record()
		second.ID = first.ID
		second.ID[0] ^= 1
		third := record()
		third.ID = first.ID
		third.ID[len(third.ID)-1] ^= 1
		for _, r := range []store.Record{first, second, third} {
			p.created(r)
		}
		for _, r := range []store.Record{first, second, third} {
			p.holds(r, past)
		}
	}},
	{"delete", func(p probe) {
		stays := p.created(recordOf("ada"))
		var ids []store.ID
		for range 250 { // more than a batch of most databases' clients
			ids = append(ids, p.created(recordOf("ada")).ID)
		}
		if err := p.Delete(p.Context(), ids[0]); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		p.gone(ids[0], past)
		p.loaded(ids[1], past)
		if err := p.Delete(p.Context(), append(ids, record().ID, ids[1])...); err != nil {
			p.Fatalf("Delete of many, one twice and some absent: %v", err)
		}
		for _, id := range ids {
			p.gone(id, past)
		}
		if err := p.Delete(p.Context()); err != nil {
			p.Errorf("Delete of nothing: %v", err)
		}
		p.holds(stays, past)
		p.listed("ada", past, stays)
	}},
	{"an id can be used again", func(p probe) {
		r := p.created(recordOf("ada"))
		if err := p.Delete(p.Context(), r.ID); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		again := recordOf("bob")
		again.ID = r.ID
		p.created(again)
		p.holds(again, past)
		p.listed("ada", past)
	}},
}
