// Command gate is an application without a login. Doorbook stands before it, and tells it who asks.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

func hello(w http.ResponseWriter, r *http.Request) {
	name, _ := url.PathUnescape(r.Header.Get("Remote-Name"))
	fmt.Fprintf(w, "Hello, %s. You asked for %s.\n", name, r.URL)
}

func main() {
	http.HandleFunc("/", hello)
	panic(http.ListenAndServe(cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000"), nil))
}
