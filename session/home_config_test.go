package session_test

import (
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// Homes that cannot be meant are refused. Guard: home.go, Config.homeDefaults and oldDefaults.
func TestContradictoryHomes(t *testing.T) {
	t.Parallel()
	var none *memstore.Store
	s := memory()
	for name, c := range map[string]session.Config{
		"another store":      {Home: session.Home{Store: s}, Old: session.Home{Store: memory()}},
		"a nil store":        {Home: session.Home{Store: none}},
		"a nil old store":    {Home: session.Home{Store: s}, Old: session.Home{Store: none}},
		"another companion":  {Home: session.Home{Store: s}, Old: session.Home{Store: memory(), Format: sealed.New()}},
		"a bad old cookie":   {Home: session.Home{Store: s}, Old: session.Home{Store: memory(), Cookie: session.Cookie{Name: "__Host-a", Domain: "example.org"}}},
		"a nil store sealed": {Home: session.Home{Store: none, Format: sealed.New()}},
	} {
		c.Keys = ring(t, "one")
		if _, err := session.New(c); err == nil {
			t.Errorf("%s: New accepts it", name)
		}
	}
}

// The same with companion records, of which those that can be meant are accepted. Guard: home.go,
// Config.oldDefaults.
func TestContradictoryCompanions(t *testing.T) {
	t.Parallel()
	var none *memstore.Store
	s := memory()
	for name, c := range map[string]session.Config{
		"another store":           {Home: session.Home{Store: s}, Old: session.Home{Store: memory(), Format: sealed.New()}},
		"companions left behind":  {Home: session.Home{Format: sealed.New()}, Old: session.Home{Store: s, Format: sealed.New()}},
		"a nil store":             {Home: session.Home{Store: none, Format: sealed.New()}},
		"a nil store of before":   {Home: session.Home{Store: s}, Old: session.Home{Store: none, Format: sealed.New()}},
		"companions of elsewhere": {Home: session.Home{Store: s, Format: newPlain()}, Old: session.Home{Store: memory(), Format: sealed.New()}},
	} {
		c.Keys = ring(t, "one")
		if _, err := session.New(c); err == nil {
			t.Errorf("%s: New accepts it", name)
		}
	}
	for name, c := range map[string]session.Config{
		"companions":          {Home: session.Home{Store: s, Format: sealed.New()}},
		"another format":      {Home: session.Home{Store: s, Format: newPlain()}, Old: session.Home{Format: sealed.New()}},
		"both of them beside": {Home: session.Home{Store: s, Format: newPlain()}, Old: session.Home{Format: sealed.New(), Store: s}},
		"into the store":      {Home: session.Home{Store: s}, Old: session.Home{Format: sealed.New(), Store: s}},
	} {
		c.Keys = ring(t, "one")
		if _, err := session.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wrapped store of a type that cannot be compared. Guard: home.go, Config.oldDefaults, same.
func TestHomesOfUncomparableStore(t *testing.T) {
	t.Parallel()
	s := wrappedStore{uncomparableStore{Store: memory()}}
	defer func() { check(t, "panic", recover(), nil) }()
	_, _ = session.New(session.Config{Keys: ring(t, "one"), Home: session.Home{Store: s}, Old: session.Home{Format: sealed.New(), Store: s}})
}

type wrappedStore struct{ store.Store }

type uncomparableStore struct {
	store.Store
	_ []int
}
