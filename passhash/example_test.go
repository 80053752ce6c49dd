package passhash_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/doorbook/doorbook/passhash"
)

func Example() {
	ctx := context.Background()
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		panic(err)
	}
	hash, err := hasher.Hash(ctx, "seven blue tents by the lake")
	if err != nil {
		panic(err)
	}
	match, stale, err := hasher.Verify(ctx, hash, "seven blue tents by the lake")
	fmt.Println(match, stale, err)
	match, _, _ = hasher.Verify(ctx, hash, "Seven blue tents by the lake")
	fmt.Println(match)
	// Output:
	// true false <nil>
	// false
}

// A sign-in does one unit of work whether or not the account exists, and sheds a storm.
func ExampleHasher_Decoy() {
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		panic(err)
	}
	hashes := map[string]string{} // the accounts: nobody yet

	signIn := func(w http.ResponseWriter, r *http.Request) {
		var match bool
		var err error
		if hash, known := hashes[r.FormValue("email")]; known {
			match, _, err = hasher.Verify(r.Context(), hash, r.FormValue("password"))
		} else {
			err = hasher.Decoy(r.Context(), r.FormValue("password"))
		}
		switch {
		case errors.Is(err, passhash.ErrBusy):
			w.Header().Set("Retry-After", strconv.Itoa(int(passhash.RetryAfter.Seconds())))
			http.Error(w, "Too many people are signing in.", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		case !match:
			http.Error(w, "Wrong e-mail address or password.", http.StatusUnprocessableEntity)
		default:
			fmt.Fprintln(w, "Welcome.")
		}
	}
	http.HandleFunc("POST /login", signIn)
}
