package session

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// Home is where sessions live: in a Store, opened by a signed key in the cookie, or with a Format
// in the cookie itself.
//
// With both the data is in the cookie, and the Store keeps a companion record of each session of
// somebody who is signed in: all but the values. So sessions can be listed, watched, capped and
// ended, and no copy of its cookie opens one that has ended, or that has changed its key since. It
// costs a Load for each request of somebody signed in, and nothing for a stranger's. Of a session
// without a companion record yet (another program made the cookie, or it is older than the Store)
// one is made when it is first seen. When a page is asked for with the cookie of a session that has
// ended, the browser is told to forget it.
type Home struct {
	// Store keeps the records: packages memstore, sqlstore, redisstore and mongostore, or one of
	// your own (package sessiontest proves it). Two stores, of which one is to take the place of the
	// other, are one by package movestore. If there is no Format either, it defaults to the memory
	// of the process: then sessions end with it, which New says in the log.
	Store store.Store
	// Format is that of a cookie that holds the session: package sealed has one, for services that
	// have no store, and package flask one for a cookie that a Flask application shares. Default:
	// none.
	Format place.Format
	// Cookie says how the cookie is sent. In Config.Old it defaults to that of Config.Home.
	Cookie Cookie
}

// keyed is all that a Manager makes of a key ring, replaced as a whole when it gets another.
type keyed struct {
	home   entrance
	old    *entrance // for who comes with a cookie of Config.Old; nil for none
	signer mac.Keys  // of session keys
}

// entrance is a way in: where sessions are that come by a cookie, and how that is sent.
type entrance struct {
	place  place.Place
	cookie Cookie
	old    bool // that of Config.Old
}

// again returns the same entrance with the keys of today: they may have changed since.
func (k *keyed) again(e *entrance) *entrance {
	if e.old {
		return k.old
	}
	return &k.home
}

// homeDefaults sees to it that there is one home, and at most one before it.
func (c *Config) homeDefaults() (err error) {
	switch {
	case c.Home.Store != nil && isNil(c.Home.Store):
		return errors.New("session: the Store of Config.Home is a nil pointer")
	case c.Old.Store != nil && isNil(c.Old.Store):
		return errors.New("session: the Store of Config.Old is a nil pointer")
	}
	if c.Home.Store == nil && c.Home.Format == nil {
		c.Home.Store = memstore.New(memstore.Config{})
	}
	if err := c.oldDefaults(); err != nil {
		return err
	}
	if c.Home.Cookie, err = c.Home.Cookie.withDefaults(); err != nil {
		return err
	}
	if c.Old.Cookie == (Cookie{}) {
		c.Old.Cookie = c.Home.Cookie
	} else if c.Old.Cookie, err = c.Old.Cookie.withDefaults(); err != nil {
		return fmt.Errorf("%w (Config.Old)", err)
	}
	return nil
}

// oldDefaults sees to it that sessions can come from Config.Old.
func (c *Config) oldDefaults() error {
	same := c.Old.Store == nil || reflect.ValueOf(c.Old.Store).Comparable() && c.Old.Store == c.Home.Store
	switch {
	case same:
		return nil
	case c.Old.Format != nil:
		return errors.New("session: the companion records of Config.Old are in the Store of Config.Home, or nowhere")
	case c.Home.Format == nil:
		return errors.New("session: Config.Old names another Store; to move from one to another make them one: movestore.New")
	case c.Home.Store != nil:
		return errors.New("session: Config.Old names another Store than that of the companion records")
	}
	return nil // its sessions stay there while new ones begin in their cookies
}

// isNil sees a nil pointer in the interface, too: it would be found at the first request only.
func isNil(s store.Store) bool {
	v := reflect.ValueOf(s)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// newKeyed puts the homes to work with the keys of a ring.
func (m *Manager) newKeyed(ring *KeyRing) (*keyed, error) {
	home, old := m.cfg.Home, m.cfg.Old
	k := &keyed{home: entrance{cookie: home.Cookie}, signer: ring.keys("cookie " + home.Cookie.Name)}
	var err error
	if k.home.place, err = m.open(home, ring); err != nil {
		return nil, err
	}
	switch {
	case home.Format != nil && old.Format == nil && old.Store != nil: // it stays there: no session moves into its cookie
		k.old = &entrance{cookie: old.Cookie, old: true}
		k.old.place, err = m.open(old, ring)
	case old.Cookie.Name != home.Cookie.Name || old.Format != nil:
		k.old = &entrance{cookie: home.Cookie, old: true}
		k.old.place, err = m.arrival(k, ring)
	}
	return k, err
}

// arrival is the place for who comes with a cookie of Config.Old, and goes on in Config.Home.
func (m *Manager) arrival(k *keyed, ring *KeyRing) (place.Place, error) {
	home, old := m.cfg.Home, m.cfg.Old
	if old.Format == nil || home.Format != nil { // kept where it is, under another name or in another form
		if old.Format == nil {
			old.Format = home.Format
		}
		old.Store = home.Store
		from, err := m.open(old, ring)
		if err != nil {
			return nil, err
		}
		return place.Renamed(k.home.place, from), nil
	}
	codec, err := old.codec(ring)
	if err != nil {
		return nil, err
	}
	adopter := ring.keys(adoption)
	if old.Store == nil {
		return place.FromCookies(&m.env, home.Store, k.signer, codec, adopter), nil
	}
	return place.FromCompanions(&m.env, home.Store, k.signer, codec, ring.keys("cookie "+old.Cookie.Name), adopter), nil
}

// adoption is what keys are derived for of sessions that come without one, by whatever cookie.
const adoption = "adopted session"

// open puts a home to work.
func (m *Manager) open(h Home, ring *KeyRing) (place.Place, error) {
	signer := ring.keys("cookie " + h.Cookie.Name)
	if h.Format == nil {
		return place.Stored(&m.env, h.Store, signer), nil
	}
	codec, err := h.codec(ring)
	switch {
	case err != nil:
		return nil, err
	case h.Store == nil:
		return place.Carried(&m.env, codec), nil
	}
	return place.Accompanied(&m.env, codec, h.Store, signer, ring.keys(adoption)), nil
}

func (h *Home) codec(ring *KeyRing) (place.Codec, error) {
	codec, err := h.Format.Keyed(ring.derive, h.Cookie.Name)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return codec, nil
}

// newEnv is what places need to know of the Manager.
func (m *Manager) newEnv() place.Env {
	c := &m.cfg
	now := time.Unix(0, 0)
	limits := func(l Lifetime, expires time.Time) place.Limits {
		room := maxCookie - len(c.Home.Cookie.build("", now, expires).String())
		return place.Limits{Idle: l.Idle, Absolute: l.Absolute, Room: room}
	}
	lasts := min(c.Remembered.Absolute, math.MaxInt32*time.Second)
	return place.Env{
		Now: m.now, Rand: c.Rand,
		Ordinary:   limits(c.Lifetime, time.Time{}),
		Remembered: limits(c.Remembered, now.Add(lasts)),
	}
}
