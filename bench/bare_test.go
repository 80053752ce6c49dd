package bench_test

import (
	"net/http"
	"strings"
)

// bare is no session at all: a handler without middleware that takes the cookie out of its request
// by the means of net/http. It is the measure of a middleware whose session nobody asks for.
func bare(what work) http.Handler {
	body := []byte("fine")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right := true
		if what == fill {
			http.SetCookie(w, &http.Cookie{Name: floorCookie, Value: strings.Repeat("x", floorText)})
		} else {
			_, err := r.Cookie(floorCookie)
			right = err == nil || r.Header["Cookie"] == nil
		}
		answer(w, right, body)
	})
}
