package bench_test

import (
	"encoding/gob"
	"net/http"

	"github.com/gorilla/sessions"
)

// peerGorilla is github.com/gorilla/sessions with its CookieStore, encrypted: an authentication key
// (HMAC-SHA256) and a block key (AES-256 in counter mode). It is the peer of sessions sealed in the
// cookie; gorilla brings no store in memory or in a database of its own, only one in files. It has
// no middleware either: a handler gets a session and saves it.
type peerGorilla struct{ store *sessions.CookieStore }

func newGorilla() peerGorilla {
	gob.Register(person{})
	gob.Register(developer{})
	return peerGorilla{sessions.NewCookieStore([]byte("an authentication key of gorilla"), []byte(secretKey))}
}

func (g peerGorilla) handler(what work) http.Handler {
	body := []byte("fine")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if what == nothing {
			answer(w, true, body)
			return
		}
		s, err := g.store.Get(r, "session")
		right := err == nil
		switch what {
		case fill, fillStruct:
			s.Values[nameKey], s.Values[langKey], s.Values[pageKey] = nameValue, langValue, pageValue
			if what == fillStruct {
				s.Values[plainKey], s.Values[structKey] = byron(), ada()
			}
			right = right && s.Save(r, w) == nil
		case read:
			right = right && s.Values[nameKey] == nameValue
		case readPlain:
			right = right && s.Values[plainKey] == byron()
		case readStruct:
			got, ok := s.Values[structKey].(developer)
			right = right && ok && got.equal(ada())
		case write, readWrite:
			right = right && (what == write || s.Values[nameKey] == nameValue)
			s.Values[pageKey] = newPageValue
			right = right && s.Save(r, w) == nil
		case written:
			right = right && s.Values[pageKey] == newPageValue
		case absent:
			right = right && s.Values[nameKey] == nil
		}
		answer(w, right, body)
	})
}
