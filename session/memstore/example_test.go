package memstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// A site on one node. Its sessions are gone when the process ends.
func ExampleNew() {
	keys, err := session.NewKeyRing([]byte("32 bytes or more, that nobody can guess"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.New(session.Config{
		Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{MaxRecords: 10_000})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	const visits = session.Key[int]("visits")
	site := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Update(session.From(r.Context()), func(n int) int { return n + 1 })
		n, _ := visits.Get(session.From(r.Context()))
		fmt.Fprintln(w, "visit", n)
	}))

	var cookies []*http.Cookie
	for range 2 {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Print(w.Body)
		cookies = w.Result().Cookies()
	}
	// Output:
	// visit 1
	// visit 2
}

// In a full store a new stranger takes the place of the one who was away longest.
func ExampleConfig() {
	ctx, monday := context.Background(), time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC)
	st := memstore.New(memstore.Config{MaxRecords: 2})
	for day := range 3 {
		seen := monday.AddDate(0, 0, day)
		r := store.Record{ID: store.ID{byte(day)}, Version: 1, LastSeen: seen, Created: seen, Expires: monday.AddDate(0, 1, 0)}
		if err := st.Create(ctx, r); err != nil {
			fmt.Println(err)
		}
	}
	_ = st.Each(ctx, monday, func(r store.Record) error {
		fmt.Println("seen on", r.LastSeen.Weekday())
		return nil
	})
	// Unordered output:
	// seen on Tuesday
	// seen on Wednesday
}
