package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// key names one figure: a benchmark without "Benchmark", an implementation, a unit.
type key struct{ bench, impl, unit string }

// results are the figures of all runs.
type results map[key][]float64

// parse reads lines of the form
//
//	BenchmarkRead/impl=scs-2   1000   1234 ns/op   10 B/op   5 allocs/op
//
// and passes over everything else.
func parse(r io.Reader) (results, error) {
	found := results{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		bench, impl, ok := strings.Cut(strings.TrimPrefix(fields[0], "Benchmark"), "/impl=")
		if !ok {
			continue
		}
		if at := strings.LastIndexByte(impl, '-'); at > 0 { // GOMAXPROCS
			impl = impl[:at]
		}
		for pair := fields[2:]; len(pair) >= 2; pair = pair[2:] {
			v, err := strconv.ParseFloat(pair[0], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", lines.Text(), err)
			}
			k := key{bench, impl, pair[1]}
			found[k] = append(found[k], v)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("no benchmark among the input")
	}
	return found, nil
}

// median gives the middle of a figure's runs.
func (r results) median(bench, impl, unit string) (float64, bool) {
	runs := slices.Sorted(slices.Values(r[key{bench, impl, unit}]))
	n := len(runs)
	switch {
	case n == 0:
		return 0, false
	case n%2 == 1:
		return runs[n/2], true
	}
	return (runs[n/2-1] + runs[n/2]) / 2, true
}

// keepLeast forgets all runs of a figure but the least.
func (r results) keepLeast() {
	for k, runs := range r {
		r[k] = []float64{slices.Min(runs)}
	}
}

// onProcessors puts the time of the processors in the place of that on the clock, where it is
// known.
func (r results) onProcessors() {
	for k, runs := range r {
		if k.unit == "cpu-ns/op" {
			k.unit = "ns/op"
			r[k] = runs
		}
	}
}
