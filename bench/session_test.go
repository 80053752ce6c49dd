// Package bench_test puts the session library beside its peers and beside the floor: the same work,
// through the whole middleware, into an answer that costs nothing. See README.md for the commands.
package bench_test

import "testing"

// BenchmarkRead reads one of three strings.
func BenchmarkRead(b *testing.B) { run(b, peers(b), fill, read) }

// BenchmarkReadPlain reads a struct of four strings that lies beside three strings and another
// struct.
func BenchmarkReadPlain(b *testing.B) { run(b, peers(b), fillStruct, readPlain) }

// BenchmarkReadStruct reads a struct with a list that lies beside three strings and another struct.
func BenchmarkReadStruct(b *testing.B) { run(b, peers(b), fillStruct, readStruct) }

// BenchmarkWrite stores one of three strings anew.
func BenchmarkWrite(b *testing.B) { run(b, peers(b), fill, write) }

// BenchmarkUntouched is a request that brings a session's cookie, to a handler that does not ask
// for it.
func BenchmarkUntouched(b *testing.B) {
	run(b, append(peers(b), contestant{"bare", overHTTP{bare}, false}), fill, nothing)
}

// BenchmarkStranger is a request without a cookie, to a handler that asks for a string.
func BenchmarkStranger(b *testing.B) { run(b, peers(b), "", absent) }

// BenchmarkStrangerUntouched is a request without a cookie, to a handler that does not ask for it.
func BenchmarkStrangerUntouched(b *testing.B) {
	run(b, append(peers(b), contestant{"bare", overHTTP{bare}, false}), "", nothing)
}

// run times what in every implementation, in a session that the work first has made; "" makes none.
func run(b *testing.B, among []contestant, first, what work) {
	for _, c := range among {
		b.Run("impl="+c.name, func(b *testing.B) {
			cookie := ""
			if first != "" {
				cookie = signIn(b, c.peer, first)
			}
			repeat(b, c.peer.pass(what, cookie))
		})
	}
}

// repeat times a pass. Beside the time on the clock it reports that of the processors, which other
// programs on the machine do not count in.
func repeat(b *testing.B, way pass) {
	b.ReportAllocs()
	before := processorTime()
	for b.Loop() {
		way.run()
	}
	if used := processorTime() - before; used > 0 {
		b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
	if way.status() != 200 {
		b.Fatalf("status %d: the handler did not find what it looked for", way.status())
	}
}
