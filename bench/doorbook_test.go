package bench_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const (
	name     session.Key[string]    = nameKey
	language session.Key[string]    = langKey
	lastPage session.Key[string]    = pageKey
	somebody session.Key[person]    = plainKey
	loggedIn session.Key[developer] = structKey
)

// doorbook is this project's session.
type doorbook struct{ m *session.Manager }

// newDoorbook gives one with the memory store and default settings.
func newDoorbook(tb testing.TB) doorbook {
	tb.Helper()
	return withConfig(tb, session.Config{Home: session.Home{Store: memstore.New(memstore.Config{})}})
}

func withConfig(tb testing.TB, c session.Config) doorbook {
	tb.Helper()
	keys, err := session.NewKeyRing([]byte(secretKey))
	if err != nil {
		tb.Fatal(err)
	}
	c.Keys = keys
	m, err := session.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return doorbook{m}
}

// secretKey signs and seals, wherever something does.
const secretKey = "a key of 32 bytes for benchmarks"

func (d doorbook) handler(what work) http.Handler {
	body := []byte("fine")
	return d.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right := true
		switch what {
		case fill, fillStruct:
			s := session.From(r.Context())
			name.Set(s, nameValue)
			language.Set(s, langValue)
			lastPage.Set(s, pageValue)
			if what == fillStruct {
				somebody.Set(s, byron())
				loggedIn.Set(s, ada())
			}
		case read:
			got, ok := name.Get(session.From(r.Context()))
			right = ok && got == nameValue
		case readPlain:
			got, ok := somebody.Get(session.From(r.Context()))
			right = ok && got == byron()
		case readStruct:
			got, ok := loggedIn.Get(session.From(r.Context()))
			right = ok && got.equal(ada())
		case write:
			lastPage.Set(session.From(r.Context()), newPageValue)
		case readWrite:
			s := session.From(r.Context())
			got, ok := name.Get(s)
			right = ok && got == nameValue
			lastPage.Set(s, newPageValue)
		case written:
			got, ok := lastPage.Get(session.From(r.Context()))
			right = ok && got == newPageValue
		case absent:
			_, ok := name.Get(session.From(r.Context()))
			right = !ok
		}
		answer(w, right, body)
	}))
}
