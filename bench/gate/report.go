package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/doorbook/doorbook/bench/load"
)

// printLoad prints medians of the rounds, and how often the first one's processor time each of the
// others took, round by round, as they ran side by side.
func printLoad(w io.Writer, connections int, all []*contestant, seen map[string][]load.Result) error {
	fmt.Fprintf(w, "\n%d connections:\n\n| | requests/s | p50 | p99 | processor time of a request | of it who lets people in | times %s | wrong |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
		connections, all[0].name)
	wrong, problem := 0, ""
	for _, c := range all {
		rounds := seen[c.name]
		n := 0
		for _, r := range rounds {
			n += r.Wrong
			if r.Problem != "" {
				problem = c.name + ": " + r.Problem
			}
		}
		wrong += n
		gate := ""
		if len(c.procs) > 1 {
			gate = micro(median(rounds, load.Result.OtherPerAnswer))
		}
		fmt.Fprintf(w, "| %s | %.0f | %s | %s | %s | %s | %s | %d |\n", c.name, median(rounds, load.Result.PerSecond),
			milli(median(rounds, func(r load.Result) time.Duration { return r.Quantile(0.5) })),
			milli(median(rounds, func(r load.Result) time.Duration { return r.Quantile(0.99) })),
			micro(median(rounds, load.Result.CPUPerAnswer)), gate, ratio(rounds, seen[all[0].name]), n)
	}
	if wrong > 0 {
		return fmt.Errorf("%d wrong answers: the figures are worth nothing. %s", wrong, problem)
	}
	return nil
}

func median[T int | float64 | time.Duration](rounds []load.Result, of func(load.Result) T) T {
	values := make([]T, 0, len(rounds))
	for _, r := range rounds {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratio is the median of the rounds, with the least and the most.
func ratio(a, b []load.Result) string {
	var values []float64
	for i := range a {
		if base := b[i].CPUPerAnswer(); base > 0 {
			values = append(values, float64(a[i].CPUPerAnswer())/float64(base))
		}
	}
	if len(values) == 0 {
		return ""
	}
	slices.Sort(values)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", values[len(values)/2], values[0], values[len(values)-1])
}

func milli(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }
func micro(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1e3) }
