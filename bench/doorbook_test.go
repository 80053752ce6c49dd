package bench_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/session"
)

const (
	name     session.Key[string]    = nameKey
	language session.Key[string]    = langKey
	lastPage session.Key[string]    = pageKey
	loggedIn session.Key[developer] = structKey
)

// doorbook is this project's session with its memory store and default settings.
type doorbook struct{ m *session.Manager }

func newDoorbook(tb testing.TB) doorbook {
	tb.Helper()
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for benchmarks"))
	if err != nil {
		tb.Fatal(err)
	}
	m, err := session.New(session.Config{Keys: keys, Store: session.NewMemory(session.MemoryConfig{})})
	if err != nil {
		tb.Fatal(err)
	}
	return doorbook{m}
}

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
				loggedIn.Set(s, ada())
			}
		case read:
			got, ok := name.Get(session.From(r.Context()))
			right = ok && got == nameValue
		case readStruct:
			got, ok := loggedIn.Get(session.From(r.Context()))
			right = ok && got.equal(ada())
		case write:
			lastPage.Set(session.From(r.Context()), newPageValue)
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
