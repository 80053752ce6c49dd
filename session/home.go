package session

import (
	"errors"
	"fmt"
	"reflect"
)

// Home is a place where the data of sessions lives: a Store, or with a Carrier the cookie itself.
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
	signer  *Signer // of session keys
	carrier Carrier // nil with a store
}

// keyed is all that a Manager makes of a key ring, replaced as a whole when it gets another.
type keyed struct {
	home
	old *home // where sessions lived before, as far as cookies from there differ from those of home; else nil
}

// homeDefaults sees to it that there is one home, and at most one before it.
func (c *Config) homeDefaults() (err error) {
	switch {
	case isNil(c.Store) && c.Carrier == nil:
		return errors.New("session: Config.Store is required (or Carrier)")
	case c.Store != nil && c.Carrier != nil:
		return errors.New("session: Config.Store and Config.Carrier are both given; where sessions lived before belongs into Old")
	case c.Old.Store != nil && (isNil(c.Old.Store) || c.Old.Carrier != nil):
		return errors.New("session: Config.Old is one home: a Store or a Carrier")
	}
	if c.Old.Store != nil && reflect.TypeOf(c.Old.Store).Comparable() && c.Old.Store == c.Store {
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
func (c *Config) keyed(ring *KeyRing) (*keyed, error) {
	current, old := Home{c.Store, c.Carrier, c.Cookie}, c.Old
	moved := old.Store != nil || old.Carrier != nil
	switch {
	case !moved:
		old.Store, old.Carrier = current.Store, current.Carrier // at most the cookie changes
	case current.Store != nil && old.Store != nil:
		current.Store = &moving{to: current.Store, from: old.Store}
		old.Store = current.Store
	}
	var k keyed
	var err error
	if k.home, err = current.with(ring); err != nil {
		return nil, err
	}
	if k.carrier != nil {
		k.store = carried{old.Store}
	}
	sameCookie, sameKind := old.Cookie.Name == current.Cookie.Name, old.Carrier == nil && current.Carrier == nil
	if sameCookie && (sameKind || !moved) {
		return &k, nil
	}
	before, err := old.with(ring)
	if err != nil {
		return nil, err
	}
	k.old = &before
	return &k, nil
}

func (h Home) with(ring *KeyRing) (w home, err error) {
	w = home{cookie: h.Cookie, store: h.Store, signer: ring.Signer("cookie " + h.Cookie.Name)}
	if h.Carrier == nil {
		return w, nil
	}
	if w.carrier, err = h.Carrier(ring, h.Cookie.Name); err != nil {
		return w, fmt.Errorf("session: carrier: %w", err)
	}
	return w, nil
}
