package session

import (
	"errors"
	"fmt"
	"reflect"
)

// Home is a place where the data of sessions lives: a Store, or with a Carrier the cookie itself.
// With both the data is in the cookie, and the Store keeps a companion record without it, see
// Config.Carrier.
type Home struct {
	Store   Store
	Carrier NewCarrier
	// Cookie says how the cookie is sent there, if otherwise than by Config.Cookie.
	Cookie Cookie
}

// home is a Home at work.
type home struct {
	cookie  Cookie
	store   Store
	signer  *Signer    // of session keys
	carrier Carrier    // nil with a store
	beside  *companion // the store, if it only keeps companion records; else nil
}

// keyed is all that a Manager makes of a key ring, replaced as a whole when it gets another.
type keyed struct {
	home
	adopter *Signer // derives keys for sessions that come without one, by whatever cookie
	old     *home   // where sessions lived before, as far as cookies from there differ from those of home; else nil
}

// homeDefaults sees to it that there is one home, and at most one before it.
func (c *Config) homeDefaults() (err error) {
	switch {
	case isNil(c.Store) && c.Carrier == nil:
		return errors.New("session: Config.Store is required (or Carrier)")
	case c.Store != nil && isNil(c.Store):
		return errors.New("session: Config.Store is a nil pointer")
	case c.Old.Store != nil && isNil(c.Old.Store):
		return errors.New("session: the Store of Config.Old is a nil pointer")
	}
	same := c.Old.Store != nil && reflect.ValueOf(c.Old.Store).Comparable() && c.Old.Store == c.Store
	switch {
	case c.Old.Carrier != nil && c.Old.Store != nil && !same:
		return errors.New("session: the companion records of Config.Old live in the same Store, or nowhere")
	case c.Carrier != nil && c.Store != nil && c.Old.Store != nil && c.Old.Carrier == nil:
		return errors.New("session: sessions cannot be moved from a Store into cookies with companion records")
	case same && c.Old.Carrier == nil:
		c.Old.Store = nil // at most the cookie changes
	}
	if c.Cookie, err = c.Cookie.withDefaults(); err != nil {
		return err
	}
	if c.Old.Cookie == (Cookie{}) {
		c.Old.Cookie = c.Cookie
	} else if c.Old.Cookie, err = c.Old.Cookie.withDefaults(); err != nil {
		return fmt.Errorf("%w (Config.Old)", err)
	}
	return nil
}

// keyed puts the homes to work with the keys of a ring.
func (m *Manager) newKeyed(ring *KeyRing) (*keyed, error) {
	c := &m.cfg
	current, old := Home{c.Store, c.Carrier, c.Cookie}, c.Old
	moved := old.Store != nil || old.Carrier != nil
	switch {
	case !moved:
		old.Store, old.Carrier = current.Store, current.Carrier // at most the cookie changes
	case current.Store != nil && old.Store != nil && old.Carrier == nil:
		current.Store = &moving{to: current.Store, from: old.Store}
		old.Store = current.Store
	}
	k := keyed{adopter: ring.Signer("adopted session")}
	var err error
	if k.home, err = m.open(current, ring); err != nil {
		return nil, err
	}
	if k.carrier != nil && k.beside == nil {
		k.store = carried{old.Store}
	}
	sameCookie, sameKind := old.Cookie.Name == current.Cookie.Name, old.Carrier == nil && current.Carrier == nil
	if sameCookie && (sameKind || !moved) {
		return &k, nil
	}
	before, err := m.open(old, ring)
	if err != nil {
		return nil, err
	}
	if before.carrier != nil && before.beside == nil {
		before.beside = k.beside // where the session is enrolled that comes from there
	}
	k.old = &before
	return &k, nil
}

// open puts a home to work.
func (m *Manager) open(h Home, ring *KeyRing) (w home, err error) {
	w = home{cookie: h.Cookie, store: h.Store, signer: ring.Signer("cookie " + h.Cookie.Name)}
	if h.Carrier == nil {
		return w, nil
	}
	if w.carrier, err = h.Carrier(ring, h.Cookie.Name); err != nil {
		return w, fmt.Errorf("session: carrier: %w", err)
	}
	if h.Store != nil {
		w.beside = &companion{Store: h.Store, now: m.now, keep: max(m.cfg.Lifetime.Absolute, m.cfg.Remembered.Absolute)}
		w.store = w.beside
	}
	return w, nil
}
