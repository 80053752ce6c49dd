package main

import (
	"strings"
	"testing"
)

const runs = `goos: linux
BenchmarkRead/impl=doorbook-2   1000   1500 ns/op   10 B/op   4 allocs/op
BenchmarkRead/impl=doorbook-2   1000   9000 ns/op   10 B/op   4 allocs/op
BenchmarkRead/impl=doorbook-2   1000   1400 ns/op   10 B/op   4 allocs/op
BenchmarkRead/impl=floor-2      1000   1000 ns/op   10 B/op   4 allocs/op
BenchmarkRead/impl=scs-2        1000  30000 ns/op   10 B/op 207 allocs/op
BenchmarkSealedSize/impl=doorbook-2  1000  1 ns/op  345 cookie-bytes
BenchmarkSealedSize/impl=gorilla-2   1000  1 ns/op  444 cookie-bytes
BenchmarkForged/impl=doorbook-2   1000   1400 ns/op  1.000 store-visits/op
PASS
`

func TestTable(t *testing.T) {
	r, err := parse(strings.NewReader(runs))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := render(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| read one string | ≤ 1.5x floor, ≤ 10 allocs | 1.50 µs, 4 | 1.50x floor | met | floor 1.00 µs, 4; scs 30.00 µs, 207 |\n",
		"| sealed cookie of 200 bytes | ≤ 340 bytes | 345 bytes | 0.78x gorilla | missed: size | gorilla 444 bytes |\n",
		"| 1.40 µs, 1 visits |  | missed: store access |  |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no line with %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "write one string") {
		t.Error("a row that was not measured")
	}
}

func TestNothing(t *testing.T) {
	if _, err := parse(strings.NewReader("PASS\n")); err == nil {
		t.Error("no error for an input without benchmarks")
	}
}
