package sessiontest

import (
	"time"

	"github.com/doorbook/doorbook/session/store"
)

var patchTests = []test{
	{"set and delete", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("1"), "b": []byte("2"), "c": []byte("3")}
		p.created(r)
		change := patch(r)
		change.Delete = []string{"a", "absent"}
		change.Set = store.Values{"b": []byte("two"), "d": []byte("4")}
		p.patched(change)
		r.Version = 2
		r.Values = store.Values{"b": []byte("two"), "c": []byte("3"), "d": []byte("4")}
		p.holds(r, past)
	}},
	{"set comes after delete", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("1")}
		p.created(r)
		change := set(r, "a", "2")
		change.Delete = []string{"a"}
		p.patched(change)
		r.Version, r.Values = 2, store.Values{"a": []byte("2")}
		p.holds(r, past)
	}},
	{"clear", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("1"), "b": []byte("2")}
		p.created(r)
		change := patch(r)
		change.Clear = true
		p.patched(change)
		r.Version, r.Values = 2, nil
		p.holds(r, past)
	}},
	{"set comes after clear", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("1"), "b": []byte("2")}
		p.created(r)
		change := set(r, "b", "3")
		change.Clear, change.Delete = true, []string{"b"}
		p.patched(change)
		r.Version, r.Values = 2, store.Values{"b": []byte("3")}
		p.holds(r, past)
	}},
	{"versions", func(p probe) {
		r := p.created(record())
		changes := []store.Patch{patch(r), set(r, "a", "1"), set(r, "a", "1"), patch(r)} // some change nothing else
		for i, change := range changes {
			want := int64(i + 2)
			if got := p.patched(change); got != want {
				p.Errorf("patch %d gave version %d, want %d", i+1, got, want)
			}
			if got := p.loaded(r.ID, past).Version; got != want {
				p.Errorf("after patch %d the stored version is %d, want %d", i+1, got, want)
			}
		}
	}},
	{"sign-in", func(p probe) {
		r := record()
		r.Addr, r.UserAgent, r.Values = "192.0.2.1", "before", store.Values{"cart": []byte("1")}
		p.created(r)
		change := set(r, "user", "ada")
		in := signIn("ada")
		change.SignIn, change.Rekey = &in, &store.Rekey{Digest: store.Digest{7}, KeyID: "fedcba98"}
		p.patched(change)
		r.Version, r.Digest, r.KeyID = 2, store.Digest{7}, "fedcba98"
		r.Values = store.Values{"cart": []byte("1"), "user": []byte("ada")}
		r = signedIn(r, in)
		p.holds(r, past)
		p.listed("ada", past, r)
	}},
	{"sign-in of another, and of nobody", func(p probe) {
		r := p.created(recordOf("ada"))
		for i, subject := range []string{"bob", ""} {
			change := patch(r)
			in := signIn(subject)
			change.SignIn = &in
			p.patched(change)
			r.Version = int64(i + 2)
			r = signedIn(r, in)
			p.holds(r, past)
			p.listed("ada", past)
		}
		p.listed("bob", past)
	}},
	{"sign-in shortens a life", func(p probe) {
		r := p.created(record())
		change := patch(r)
		in := signIn("ada")
		in.Expires = past.Add(time.Minute)
		change.SignIn = &in
		change.Seen = &store.Touch{LastSeen: past.Add(time.Second), Expires: past.Add(time.Second)}
		p.patched(change)
		r.Version = 2
		r = signedIn(r, in)
		r.LastSeen = past.Add(time.Second)
		p.holds(r, past)
		p.gone(r.ID, past.Add(time.Minute))
		p.listed("ada", past.Add(time.Minute))
	}},
	{"seen", func(p probe) {
		r := p.created(record())
		change := set(r, "a", "1")
		change.Seen = &store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}
		p.patched(change)
		r.Version, r.Values = 2, store.Values{"a": []byte("1")}
		r.LastSeen, r.Expires = past.Add(time.Minute), past.Add(2*time.Hour)
		p.holds(r, past.Add(90*time.Minute))

		change.Seen = &store.Touch{LastSeen: past, Expires: past.Add(time.Minute)}
		p.patched(change)
		r.Version = 3
		p.holds(r, past)
	}},
}

// signIn returns a sign-in that changes every field it can.
func signIn(subject string) store.SignIn {
	return store.SignIn{
		Subject: subject, SignedIn: past.Add(time.Millisecond), Expires: past.Add(3 * time.Hour), Deadline: past.Add(9 * time.Hour),
		Idle: 3 * time.Hour, Persist: true, Addr: "2001:db8::2", UserAgent: "after",
	}
}

// signedIn returns r with the fields of a sign-in.
func signedIn(r store.Record, in store.SignIn) store.Record {
	r.Subject, r.SignedIn, r.Expires, r.Deadline = in.Subject, in.SignedIn, in.Expires, in.Deadline
	r.Idle, r.Persist, r.Addr, r.UserAgent = in.Idle, in.Persist, in.Addr, in.UserAgent
	return r
}

