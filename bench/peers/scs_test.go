package peers_test

import (
	"context"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
)

// peerSCS is github.com/alexedwards/scs with its memory store and an idle limit, which is what
// makes its sessions end when they are not used.
type peerSCS struct{ m *scs.SessionManager }

func newSCS() peerSCS {
	m := scs.New()
	m.Store = memstore.NewWithCleanupInterval(0)
	m.IdleTimeout = 2 * time.Hour
	return peerSCS{m}
}

func (peerSCS) pass() {} // it writes every use down

func (p peerSCS) do(cookie string, what func(access)) string {
	return serve(p.m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		what(inSCS{p.m, r.Context()})
	})), cookie)
}

type inSCS struct {
	m   *scs.SessionManager
	ctx context.Context
}

func (s inSCS) get(key string) string { return s.m.GetString(s.ctx, key) }
func (s inSCS) set(key, value string) { s.m.Put(s.ctx, key, value) }
func (s inSCS) signIn()               { _ = s.m.RenewToken(s.ctx) }
func (s inSCS) signOut()              { _ = s.m.Destroy(s.ctx) }
