// Package bench_test puts the session library beside a well-known peer and beside the floor: the same work, through the
// whole middleware, into a ResponseWriter that costs nothing. See README.md for the command.
package bench_test

import (
	"net/http"
	"testing"
)

// BenchmarkRead reads one of three strings.
func BenchmarkRead(b *testing.B) { run(b, fill, read) }

// BenchmarkReadStruct reads a struct that lies beside three strings.
func BenchmarkReadStruct(b *testing.B) { run(b, fillStruct, readStruct) }

// BenchmarkWrite stores one of three strings anew.
func BenchmarkWrite(b *testing.B) { run(b, fill, write) }

// BenchmarkUntouched is a request that brings a session's cookie, to a handler that does not ask for it.
func BenchmarkUntouched(b *testing.B) { run(b, fill, nothing) }

// BenchmarkStranger is a request without a cookie, to a handler that asks for a string.
func BenchmarkStranger(b *testing.B) { run(b, "", absent) }

// run times what in every implementation, in a session that the work first has made; "" makes none.
func run(b *testing.B, first, what work) {
	for _, p := range peers(b) {
		b.Run("impl="+p.name, func(b *testing.B) {
			h, r := p.peer.handler(what), request(b, p.peer, first)
			w := newResponseWriter()
			b.ReportAllocs()
			for b.Loop() {
				w.reset()
				h.ServeHTTP(w, r)
			}
			if w.status != http.StatusOK {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

func request(tb testing.TB, p peer, first work) *http.Request {
	if first == "" {
		return stranger()
	}
	return signIn(tb, p, first)
}

// TestAllocations holds the library to its bounds in memory. Times depend on the machine, allocations do not.
func TestAllocations(t *testing.T) {
	for _, tt := range []struct {
		first, what work
		most        float64
	}{
		{fill, read, 13},
		{fill, nothing, 2},
		{"", absent, 3},
	} {
		t.Run(string(tt.what), func(t *testing.T) {
			p := newDoorbook(t)
			h, r, w := p.handler(tt.what), request(t, p, tt.first), newResponseWriter()
			got := testing.AllocsPerRun(100, func() {
				w.reset()
				h.ServeHTTP(w, r)
			})
			if got > tt.most {
				t.Errorf("%s: %v allocations, at most %v", tt.what, got, tt.most)
			}
		})
	}
}
