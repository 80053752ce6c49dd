package bench_test

import (
	"encoding/gob"
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
)

// peerSCS is github.com/alexedwards/scs with its memory store and default settings. They are the
// cheaper ones for it: no idle limit (with one it writes at every read), tokens stored as they are
// instead of hashed, no signature.
type peerSCS struct{ m *scs.SessionManager }

func newSCS() peerSCS {
	gob.Register(person{})
	gob.Register(developer{})
	m := scs.New()
	m.Store = memstore.NewWithCleanupInterval(0) // no background goroutine, which would outlive the benchmark
	return peerSCS{m}
}

func (s peerSCS) handler(what work) http.Handler {
	body := []byte("fine")
	return s.m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, right := r.Context(), true
		switch what {
		case fill, fillStruct:
			s.m.Put(ctx, nameKey, nameValue)
			s.m.Put(ctx, langKey, langValue)
			s.m.Put(ctx, pageKey, pageValue)
			if what == fillStruct {
				s.m.Put(ctx, plainKey, byron())
				s.m.Put(ctx, structKey, ada())
			}
		case read:
			right = s.m.GetString(ctx, nameKey) == nameValue
		case readPlain:
			got, ok := s.m.Get(ctx, plainKey).(person)
			right = ok && got == byron()
		case readStruct:
			got, ok := s.m.Get(ctx, structKey).(developer)
			right = ok && got.equal(ada())
		case write:
			s.m.Put(ctx, pageKey, newPageValue)
		case readWrite:
			right = s.m.GetString(ctx, nameKey) == nameValue
			s.m.Put(ctx, pageKey, newPageValue)
		case written:
			right = s.m.GetString(ctx, pageKey) == newPageValue
		case absent:
			right = s.m.GetString(ctx, nameKey) == ""
		}
		answer(w, right, body)
	}))
}
