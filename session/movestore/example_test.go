package movestore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// Two nodes change one after the other. The session stays where it is until one of them moves it,
// and each finds it at any time.
func Example() {
	from, to := memstore.New(memstore.Config{}), memstore.New(memstore.Config{})
	ctx, now := context.Background(), time.Now()

	// Step 1, on both nodes.
	first, second := movestore.Ready(from, to), movestore.Ready(from, to)
	r := store.Record{ID: store.ID{1}, Version: 1, Subject: "ada", Created: now, Expires: now.Add(time.Hour)}
	if err := first.Create(ctx, r); err != nil {
		fmt.Println(err)
	}
	look := func(step string) {
		for name, st := range map[string]store.Store{"first": first, "second": second} {
			if _, err := st.Load(ctx, r.ID, now); err != nil {
				fmt.Println(step, "the", name, "node:", err)
			}
		}
		_, err := from.Load(ctx, r.ID, now)
		fmt.Println(step, "in the old store:", err == nil)
	}
	look("step 1,")

	// Step 2, node by node. What you give to session.Config.Store is one of these.
	first = movestore.New(to, from)
	look("between,")
	second = movestore.New(to, from)
	look("step 2,")

	// Output:
	// step 1, in the old store: true
	// between, in the old store: false
	// step 2, in the old store: false
}
