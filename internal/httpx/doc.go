// Package httpx is the edge that pages and JSON share: it holds the entry of each request, sets the
// headers of every answer, finds out where a visitor comes from, applies the policy (Routes) to a
// request, and turns errors into answers. Handlers get a Visit and return an error; they never ask
// who may.
package httpx