// guardTests: a patch or a touch happens to the right record in the right state, or not at all.
var guardTests = []test{
	{"never an upsert: absent", func(p probe) {
		r := recordOf("ada")
		p.notRevived(r, past)
		p.created(r) // nothing is in its place
		p.holds(r, past)
	}},
	{"never an upsert: deleted", func(p probe) {
		r := p.created(recordOf("ada"))
		if err := p.Delete(p.Context(), r.ID); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		p.notRevived(r, past)
		p.created(r)
		p.holds(r, past)
	}},
	{"never an upsert: dead", func(p probe) {
		r := p.created(recordOf("ada"))
		p.notRevived(r, r.Expires)
	}},
	{"never an upsert: swept", func(p probe) {
		r := p.created(recordOf("ada"))
		if n, err := p.DeleteExpired(p.Context(), r.Expires, 10); n != 1 || err != nil {
			p.Fatalf("DeleteExpired: %d, %v; want 1", n, err)
		}
		p.notRevived(r, past)
	}},
	{"if version", func(p probe) {
		r := p.created(record())
		change := set(r, "a", "1")
		change.IfVersion = 1
		p.patched(change)
		change.Set = store.Values{"a": []byte("2")}
		for _, version := range []int64{1, 3, -1, 1 << 62} {
			change.IfVersion = version
			p.refused(change, store.ErrConflict)
		}
		r.Version, r.Values = 2, store.Values{"a": []byte("1")}
		p.holds(r, past)
		change.IfVersion = 2
		if got := p.patched(change); got != 3 {
			p.Errorf("the patch gave version %d, want 3", got)
		}
	}},
	{"not found comes before conflict", func(p probe) {
		r := p.created(record())
		change := set(r, "a", "1")
		change.IfVersion = 99
		other := change
		other.Digest[0] ^= 1
		p.refused(other, store.ErrNotFound)
		late := change
		late.Now = r.Expires
		p.refused(late, store.ErrNotFound)
		absent := change
		absent.ID = record().ID
		p.refused(absent, store.ErrNotFound)
		p.holds(r, past)
	}},
	{"the digest", func(p probe) {
		r := p.created(record())
		for i := range r.Digest {
			wrong := r
			wrong.Digest[i] ^= 0x80
			p.refused(set(wrong, "a", "1"), store.ErrNotFound)
		}
		p.refused(store.Patch{ID: r.ID, Now: past, Clear: true}, store.ErrNotFound)
		p.untouchable(store.Record{ID: r.ID}, past)
		p.holds(r, past)
	}},
	{"a renewed key", func(p probe) {
		r := recordOf("ada")
		r.Values = store.Values{"a": []byte("1")}
		p.created(r)
		change := patch(r)
		change.Rekey = &store.Rekey{Digest: store.Digest{0, 0xff, 1}, KeyID: "fedcba98"}
		p.patched(change)
		renewed := r
		renewed.Version, renewed.Digest, renewed.KeyID = 2, store.Digest{0, 0xff, 1}, "fedcba98"
		p.holds(renewed, past)

		// The old key changes nothing any more, not even to itself.
		p.refused(set(r, "a", "2"), store.ErrNotFound)
		p.refused(change, store.ErrNotFound)
		p.untouchable(r, past)
		p.holds(renewed, past)
		p.listed("ada", past, renewed)

		p.patched(set(renewed, "a", "2"))
		p.touched(renewed, store.Touch{LastSeen: past.Add(time.Minute)}, past)
	}},
	{"only that record", func(p probe) {
		r, other := p.created(recordOf("ada")), p.created(recordOf("ada"))
		p.patched(set(r, "a", "1"))
		p.touched(r, store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}, past)
		p.holds(other, past)
	}},
}

// notRevived checks that nothing changes a record that does not live at now, nor brings it back.
func (p probe) notRevived(r store.Record, now time.Time) {
	p.Helper()
	in := signIn("ada")
	in.Expires = now.Add(time.Hour)
	to := store.Touch{LastSeen: now, Expires: now.Add(time.Hour)}
	changes := []store.Patch{
		{},
		{Set: store.Values{"a": []byte("1")}},
		{Clear: true},
		{Delete: []string{"a"}},
		{IfVersion: 1},
		{SignIn: &in},
		{Seen: &to},
		{Rekey: &store.Rekey{Digest: r.Digest, KeyID: r.KeyID}},
	}
	for _, change := range changes {
		change.ID, change.Digest, change.Now = r.ID, r.Digest, now
		p.refused(change, store.ErrNotFound)
		p.gone(r.ID, now)
	}
	p.untouchable(r, now)
	p.gone(r.ID, now)
	p.listed("ada", now)
}
